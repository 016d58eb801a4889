/* SPDX-License-Identifier: MIT */
/* needs: telegram net base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "telegram/answer.h"

static struct answer
judge(enum method method, int status, const char *body)
{
	struct http_result result = {
		.answered = true,
		.status = status,
		.left = HTTP_LEFT,
		.body = { (char *)body, strlen(body), strlen(body) + 1,
		    1 << 20, false },
	};
	struct answer answer;

	answer_read(method, &result, &answer);
	assert_int_equal(answer.status, status);
	assert_int_equal(answer.code != EXIT_DONE,
	    answer.verdict == VERDICT_CONFIG);
	return answer;
}

static struct answer
refuse(enum method method, int code, const char *description)
{
	json_auto_t *body = json_pack("{s:b,s:i,s:s}", "ok", 0, "error_code",
	    code, "description", description);
	char *text;
	struct answer answer;

	if (strstr(description, ": group chat was"))
		json_object_set_new(body, "parameters",
		    json_pack("{s:I}", "migrate_to_chat_id",
			(json_int_t)-1001234567890));
	text = json_text(body);
	answer = judge(method, code, text);
	free(text);
	return answer;
}

/* Column N of a TSV LINE, cut out in place. */
static char *
column(char *line, int n)
{
	while (n-- > 0) {
		line = strchr(line, '\t');
		assert_non_null(line);
		line++;
	}
	return mem_dup_n(line, strcspn(line, "\t\n"));
}

static void
check_row(char *line)
{
	char *code = column(line, 0), *text = column(line, 1);
	char *verdict = column(line, 3);
	bool doubt = strcmp(verdict, "ambiguous") == 0;
	struct answer send, edit;

	send = refuse(METHOD_SEND_MESSAGE, atoi(code), text);
	edit = refuse(METHOD_EDIT_MESSAGE_TEXT, atoi(code), text);
	if (strcmp(verdict_name(send.verdict), verdict) != 0)
		fail_msg("%s '%s' is '%s' for a send", code, text,
		    verdict_name(send.verdict));
	if (strcmp(verdict_name(edit.verdict), doubt ? "retry" : verdict) != 0)
		fail_msg("%s '%s' is '%s' for an edit", code, text,
		    verdict_name(edit.verdict));
	if (send.verdict == VERDICT_MIGRATE)
		assert_true(send.migrate_to == INT64_C(-1001234567890));
	if (send.verdict == VERDICT_CONFIG)
		assert_int_equal(send.code,
		    strcmp(code, "401") == 0 ? EXIT_PERMISSION : EXIT_CONFIG);
	assert_string_not_equal(send.text, "");
	free(code);
	free(text);
	free(verdict);
}

/* The table of errors, behind its head. */
static FILE *
table_open(void)
{
	const char *top = getenv("TOP");
	char *path =
	    mem_printf("%s/tests/data/tg-errors.tsv", top ? top : ".");
	FILE *file = fopen(path, "r");
	char line[1024];

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	free(path);
	return file;
}

static void
every_row_of_the_table(void **state)
{
	FILE *file = table_open();
	char line[1024];
	int rows = 0;

	(void)state;
	for (; fgets(line, sizeof(line), file); rows++)
		check_row(line);
	assert_true(rows >= 102);
	fclose(file);
}

/* A stranger's /start can be a part of a button's URL, which Telegram repeats
 * when it does not like it. */
static void
quoted_text_decides_nothing(void **state)
{
	static const char *const around[][2] = {
		{ "Bad Request: inline keyboard button URL "
		  "'http://localhost/pay?s=",
		    "' is invalid: Wrong HTTP URL" },
		{ "Bad Request: inline keyboard button URL '",
		    "' is invalid" },
		{ "Bad Request: failed to send message #1 with the error "
		  "message \"inline keyboard button URL '",
		    "' is invalid\"" },
	};
	FILE *file = table_open();
	char line[1024];

	(void)state;
	while (fgets(line, sizeof(line), file)) {
		char *text = column(line, 1);
		const char *colon = strstr(text, ": ");

		for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++) {
			char *said = mem_printf("%s%s%s", around[i][0],
			    colon ? colon + 2 : text, around[i][1]);
			struct answer answer =
			    refuse(METHOD_SEND_MESSAGE, 400, said);

			assert_false(answer.rival);
			if (answer.verdict != VERDICT_MESSAGE)
				fail_msg("'%s' is '%s'", said,
				    verdict_name(answer.verdict));
			free(said);
		}
		free(text);
	}
	fclose(file);
}

