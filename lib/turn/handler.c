/* SPDX-License-Identifier: MIT */
#include "turn/handler.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/history.h"
#include "store/meta.h"

/* A handler tells so by this exit status (EX_TEMPFAIL). */
#define TRY_AGAIN 75

#define TIMEOUT_DEFAULT_MS 10000

/* What it is told of one message of the history. */
#define SAID_MOST 1000

/* More of what it says on stderr is dropped. */
#define ERRORS_MOST 8192

/* What a handler is told of the chat stays as it is while it runs: everything
 * else waits for it. */
static json_t *
told(const struct flow *flow, const json_t *data, int64_t bot)
{
	static const char *const members[] = { "state", "user", "vars",
		"input" };
	json_t *input = json_pack("{s:i, s:I, s:s}", "v", 1, "bot",
	    (json_int_t)bot, "flow", flow_id(flow));

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_t *member = json_object_get(data, members[i]);
		json_object_set_new(input, members[i],
		    member ? json_incref(member) : json_object());
	}
	return input;
}

char *
handler_request(const struct flow *flow, const json_t *data, int64_t bot)
{
	static const char *const members[] = { "run", "timeout_ms", "retry_ms",
		"history" };
	json_auto_t *request = json_pack("{s:s?, s:o}", "dir",
	    flow_handlers(flow), "input", told(flow, data, bot));

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_t *member = json_object_get(data, members[i]);
		if (member != NULL)
			json_object_set(request, members[i], member);
	}
	return json_text(request);
}

enum outcome
handler_add(struct db *db, const struct flow *flow,
    const struct effect *effect, const struct task *task, int64_t now,
    struct fault *fault)
{
	char *text =
	    handler_request(flow, effect->data, meta_int(db, META_BOT_ID, 0));
	char *resume = json_text(effect->resume);
	struct exec exec = {
		.chat_id = effect->chat_id,
		.flow = flow_hash(flow),
		.place = effect->text,
		.request = text,
		.resume = resume,
		.task_id = task ? task->id : 0,
		.task_name = task ? task->name : NULL,
		.expire_at = task ? task->expire_at : 0,
		.created_at = now,
	};
	enum outcome out = execs_add(db, &exec, fault);

	free(text);
	free(resume);
	return out;
}

json_t *
handler_said(const char *role, const char *text, int64_t at)
{
	char *clean = text ? utf8_clean(text, strlen(text)) : mem_dup("");
	char time[CLOCK_TEXT_SIZE];
	json_t *said;

	clean[utf8_prefix(clean, SAID_MOST)] = '\0';
	said = json_pack("{s:s, s:s, s:s}", "role", role, "text", clean, "at",
	    clock_text(at, time));
	free(clean);
	return said;
}

/* The last COUNT things that were said, the oldest first. */
static json_t *
said(struct db *db, int64_t chat_id, int64_t count)
{
	json_t *list = json_array();
	struct history_row row;
	int64_t before = INT64_MAX;

	while (count-- > 0 && history_said(db, chat_id, &before, &row))
		json_array_insert_new(list, 0,
		    handler_said(row.role, row.text, row.created_at));
	return list;
}

/* A name without any path: the checker lets no other through. */
static bool
is_program(const char *name)
{
	return name != NULL && *name != '\0' && *name != '.' &&
	    strchr(name, '/') == NULL;
}

static void
plan_argv(struct handler *handler, const json_t *run)
{
	size_t count = json_array_size(run);

	handler->argv = mem_alloc((count + 1) * sizeof *handler->argv);
	for (size_t i = 0; i < count; i++) {
		const char *arg = json_string_value(json_array_get(run, i));
		handler->argv[i] = mem_dup(arg ? arg : "");
	}
}

enum outcome
handler_make(json_t *request, const char *key, int attempt,
    struct handler *handler, struct fault *fault)
{
	const json_t *run = json_object_get(request, "run");
	const char *name = json_string_value(json_array_get(run, 0));
	const char *dir = json_get_text(request, "dir");
	json_t *input = json_object_get(request, "input");

	*handler = (struct handler){ 0 };
	if (dir == NULL || !is_program(name) || input == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it names no program of the flow's handlers/");
	handler->dir = mem_dup(dir);
	handler->path = mem_printf("%s/%s", dir, name);
	handler->key = mem_dup(key);
	handler->timeout_ms =
	    json_get_int(request, "timeout_ms", TIMEOUT_DEFAULT_MS);
	if (handler->timeout_ms > HANDLER_LONGEST_MS)
		handler->timeout_ms = HANDLER_LONGEST_MS;
	plan_argv(handler, run);
	json_object_set_new(input, "key", json_string(key));
	json_object_set_new(input, "attempt", json_integer(attempt));
	handler->input = json_text(input);
	return OUT_OK;
}

enum outcome
handler_plan(struct db *db, const struct exec *exec, struct handler *handler,
    struct fault *fault)
{
	json_auto_t *request = json_loads(exec->request, 0, NULL);
	int64_t history = json_get_int(request, "history", 0);
	char *key = mem_printf("%lld-%lld-%llx",
	    (long long)meta_int(db, META_BOT_ID, 0), (long long)exec->id,
	    (unsigned long long)exec->nonce);

