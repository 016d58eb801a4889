/* SPDX-License-Identifier: MIT */
#include "ops/rehearsal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "turn/handler.h"

#define TRANSCRIPT_MAX_BYTES (1U << 20)
#define LINE_MAX_CHARS 2000

/* The exit status of a shell, or env, that cannot run a program; 127: there is
 * none. */
#define NO_PROGRAM 126

static void
child_wait(struct child *child)
{
	while (!child_work(child)) {
		struct pollfd ready = { .fd = child_fd(child),
			.events = POLLIN };

		(void)!poll(&ready, 1, clock_left_ms(child_due(child)));
	}
}

/* Runs HANDLER, the try TRIES of REQUEST, and judges how it ended. */
static enum outcome
handler_try(const struct handler *handler, const struct flow *flow,
    const char *request, int tries, char **output, struct handler_end *end,
    struct fault *fault)
{
	const struct exec exec = { .request = request, .retries = tries };
	const struct child_result *result;
	struct child *child;
	enum outcome out = handler_start(handler, &child, fault);

	if (out != OUT_OK)
		return out;
	child_wait(child);
	result = child_result(child);
	handler_judge(flow, &exec, result, 0, end);
	if (end->verdict == HANDLER_SAID)
		*output =
		    mem_dup_n(result->output.data ? result->output.data : "",
			result->output.len);
	/* That it says no is for the flow; that it cannot say anything, or
	 * nonsense, is a mistake in it. */
	else if (end->verdict == HANDLER_FAILED &&
	    (result->status <= 0 || result->status >= NO_PROGRAM))
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the handler '%s': %s: %.200s", handler->argv[0], end->why,
		    result->errors.data ? result->errors.data : "");
	json_decref(end->output);
	child_close(child);
	return out;
}

/* The last things SAID, as many as REQUEST wants. */
static void
history_put(json_t *request, const json_t *said)
{
	size_t most = (size_t)json_get_int(request, "history", 0);
	size_t count = json_array_size(said), i;
	json_t *list;

	if (most == 0)
		return;
	list = json_array();
	for (i = count > most ? count - most : 0; i < count; i++) {
		const json_t *one = json_array_get(said, i);

		json_array_append_new(list,
		    handler_said(json_string_value(json_array_get(one, 0)),
			json_string_value(json_array_get(one, 1)),
			json_integer_value(json_array_get(one, 2))));
	}
	json_object_set_new(json_object_get(request, "input"), "history",
	    list);
}

/* Until it does not ask to be run again; nobody waits between the tries. */
static char *
handler_run(void *arg, const struct flow *flow, const json_t *data,
    const json_t *said, struct fault *fault)
{
	char *request = handler_request(flow, data, 0), *output = NULL;
	struct handler_end end = { .verdict = HANDLER_AGAIN };
	enum outcome out = OUT_OK;

	(void)arg;
	for (int tries = 0; out == OUT_OK && end.verdict == HANDLER_AGAIN;
	     tries++) {
		json_auto_t *asked = json_loads(request, 0, NULL);
		struct handler handler;

		history_put(asked, said);
		out = handler_make(asked, "transcript", tries + 1, &handler,
		    fault);
		if (out == OUT_OK)
			out = handler_try(&handler, flow, request, tries,
			    &output, &end, fault);
		handler_release(&handler);
	}
	free(request);
	return output;
}

/* The file that the line `flow FILE` of TEXT names, beside PATH; NULL: there
 * is none.  The caller frees it. */
static char *
flow_named(const char *text, const char *path)
{
	char *name, *file;

	while (*text != '\0') {
		size_t len = strcspn(text, "\r\n");

		if (strncmp(text, "flow ", 5) == 0 && len > 5) {
			name = mem_dup_n(text + 5, len - 5);
			file = file_beside(path, name + strspn(name, " "));
			free(name);
			return file;
		}
		text += len;
		text += *text != '\0';
	}
	return NULL;
}

void
rehearsal_release(struct rehearsal *rehearsal)
{
	free(rehearsal->flow_path);
	free(rehearsal->bundle);
	rehearsal->flow_path = rehearsal->bundle = NULL;
}

/* Reads the flow at PATH unless that was read last. */
static enum outcome
bundle_read(struct rehearsal *rehearsal, const char *path,
    struct findings *findings, struct fault *fault)
{
	if (rehearsal->bundle != NULL &&
	    strcmp(rehearsal->flow_path, path) == 0)
		return OUT_OK;
	rehearsal_release(rehearsal);
	rehearsal->flow_path = mem_dup(path);
	return flow_bundle(path, &rehearsal->bundle, findings, fault);
}

static enum outcome
text_play(struct rehearsal *rehearsal, const char *text, const char *flow_path,
    struct transcript_result *result, struct findings *findings,
    struct fault *fault)
{
	const struct transcript_host host = { .exec = handler_run };
	struct flow *flow = NULL;
	enum outcome out = bundle_read(rehearsal, flow_path, findings, fault);

	/* Opened anew each time: a play gives roles their members. */
	if (out == OUT_OK)
		out = flow_open(rehearsal->bundle, strlen(rehearsal->bundle),
		    rehearsal->config, &flow, findings, fault);
	if (out == OUT_OK)
		transcript_play(flow, text, &host, result);
	findings_locate(findings, flow_path);
	flow_close(flow);
	return out;
}

enum outcome
rehearsal_play(struct rehearsal *rehearsal, const char *path,
    struct transcript_result *result, struct findings *findings,
    struct fault *fault)
{
	char *text = NULL, *named = NULL;
	size_t len;
	enum outcome out =
	    file_read(path, TRANSCRIPT_MAX_BYTES, &text, &len, fault);

	*result = (struct transcript_result){ 0 };
	if (out != OUT_OK)
		return out;
	if (rehearsal->flow == NULL)
		named = flow_named(text, path);
	if (rehearsal->flow == NULL && named == NULL)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' does not say which flow it is for: give the flow's "
		    "file before it, or write 'flow FILE' in it",
		    path);
	else
		out = text_play(rehearsal, text,
		    named ? named : rehearsal->flow, result, findings, fault);
	free(named);
	free(text);
	return out;
}

/* Red for what is missing, green for what came instead. */
static const char *
colour_of(const char *line)
{
	return line[0] == '-' ? "\033[31m"
	    : line[0] == '+'  ? "\033[32m"
	    : line[0] == '?'  ? "\033[36m"
			      : NULL;
}

static void
line_add(struct buf *out, const char *line, bool coloured)
{
	const char *colour = coloured ? colour_of(line) : NULL;

	buf_add_text(out, colour ? colour : "");
	terminal_add(out, line, LINE_MAX_CHARS);
	buf_add_text(out, colour ? "\033[0m\n" : "\n");
}

void
rehearsal_add(struct buf *out, const char *path,
    const struct transcript_result *result, bool coloured)
{
	json_t *failure, *line;
	size_t i, j;

	json_array_foreach (result->failures, i, failure) {
		buf_add_text(out, coloured ? "\033[1m" : "");
		terminal_add(out, path, 4096);
		buf_printf(out,
		    ":%lld: ", (long long)json_get_int(failure, "line", 0));
		terminal_add(out, json_get_text(failure, "text"),
		    LINE_MAX_CHARS);
		buf_add_text(out, coloured ? "\033[0m\n" : "\n");
		json_array_foreach (json_object_get(failure, "diff"), j, line)
			line_add(out, json_string_value(line), coloured);
	}
}