/* No message of one chat stops the bot for all. */
static void
stopping_needs_its_code(void **state)
{
	static const char *const texts[] = {
		"Conflict: terminated by other getUpdates request",
		"Conflict: terminated by setWebhook request",
		"Conflict: can't use getUpdates method while webhook is active",
		"Not Found: method not found",
		"Misdirected Request: unallowed token specified",
		"Bad Request: Logged out, or so",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct answer answer =
		    refuse(METHOD_SEND_MESSAGE, 400, texts[i]);

		if (answer.verdict != VERDICT_MESSAGE || answer.rival)
			fail_msg("'%s' is '%s'", texts[i],
			    verdict_name(answer.verdict));
	}
	assert_true(refuse(METHOD_GET_UPDATES, 409, texts[0]).rival);
}

static void
texts_beyond_the_table(void **state)
{
	static const struct {
		int code;
		const char *text;
		enum verdict verdict;
	} cases[] = {
		{ 403, "Forbidden: something new", VERDICT_CHAT },
		{ 403, "", VERDICT_CHAT },
		{ 400, "Bad Request: something new", VERDICT_MESSAGE },
		{ 400, "Bad Request: STARS_FORM_AMOUNT_INVALID",
		    VERDICT_MESSAGE },
		{ 400, "Bad Request: VOICE_MESSAGES_FORBIDDEN",
		    VERDICT_MESSAGE },
		{ 400, "Bad Request: PREMIUM_ACCOUNT_REQUIRED",
		    VERDICT_MESSAGE },
		{ 400, "Bad Request: ALLOW_PAYMENT_REQUIRED_25",
		    VERDICT_CHAT },
		{ 400, "Bad Request: TOPIC_CLOSED", VERDICT_CHAT },
		{ 400, "Bad Request: CHAT_GUEST_SEND_FORBIDDEN",
		    VERDICT_CHAT },
		{ 400, "Bad Request: CHAT_SEND_VIDEOS_FORBIDDEN",
		    VERDICT_CHAT },
		{ 401, "Unauthorized: something new", VERDICT_CONFIG },
		{ 409, "Conflict: something new", VERDICT_CONFIG },
		{ 404, "Not Found: something new", VERDICT_CONFIG },
		{ 421, "Misdirected Request", VERDICT_CONFIG },
		{ 400, "bad request: CHAT NOT FOUND", VERDICT_CHAT },
		{ 400, "chat not found", VERDICT_CHAT },
		/* what a text quotes decides nothing */
		{ 400,
		    "Bad Request: can't parse entities: Unsupported start "
		    "tag \"chat not found\" at byte offset 1",
		    VERDICT_PLAIN },
		/* the error of one item of an album is the album's */
		{ 400,
		    "Bad Request: failed to send message #2 with the error "
		    "message \"wrong file identifier/HTTP URL specified\"",
		    VERDICT_FILE },
		{ 431, "Request Header Fields Too Large", VERDICT_MESSAGE },
		{ 420, "FLOOD_WAIT_3", VERDICT_WAIT },
		{ 408, "Request Timeout", VERDICT_AMBIGUOUS },
		{ 503, "Service Unavailable: chat not found",
		    VERDICT_AMBIGUOUS },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct answer answer =
		    refuse(METHOD_SEND_PHOTO, cases[i].code, cases[i].text);

		if (answer.verdict != cases[i].verdict)
			fail_msg("'%s' is '%s'", cases[i].text,
			    verdict_name(answer.verdict));
	}
}

static void
what_to_do_is_said(void **state)
{
	struct answer answer = refuse(METHOD_GET_UPDATES, 401, "Unauthorized");

	(void)state;
	assert_string_equal(answer.text,
	    "Telegram rejects BOT_TOKEN; get a new one from @BotFather");
	answer = refuse(METHOD_GET_UPDATES, 409,
	    "Conflict: can't use "
	    "getUpdates method while webhook is active; use deleteWebhook");
	assert_string_equal(answer.text,
	    "a webhook is set; 'leadpipe set-webhook --delete' ends it, then "
	    "updates can be polled; is it ours, set TELEGRAM_WEBHOOK_SECRET");
	assert_int_equal(RIVAL_WEBHOOK, answer.rival);
	answer = refuse(METHOD_GET_UPDATES, 409,
	    "Conflict: terminated by other getUpdates request");
	assert_non_null(strstr(answer.text, "another poller"));
	answer = refuse(METHOD_SEND_MESSAGE, 404, "Not Found");
	assert_non_null(strstr(answer.text, "TELEGRAM_API_ROOT"));
	answer =
	    refuse(METHOD_SEND_MESSAGE, 400, "Bad Request: chat not found");
	assert_string_equal(answer.text, "Bad Request: chat not found");
}

