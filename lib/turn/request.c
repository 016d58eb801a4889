/* SPDX-License-Identifier: MIT */
#include "turn/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/chats.h"
#include "telegram/method.h"

/* The Bot API's limits of what a message shows (core.telegram.org/bots/api). */
#define TEXT_MAX 4096
#define CAPTION_MAX 1024

/* A time outside is a slip: a year mistyped, or seconds taken for a date. */
#define PAST_MS (INT64_C(24) * 3600 * 1000)
#define AHEAD_MS (INT64_C(3653) * 24 * 3600 * 1000)

static enum outcome
refuse(struct fault *fault, const char *text)
{
	return fault_set(fault, OUT_NEVER, EXIT_INPUT, "%s", text);
}

static enum outcome
check_length(const json_t *params, const char *key, size_t max,
    struct fault *fault)
{
	const char *text = json_get_text(params, key);

	/* With markup only Telegram knows what is left of it. */
	if (text == NULL || json_object_get(params, "parse_mode") != NULL)
		return OUT_OK;
	if (utf8_length(text) > max)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the %s has %zu characters, Telegram takes %zu", key,
		    utf8_length(text), max);
	if (strcmp(key, "text") == 0 && text[strspn(text, " \t\r\n")] == '\0')
		return refuse(fault, "the text is empty");
	return OUT_OK;
}

/* The parameter without which the method can only fail; NULL: none known. */
static const char *
needed(enum method method)
{
	if (method == METHOD_SEND_MESSAGE ||
	    method == METHOD_EDIT_MESSAGE_TEXT)
		return "text";
	return method_file(method);
}

static enum outcome
check_params(enum method method, const json_t *params, struct fault *fault)
{
	const char *key = needed(method);
	enum outcome out = OUT_OK;

	if (json_object_get(params, "chat_id") != NULL)
		return refuse(fault,
		    "params must not have a chat_id: the "
		    "chat is said apart");
	if (key != NULL && json_get_text(params, key) == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "params of %s need '%s', a string", method_name(method),
		    key);
	out = check_length(params, "text", TEXT_MAX, fault);
	if (out == OUT_OK)
		out = check_length(params, "caption", CAPTION_MAX, fault);
	return out;
}

static enum outcome
make_send(struct request *request, const struct request_words *words,
    struct fault *fault)
{
	enum method method = METHOD_SEND_MESSAGE;
	json_t *params;
	enum outcome out = OUT_OK;

	if (words->method != NULL)
		method = method_find(words->method);
	if (!method_deliverable(method))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' is no method that sends, edits or deletes a "
		    "message",
		    words->method);
	if (words->text != NULL) {
		params = json_pack("{s:s}", "text", words->text);
		if (params == NULL)
			return refuse(fault, "the text is not UTF-8");
	} else {
		params = json_loads(words->params ? words->params : "{}",
		    JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(params))
			out = refuse(fault, "params are not a JSON object");
	}
	if (out == OUT_OK)
		out = check_params(method, params, fault);
	if (out == OUT_OK) {
		request->kind = TASK_SEND;
		request->method = method_name(method);
		request->params = json_text(params);
	}
	json_decref(params);
	return out;
}

static enum outcome
refuse_time(const char *at, struct fault *fault)
{
	char *zoned = mem_printf("%sZ", at);
	bool lacks_zone;
	int64_t then;

	lacks_zone = clock_parse(zoned, &then) == 0;
	free(zoned);
	if (lacks_zone)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' has no time zone: put Z (UTC) or +03:00 behind "
		    "it",
		    at);
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "'%.64s' is no time such as 2026-11-20T18:00:00Z or "
	    "2026-11-20T21:00:00+03:00",
	    at);
}

enum outcome
request_due(const struct request_words *words, int64_t now, int64_t *due_at,
    struct fault *fault)
{
	char due[CLOCK_TEXT_SIZE];

	*due_at = now;
	if (words->at != NULL && words->in_ms >= 0)
		return refuse(fault, "both 'at' and 'in' are given");
	if (words->at != NULL && clock_parse(words->at, due_at) < 0)
		return refuse_time(words->at, fault);
	if (words->in_ms >= 0 &&
	    __builtin_add_overflow(now, words->in_ms, due_at))
		*due_at = INT64_MAX;
	if (*due_at < now - PAST_MS)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "%s is in the past; leave the time out to begin at once",
		    clock_text(*due_at, due));
	if (*due_at - now > AHEAD_MS)
		return refuse(fault, "the time is more than 10 years ahead");
	return OUT_OK;
}

