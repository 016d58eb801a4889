/* SPDX-License-Identifier: MIT */
#include "telegram/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "telegram/refusal.h"

/* 10 072 s has been seen in the wild; a day is beyond every limit known. */
#define WAIT_DEFAULT_MS INT64_C(5000)
#define WAIT_MAX_MS INT64_C(86400000)

/* The file sent may come back as another kind (a silent video as animation),
 * so these are looked for after the method's own. */
static const char *const file_kinds[] = { "video", "animation", "audio",
	"voice", "document", "photo" };

/* Foreign text may be anything, may name people, and a misconfigured proxy
 * could even repeat the URL with the token in it. */
static void
answer_say(struct answer *answer, const char *text)
{
	char *clean = utf8_clean(text, strlen(text));
	size_t len;

	log_redact(clean);
	log_mask(clean);
	len = utf8_prefix_bytes(clean, sizeof(answer->text) - 1);
	memcpy(answer->text, clean, len);
	answer->text[len] = '\0';
	free(clean);
}

static void
answer_stop(struct answer *answer, enum exit_code code, const char *text)
{
	answer->verdict = VERDICT_CONFIG;
	answer->code = code;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

static void
answer_wait(struct answer *answer, int64_t ms)
{
	answer->verdict = VERDICT_WAIT;
	answer->retry_ms = ms <= 0 ? WAIT_DEFAULT_MS
	    : ms > WAIT_MAX_MS	   ? WAIT_MAX_MS
				   : ms;
}

/* The peer may have done it: only what is idempotent can just be repeated. */
static void
answer_doubt(struct answer *answer, enum method method,
    const struct http_result *result)
{
	answer->verdict = method_idempotent(method) ? VERDICT_RETRY
						    : VERDICT_AMBIGUOUS;
	if (answer->verdict == VERDICT_RETRY && result->retry_after_ms > 0)
		answer->retry_ms = result->retry_after_ms < WAIT_MAX_MS
		    ? result->retry_after_ms
		    : WAIT_MAX_MS;
}

/* Identifiers are plain ASCII: a string with escapes is none. */
static void
copy_name(struct json_slice object, const char *key, char *out, size_t size)
{
	struct json_slice value;
	size_t len;

	if (!json_member(object, key, &value) || value.len < 2 ||
	    value.at[0] != '"' || memchr(value.at, '\\', value.len))
		return;
	len = value.len - 2;
	if (len >= size)
		return;
	memcpy(out, value.at + 1, len);
	out[len] = '\0';
}

/* A photo comes as an array of its sizes, the largest last. */
static bool
file_of(struct json_slice message, const char *kind, struct json_slice *file)
{
	struct json_slice list, size;
	size_t pos = 0;

	if (!json_member(message, kind, file))
		return false;
	if (file->at[0] != '[')
		return true;
	list = *file;
	while (json_element(list, &pos, &size, NULL))
		*file = size;
	return true;
}

static void
read_file(enum method method, struct json_slice message, struct answer *answer)
{
	struct json_slice file;
	bool found = method_file(method) &&
	    file_of(message, method_file(method), &file);
	size_t i;

	for (i = 0; !found && i < sizeof(file_kinds) / sizeof(*file_kinds);
	     i++)
		found = file_of(message, file_kinds[i], &file);
	if (!found)
		return;
	copy_name(file, "file_id", answer->file_id, sizeof(answer->file_id));
	copy_name(file, "file_unique_id", answer->unique_id,
	    sizeof(answer->unique_id));
}

/* The messages of an album come in the order of its files. */
static void
read_album(struct json_slice messages, struct answer *answer)
{
	struct answer one;
	struct json_slice message;
	size_t pos = 0;

	for (int i = -1; i < ALBUM_FILES - 1 &&
	     json_element(messages, &pos, &message, NULL);
	     i++) {
		if (i < 0) {
			read_file(METHOD_SEND_MEDIA_GROUP, message, answer);
			continue;
		}
		memset(&one, 0, sizeof(one));
		read_file(METHOD_SEND_MEDIA_GROUP, message, &one);
		if (strlen(one.file_id) < sizeof(answer->more_ids[i]))
			memcpy(answer->more_ids[i], one.file_id,
			    strlen(one.file_id) + 1);
	}
}

static void
read_message(enum method method, struct json_slice message,
    struct answer *answer)
{
	struct json_slice id;
	size_t pos = 0;

	if (method == METHOD_SEND_MEDIA_GROUP && message.at[0] == '[')
		read_album(message, answer);
	if (message.at[0] == '[' &&
	    !json_element(message, &pos, &message, NULL))
		return;
	if (json_member(message, "message_id", &id) &&
	    !json_int(id, &answer->message_id))
		answer->message_id = 0;
	if (method_file(method))
		read_file(method, message, answer);
}

/* True when the answer says ok and has a result, whole. */
static bool
find_result(const struct http_result *result, struct json_slice *found)
{
	struct json_slice text = { result->body.data, result->body.len }, ok;

	/* A value that is cut off goes up to the end of the text; a whole one
	 * has at least the brace of the answer behind it. */
	return result->answered && result->status / 100 == 2 &&
	    !result->body.overflow && text.len > 0 &&
	    json_member(text, "ok", &ok) && ok.len == 4 &&
	    memcmp(ok.at, "true", 4) == 0 &&
	    json_member(text, "result", found) && found->len > 0 &&
	    found->at + found->len < text.at + text.len;
}

/* Something in front of the Bot API spoke (a balancer, a captive portal, a
 * provider's block page): its page is not repeated to people. */
static void
read_foreign(enum method method, const struct http_result *result,
    struct answer *answer)
{
	int status = result->status;

	snprintf(answer->text, sizeof(answer->text),
	    "HTTP %d without an answer of the Bot API", status);
	if (status == 429 || status == 420)
		answer_wait(answer, result->retry_after_ms);
	else if (status == 413)
		answer->verdict = VERDICT_MESSAGE;
	else if (status == 401 || status == 404 || status == 409 ||
	    status == 421 || status / 100 == 3)
		answer_stop(answer,
		    status == 401 ? EXIT_PERMISSION : EXIT_CONFIG,
		    "something else than a Bot API server answers; check "
		    "TELEGRAM_API_ROOT");
	else
		answer_doubt(answer, method, result);
}

static void
read_refusal(int code, const char *description, struct answer *answer)
{
	const struct refusal *refusal = refusal_find(code, description);

	answer->verdict = refusal->verdict;
	answer->rival = refusal->rival;
	answer_say(answer, description);
	if (refusal->verdict == VERDICT_CONFIG)
		answer_stop(answer,
		    code == 401 ? EXIT_PERMISSION : EXIT_CONFIG,
		    refusal->remedy);
	/* Without the new id there is nowhere to move to. */
	else if (refusal->verdict == VERDICT_MIGRATE)
		answer->verdict = VERDICT_CHAT;
}

/* Order matters: what may have been done is told apart before any text is
 * believed, and numbers in `parameters` before the wording. */
static void
read_error(enum method method, const struct http_result *result,
    const json_t *body, struct answer *answer)
{
	const json_t *parameters = json_object_get(body, "parameters");
	const char *description = json_get_text(body, "description");
	int64_t wait = json_get_int(parameters, "retry_after", 0);
	int64_t said = json_get_int(body, "error_code", 0);
	int code = result->status;

	/* Emulators and proxies are known to put errors into a 200. */
	if (code < 400 && said >= 400 && said < 600)
		code = (int)said;
	answer->migrate_to = json_get_int(parameters, "migrate_to_chat_id", 0);
	answer_say(answer, description ? description : "no description");
	if (wait > WAIT_MAX_MS / 1000)
		wait = WAIT_MAX_MS / 1000;
	if (code >= 500 || code == 408 || code < 400)
		answer_doubt(answer, method, result);
	else if (code == 429 || code == 420 || wait > 0)
		answer_wait(answer,
		    wait > 0 ? wait * 1000 : result->retry_after_ms);
	else if (answer->migrate_to)
		answer->verdict = VERDICT_MIGRATE;
	else
		read_refusal(code, description ? description : "", answer);
}

/* No answer: what failed on the way may be mended by the next try; a file of
 * ours that cannot be read is the message's own fault. */
static void
read_silence(enum method method, const struct http_result *result,
    struct answer *answer)
{
	const struct fault *fault = &result->fault;

	answer_doubt(answer, method, result);
	if (result->left == HTTP_NOT_LEFT)
		answer->verdict = VERDICT_RETRY;
	if (result->left == HTTP_NOT_LEFT && fault->what == OUT_NEVER &&
	    fault->code == EXIT_INPUT)
		answer->verdict = VERDICT_MESSAGE;
	answer_say(answer, fault->text);
}

void
answer_read(enum method method, const struct http_result *result,
    struct answer *answer)
{
	struct json_slice text = { result->body.data, result->body.len };
	struct json_slice found;
	json_error_t error;
	json_t *body = NULL;

	memset(answer, 0, sizeof(*answer));
	answer->status = result->status;
	if (find_result(result, &found)) {
		if (method_deliverable(method))
			read_message(method, found, answer);
		return;
	}
	if (!result->answered) {
		read_silence(method, result, answer);
		return;
	}
	if (text.len > 0 && !result->body.overflow)
		body = json_parse(text, &error);
	if (json_is_false(json_object_get(body, "ok")))
		read_error(method, result, body, answer);
	else
		read_foreign(method, result, answer);
	json_decref(body);
}

bool
answer_updates(const struct http_result *result, struct json_slice *updates,
    struct answer *answer)
{
	if (find_result(result, updates) && updates->at[0] == '[') {
		memset(answer, 0, sizeof(*answer));
		answer->status = result->status;
		return true;
	}
	answer_read(METHOD_GET_UPDATES, result, answer);
	if (answer->verdict == VERDICT_OK) {
		answer->verdict = VERDICT_RETRY;
		answer_say(answer, "the result of getUpdates is no array");
	}
	return false;
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_RETRY] = "retry",
		[VERDICT_WAIT] = "wait",
		[VERDICT_AMBIGUOUS] = "ambiguous",
		[VERDICT_MESSAGE] = "message",
		[VERDICT_PLAIN] = "plain",
		[VERDICT_FILE] = "file",
		[VERDICT_CHAT] = "chat",
		[VERDICT_MIGRATE] = "migrate",
		[VERDICT_CONFIG] = "config",
	};

	return names[verdict];
}