static void
flood_wait(void **state)
{
	static const struct {
		int status;
		const char *body;
		int64_t header_ms, wait_ms;
	} cases[] = {
		{ 429,
		    "{\"ok\":false,\"error_code\":429,\"description\":\"x\""
		    ",\"parameters\":{\"retry_after\":7}}",
		    3000, 7000 },
		{ 429, "{\"ok\":false,\"parameters\":{\"retry_after\":10072}}",
		    0, 10072000 },
		{ 429,
		    "{\"ok\":false,\"parameters\":{\"retry_after\":"
		    "9223372036854775807}}",
		    0, 86400000 },
		{ 429, "{\"ok\":false,\"parameters\":{\"retry_after\":-5}}", 0,
		    5000 },
		{ 429, "{\"ok\":false,\"parameters\":[7]}", 3000, 3000 },
		{ 429, "{\"ok\":false}", INT64_MAX, 86400000 },
		{ 429, "<html>slow down</html>", 0, 5000 },
		{ 429, "", 9000, 9000 },
		{ 400, "{\"ok\":false,\"parameters\":{\"retry_after\":2}}", 0,
		    2000 },
		{ 200,
		    "{\"ok\":false,\"error_code\":429,\"parameters\":"
		    "{\"retry_after\":2}}",
		    0, 2000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].body);
		struct http_result result = {
			.answered = true,
			.status = cases[i].status,
			.left = HTTP_LEFT,
			.retry_after_ms = cases[i].header_ms,
			.body = { (char *)cases[i].body, len, len + 1, 1 << 20,
			    false },
		};
		struct answer answer;

		answer_read(METHOD_SEND_MESSAGE, &result, &answer);
		assert_int_equal(answer.verdict, VERDICT_WAIT);
		assert_true(answer.retry_ms == cases[i].wait_ms);
	}
}

static void
migration_needs_the_new_id(void **state)
{
	struct answer answer = judge(METHOD_SEND_MESSAGE, 400,
	    "{\"ok\":false,\"error_code\":400,\"description\":\"new words\","
	    "\"parameters\":{\"migrate_to_chat_id\":-1009}}");

	(void)state;
	assert_int_equal(answer.verdict, VERDICT_MIGRATE);
	assert_true(answer.migrate_to == -1009);
	answer = judge(METHOD_SEND_MESSAGE, 400,
	    "{\"ok\":false,\"description\""
	    ":\"Bad Request: group chat was upgraded to a supergroup chat\"}");
	assert_int_equal(answer.verdict, VERDICT_CHAT);
}

/* Verdicts of answers that are not the Bot API's, for a send and for getMe. */
static void
foreign_answers(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum verdict send, ask;
	} cases[] = {
		{ 502, "<html>502 Bad Gateway</html>", VERDICT_AMBIGUOUS,
		    VERDICT_RETRY },
		{ 500, "", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 200, "", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 200, "<html>sign in</html>", VERDICT_AMBIGUOUS,
		    VERDICT_RETRY },
		{ 200, "{\"ok\":true,\"resu", VERDICT_AMBIGUOUS,
		    VERDICT_RETRY },
		{ 200, "{\"ok\":true,\"result\":{\"message_id\":5",
		    VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 200, "{\"ok\":true}", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 200, "{\"ok\":\"true\",\"result\":{}}", VERDICT_AMBIGUOUS,
		    VERDICT_RETRY },
		{ 200, "{\"ok\":1,\"result\":{}}", VERDICT_AMBIGUOUS,
		    VERDICT_RETRY },
		{ 200, "[]", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 200, "{\"ok\":false}", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 502, "{\"ok\":true,\"result\":{\"message_id\":5}}",
		    VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 502,
		    "{\"ok\":false,\"error_code\":400,\"description\":"
		    "\"Bad Request: chat not found\"}",
		    VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 403, "<html>blocked by the provider</html>",
		    VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 400, "{\"ok\":false", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 408, "", VERDICT_AMBIGUOUS, VERDICT_RETRY },
		{ 413, "<html>413</html>", VERDICT_MESSAGE, VERDICT_MESSAGE },
		{ 302, "", VERDICT_CONFIG, VERDICT_CONFIG },
		{ 301, "<html>moved</html>", VERDICT_CONFIG, VERDICT_CONFIG },
		{ 404, "<html>404</html>", VERDICT_CONFIG, VERDICT_CONFIG },
		{ 401, "<html>401</html>", VERDICT_CONFIG, VERDICT_CONFIG },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct answer send =
		    judge(METHOD_SEND_VIDEO, cases[i].status, cases[i].body);
		struct answer ask =
		    judge(METHOD_GET_ME, cases[i].status, cases[i].body);

		if (send.verdict != cases[i].send ||
		    ask.verdict != cases[i].ask)
			fail_msg("%d '%s' is '%s' and '%s'", cases[i].status,
			    cases[i].body, verdict_name(send.verdict),
			    verdict_name(ask.verdict));
		if (send.verdict == VERDICT_CONFIG)
			assert_non_null(
			    strstr(send.text, "TELEGRAM_API_ROOT"));
		assert_null(strstr(send.text, "<html>"));
	}
}