enum outcome
request_make(struct request *request, const struct request_words *words,
    int64_t now, struct fault *fault)
{
	int kinds = (words->name != NULL) + (words->text != NULL) +
	    (words->method != NULL);
	enum outcome out;

	*request = (struct request){ 0 };
	if (kinds != 1)
		return refuse(fault,
		    kinds == 0
			? "what is to be done is missing: a name, a text or a "
			  "method"
			: "only one of name, text and method can be done");
	if (words->params != NULL && words->method == NULL)
		return refuse(fault, "params belong to a method");
	if ((words->user != NULL) == (words->chat != NULL))
		return refuse(fault,
		    "for whom? one of user and chat is "
		    "needed");
	out = request_due(words, now, &request->due_at, fault);
	if (out == OUT_OK && words->name == NULL)
		out = make_send(request, words, fault);
	if (out != OUT_OK)
		return out;
	if (words->name != NULL) {
		request->kind = TASK_FLOW;
		request->name = mem_dup(words->name);
	}
	request->user = mem_dup(words->user ? words->user : words->chat);
	return OUT_OK;
}

void
request_release(struct request *request)
{
	free(request->user);
	free(request->name);
	free(request->params);
	*request = (struct request){ 0 };
}

/* The members of a line in the order of struct request_words; numbers are
 * taken as they are written. */
enum { NAME, TEXT, METHOD, PARAMS, USER, CHAT, AT, IN, MEMBERS };
static const char *const members[MEMBERS] = { "name", "text", "method",
	"params", "user", "chat", "at", "in" };

static enum outcome
read_members(json_t *line, char *words[MEMBERS], struct fault *fault)
{
	json_t *value;
	const char *key;

	json_object_foreach (line, key, value) {
		int i = 0;
		while (i < MEMBERS && strcmp(key, members[i]) != 0)
			++i;
		if (i == MEMBERS)
			return fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "unknown member '%.64s'", key);
		if (json_is_string(value) && i != PARAMS)
			words[i] = mem_dup(json_string_value(value));
		else if ((i == PARAMS && json_is_object(value)) ||
		    (i >= USER && i != AT && json_is_integer(value)))
			words[i] = json_text(value);
		else
			return fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "'%s' must be %s", key,
			    i == PARAMS		      ? "an object"
				: i < USER || i == AT ? "a string"
						      : "a whole number or a "
							"string");
	}
	return OUT_OK;
}

enum outcome
request_parse(struct request *request, const char *text, size_t len,
    int64_t now, struct fault *fault)
{
	char *words[MEMBERS] = { NULL };
	json_error_t error;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	int64_t in_ms = -1;
	enum outcome out;

	*request = (struct request){ 0 };
	if (line == NULL) {
		json_error_bare(&error);
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is not JSON: %s", error.text);
	}
	if (json_is_object(line))
		out = read_members(line, words, fault);
	else
		out = refuse(fault, "it is not a JSON object");
	if (out == OUT_OK && words[IN] != NULL &&
	    clock_parse_span(words[IN], &in_ms) < 0)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'in' is no span such as 90, 5m or 2h: '%.64s'",
		    words[IN]);
	if (out == OUT_OK) {
		const struct request_words said = { words[NAME], words[TEXT],
			words[METHOD], words[PARAMS], words[USER], words[CHAT],
			words[AT], in_ms };
		out = request_make(request, &said, now, fault);
	}
	for (int i = 0; i < MEMBERS; i++)
		free(words[i]);
	json_decref(line);
	return out;
}

enum outcome
request_add(const struct request *request, struct db *db, struct turn *turn,
    int64_t now, struct request_result *result, struct fault *fault)
{
	enum outcome out =
	    chats_resolve(db, request->user, &result->chat_id, fault);

	if (out != OUT_OK)
		return out;
	result->due_at = request->due_at;
	if (request->kind == TASK_FLOW)
		return turn_schedule(turn, result->chat_id, request->name,
		    &result->due_at, now, &result->id, &result->added, fault);
	int64_t from = request->due_at > now ? request->due_at : now;
	struct task task = {
		.id = result->id,
		.kind = TASK_SEND,
		.priority = PRIORITY_REMINDER,
		.chat_id = result->chat_id,
		.due_at = request->due_at,
		.expire_at = from + TURN_ANSWER_LIFE_MS,
		.created_at = now,
		.method = request->method,
		.params = request->params,
	};
	out = tasks_add(db, &task, false, &result->added, fault);
	result->id = task.id;
	return out;
}