	if (history > 0)
		json_object_set_new(json_object_get(request, "input"),
		    "history", said(db, exec->chat_id, history));
	enum outcome out =
	    handler_make(request, key, exec->attempt, handler, fault);
	free(key);
	return out == OUT_OK ? db_result(db, fault) : out;
}

static const char *
setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

/* What marks its processes, and is in their environment. */
static char *
mark_of(const struct handler *handler)
{
	return mem_printf("LEADPIPE_KEY=%s", handler->key);
}

enum outcome
handler_start(const struct handler *handler, struct child **child,
    struct fault *fault)
{
	char *env[] = {
		mark_of(handler),
		mem_printf("PATH=%s",
		    setting("PATH", "/usr/local/bin:/usr/bin:/bin")),
		mem_printf("LANG=%s", setting("LANG", "C.UTF-8")),
		mem_printf("HOME=%s", setting("HOME", "/")),
		NULL,
	};
	const struct child_spec spec = {
		.path = handler->path,
		.argv = (const char *const *)handler->argv,
		.env = (const char *const *)env,
		.cwd = handler->dir,
		.input = handler->input,
		.input_len = strlen(handler->input),
		.max_output = HANDLER_MAX_BYTES,
		.max_errors = ERRORS_MOST,
		.deadline = clock_mono_ms() + handler->timeout_ms,
	};
	enum outcome out = child_start(child, &spec, fault);

	for (int i = 0; env[i] != NULL; i++)
		free(env[i]);
	return out;
}

int
handler_kill_left(const struct handler *handler)
{
	char *mark = mark_of(handler);
	int killed = child_kill_marked(mark);

	free(mark);
	return killed;
}

void
handler_release(struct handler *handler)
{
	for (size_t i = 0; handler->argv != NULL && handler->argv[i] != NULL;
	     i++)
		free(handler->argv[i]);
	free(handler->argv);
	free(handler->dir);
	free(handler->path);
	free(handler->key);
	free(handler->input);
	*handler = (struct handler){ 0 };
}

static void fail(struct handler_end *end, const char *fmt, ...)
    printf_like(2, 3);

static void
fail(struct handler_end *end, const char *fmt, ...)
{
	va_list args;

	end->verdict = HANDLER_FAILED;
	va_start(args, fmt);
	vsnprintf(end->why, sizeof end->why, fmt, args);
	va_end(args);
}

static void
judge_again(const struct exec *exec, int64_t now, struct handler_end *end)
{
	json_auto_t *request = json_loads(exec->request, 0, NULL);
	const json_t *retry = json_object_get(request, "retry_ms");

	fail(end, "it asked %d times to be run again", exec->retries + 1);
	if ((size_t)exec->retries >= json_array_size(retry))
		return;
	end->verdict = HANDLER_AGAIN;
	end->not_before = now +
	    json_integer_value(json_array_get(retry, (size_t)exec->retries));
}

static void
judge_output(const struct flow *flow, const struct buf *output,
    struct handler_end *end)
{
	struct findings findings = { 0 };
	const struct finding *first;
	struct fault fault;
	const char *text = output->data ? output->data : "";

	end->verdict = HANDLER_SAID;
	if (flow_actions_check(flow, text, output->len, &end->output,
		&findings, &fault) == OUT_OK)
		goto out;
	if (findings_errors(&findings, &first) > 0)
		fail(end, "its output cannot be used: %s%s%s", first->where,
		    *first->where != '\0' ? ": " : "", first->text);
	else
		fail(end, "its output cannot be used: %s", fault.text);
out:
	findings_release(&findings);
}

void
handler_judge(const struct flow *flow, const struct exec *exec,
    const struct child_result *result, int64_t now, struct handler_end *end)
{
	*end = (struct handler_end){ 0 };
	if (result->timed_out)
		fail(end, "it ran into its timeout and was killed");
	else if (result->overflow)
		fail(end, "it wrote more than %u bytes and was killed",
		    HANDLER_MAX_BYTES);
	else if (result->flooded)
		fail(end, "it wrote over %u bytes to stderr and was killed",
		    CHILD_FLOOD);
	else if (result->signal != 0)
		fail(end, "signal %d ended it", result->signal);
	else if (result->status == TRY_AGAIN)
		judge_again(exec, now, end);
	else if (result->status != 0)
		fail(end, "it ended with exit status %d", result->status);
	else
		judge_output(flow, &result->output, end);
}