static void
no_answer(void **state)
{
	struct http_result result = {
		.left = HTTP_NOT_LEFT,
		.fault = { OUT_LATER, EXIT_LATER, 0, "cannot connect" },
	};
	struct answer answer;

	(void)state;
	answer_read(METHOD_SEND_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_RETRY);
	assert_int_equal(answer.status, 0);
	assert_string_equal(answer.text, "cannot connect");
	result.left = HTTP_LEFT;
	answer_read(METHOD_SEND_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_AMBIGUOUS);
	answer_read(METHOD_DELETE_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_RETRY);
	answer_read(METHOD_ANSWER_CALLBACK_QUERY, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_RETRY);
	/* a file of ours that cannot be read */
	result.left = HTTP_NOT_LEFT;
	result.fault = (struct fault){ OUT_NEVER, EXIT_INPUT, 0, "no file" };
	answer_read(METHOD_SEND_VIDEO, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_MESSAGE);
}

static void
cut_answer_is_none(void **state)
{
	const char *body = "{\"ok\":true,\"result\":{\"message_id\":5}}";
	struct http_result result = {
		.answered = true,
		.status = 200,
		.left = HTTP_LEFT,
		.body = { (char *)body, strlen(body), 0, 0, true },
	};
	struct answer answer;

	(void)state;
	answer_read(METHOD_SEND_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_AMBIGUOUS);
}

static void
sent_messages(void **state)
{
	static const struct {
		enum method method;
		const char *result, *file, *unique;
		int64_t id;
	} cases[] = {
		{ METHOD_SEND_MESSAGE,
		    "{\"message_id\":4503599627370495,"
		    "\"text\":\"\\\"message_id\\\":1\"}",
		    "", "", INT64_C(4503599627370495) },
		{ METHOD_SEND_MESSAGE,
		    "{\"chat\":{\"message_id\":1},"
		    "\"message_id\":8,\"video\":{\"file_id\":\"V\"}}",
		    "", "", 8 },
		{ METHOD_SEND_VIDEO,
		    "{\"message_id\":2,\"video\":{"
		    "\"thumbnail\":{\"file_id\":\"T\"},\"file_id\":\"V-_1\","
		    "\"file_unique_id\":\"u\"}}",
		    "V-_1", "u", 2 },
		{ METHOD_SEND_PHOTO,
		    "{\"message_id\":2,\"photo\":["
		    "{\"file_id\":\"small\"},{\"file_id\":\"large\","
		    "\"file_unique_id\":\"u2\"}]}",
		    "large", "u2", 2 },
		{ METHOD_SEND_PHOTO, "{\"message_id\":2,\"photo\":[]}", "", "",
		    2 },
		{ METHOD_SEND_ANIMATION,
		    "{\"message_id\":2,\"document\":"
		    "{\"file_id\":\"D\"},\"animation\":{\"file_id\":\"A\"}}",
		    "A", "", 2 },
		{ METHOD_SEND_DOCUMENT,
		    "{\"message_id\":2,\"animation\":"
		    "{\"file_id\":\"A\"},\"document\":{\"file_id\":\"D\"}}",
		    "D", "", 2 },
		{ METHOD_SEND_VIDEO,
		    "{\"message_id\":2,\"animation\":"
		    "{\"file_id\":\"A\"},\"document\":{\"file_id\":\"A\"}}",
		    "A", "", 2 },
		{ METHOD_SEND_VOICE,
		    "{\"message_id\":2,\"voice\":"
		    "{\"file_id\":\"A\"}}",
		    "A", "", 2 },
		{ METHOD_SEND_AUDIO, "{\"message_id\":2,\"audio\":7}", "", "",
		    2 },
		{ METHOD_SEND_AUDIO,
		    "{\"message_id\":2,\"audio\":{"
		    "\"file_id\":7}}",
		    "", "", 2 },
		{ METHOD_SEND_AUDIO,
		    "{\"message_id\":2,\"audio\":{"
		    "\"file_id\":\"a\\u0041\"}}",
		    "", "", 2 },
		{ METHOD_SEND_MESSAGE, "{\"message_id\":\"2\"}", "", "", 0 },
		{ METHOD_SEND_MESSAGE, "{\"message_id\":2e9999}", "", "", 0 },
		{ METHOD_SEND_MESSAGE, "{\"message_id\":99999999999999999999}",
		    "", "", 0 },
		{ METHOD_SEND_MESSAGE,
		    "[{\"message_id\":3},"
		    "{\"message_id\":4}]",
		    "", "", 3 },
		{ METHOD_SEND_MESSAGE, "[]", "", "", 0 },
		{ METHOD_SEND_MESSAGE, "null", "", "", 0 },
		{ METHOD_DELETE_MESSAGE, "true", "", "", 0 },
		{ METHOD_SEND_CHAT_ACTION, "true", "", "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *body =
		    mem_printf("{\"ok\":true,\"result\":%s}", cases[i].result);
		struct answer answer = judge(cases[i].method, 200, body);

		assert_int_equal(answer.verdict, VERDICT_OK);
		if (answer.message_id != cases[i].id)
			fail_msg("message_id of '%s'", cases[i].result);
		assert_string_equal(answer.file_id, cases[i].file);
		assert_string_equal(answer.unique_id, cases[i].unique);
		free(body);
	}
}

static void
long_file_id_is_not_cut(void **state)
{
	char id[300], *body;
	struct answer answer;
	size_t len;

	(void)state;
	for (len = 254; len <= 258; len++) {
		memset(id, 'x', len);
		id[len] = '\0';
		body = mem_printf("{\"ok\":true,\"result\":{\"message_id\":1,"
				  "\"video\":{\"file_id\":\"%s\"}}}",
		    id);
		answer = judge(METHOD_SEND_VIDEO, 200, body);
		assert_string_equal(answer.file_id, len < 256 ? id : "");
		free(body);
	}
}

static void
updates(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *updates;
		enum verdict verdict;
	} cases[] = {
		{ 200, "{\"ok\":true,\"result\":[]}", "[]", VERDICT_OK },
		{ 200, "{\"ok\":true,\"result\":[{\"update_id\":1},2]}",
		    "[{\"update_id\":1},2]", VERDICT_OK },
		{ 200, "{\"ok\":true,\"result\":{}}", NULL, VERDICT_RETRY },
		{ 200, "{\"ok\":true,\"result\":true}", NULL, VERDICT_RETRY },
		{ 200, "{\"ok\":true,\"result\":[1,2", NULL, VERDICT_RETRY },
		{ 502, "<html>", NULL, VERDICT_RETRY },
		{ 409, "{\"ok\":false,\"description\":\"Conflict\"}", NULL,
		    VERDICT_CONFIG },
		{ 429, "{\"ok\":false}", NULL, VERDICT_WAIT },
	};
	struct answer answer;
	struct json_slice list;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].body);
		struct http_result result = {
			.answered = true,
			.status = cases[i].status,
			.body = { (char *)cases[i].body, len, len + 1, 1 << 20,
			    false },
		};
		bool found = answer_updates(&result, &list, &answer);

		assert_int_equal(found, cases[i].updates != NULL);
		assert_int_equal(answer.verdict, cases[i].verdict);
		if (cases[i].updates) {
			assert_int_equal(list.len, strlen(cases[i].updates));
			assert_memory_equal(list.at, cases[i].updates,
			    list.len);
		} else {
			assert_string_not_equal(answer.text, "");
		}
	}
}

/* A hostile or broken server must not crash us or make us say its secrets. */
static void
hostile_answers(void **state)
{
	enum { DEEP = 50000 };
	char *deep = mem_alloc(DEEP + 100);
	char *wide = mem_alloc(DEEP + 100);
	struct answer answer;

	(void)state;
	strcpy(deep, "{\"ok\":false,\"x\":");
	memset(deep + strlen(deep), '[', DEEP);
	answer = judge(METHOD_SEND_MESSAGE, 400, deep);
	assert_int_equal(answer.verdict, VERDICT_AMBIGUOUS);
	strcpy(wide, "{\"ok\":false,\"description\":\"Bad Request: ");
	memset(wide + strlen(wide), 'x', DEEP);
	strcat(wide, "\\ud83d\"}");
	answer = judge(METHOD_SEND_MESSAGE, 400, wide);
	assert_int_equal(answer.verdict, VERDICT_MESSAGE);
	assert_int_equal(strlen(answer.text), sizeof(answer.text) - 1);
	answer = judge(METHOD_SEND_MESSAGE, 400,
	    "{\"ok\":false,\"error_code\":[],\"description\":{},"
	    "\"parameters\":\"x\"}");
	assert_int_equal(answer.verdict, VERDICT_MESSAGE);
	log_secret("123456:AAbbCCddEEffGGhhIIjjKK");
	answer = refuse(METHOD_SEND_MESSAGE, 400,
	    "no route /bot123456:AAbbCCddEEffGGhhIIjjKK/sendMessage");
	assert_null(strstr(answer.text, "AAbb"));
	assert_non_null(strstr(answer.text, "no route"));
	free(deep);
	free(wide);
}

static void
methods(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < METHOD_COUNT; i++)
		assert_int_equal(method_find(method_name((enum method)i)), i);
	assert_int_equal(method_find("SENDmessage"), METHOD_SEND_MESSAGE);
	assert_int_equal(method_find("logOut"), METHOD_COUNT);
	assert_int_equal(method_for_media("video"), METHOD_SEND_VIDEO);
	assert_int_equal(method_for_media("sticker"), METHOD_COUNT);
	assert_true(method_deliverable(METHOD_EDIT_MESSAGE_TEXT));
	assert_false(method_deliverable(METHOD_GET_UPDATES));
	assert_false(method_deliverable(METHOD_ANSWER_CALLBACK_QUERY));
	assert_false(method_idempotent(METHOD_SEND_MESSAGE));
	assert_true(method_idempotent(METHOD_DELETE_MESSAGE));
	assert_true(method_patience_ms(METHOD_SEND_MESSAGE, 0) == 75000);
	assert_true(method_patience_ms(METHOD_SEND_VIDEO, 3200000) == 175000);
	assert_true(method_patience_ms(METHOD_SEND_VIDEO, -1) == 75000);
}

/* The files of an album in its order, a photo by its largest size. */
static void
files_of_an_album(void **state)
{
	struct answer answer = judge(METHOD_SEND_MEDIA_GROUP, 200,
	    "{\"ok\":true,\"result\":[{\"message_id\":7,\"photo\":["
	    "{\"file_id\":\"small\"},{\"file_id\":\"large\"}]},"
	    "{\"message_id\":8,\"video\":{\"file_id\":\"film\"}},"
	    "{\"message_id\":9,\"text\":\"no file\"},"
	    "{\"message_id\":10,\"document\":{\"file_id\":\"list\"}}]}");

	(void)state;
	assert_int_equal(answer.verdict, VERDICT_OK);
	assert_int_equal(answer.message_id, 7);
	assert_string_equal(answer.file_id, "large");
	assert_string_equal(answer.more_ids[0], "film");
	assert_string_equal(answer.more_ids[1], "");
	assert_string_equal(answer.more_ids[2], "list");
	assert_string_equal(answer.more_ids[3], "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table),
		cmocka_unit_test(files_of_an_album),
		cmocka_unit_test(quoted_text_decides_nothing),
		cmocka_unit_test(stopping_needs_its_code),
		cmocka_unit_test(texts_beyond_the_table),
		cmocka_unit_test(what_to_do_is_said),
		cmocka_unit_test(flood_wait),
		cmocka_unit_test(migration_needs_the_new_id),
		cmocka_unit_test(foreign_answers),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(cut_answer_is_none),
		cmocka_unit_test(sent_messages),
		cmocka_unit_test(long_file_id_is_not_cut),
		cmocka_unit_test(updates),
		cmocka_unit_test(hostile_answers),
		cmocka_unit_test(methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
