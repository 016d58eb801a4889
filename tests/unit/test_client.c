/* SPDX-License-Identifier: MIT */
/* needs: telegram net base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "telegram/answer.h"
#include "telegram/client.h"
#include "telegram/token.h"
#include "unit/wire.h"

#define TOKEN "123456:AAbbCCddEEffGGhhIIjjKKllMM_-1234567"
#define ANSWER "{\"ok\":true,\"result\":{\"message_id\":9}}"
#define HTTP_OK \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 37\r\n\r\n" ANSWER

static const struct wire_turn polite[] = {
	{ READ_ALL, HTTP_OK, 0, WIRE_KEEP },
};

static char folder[] = "/tmp/leadpipe-client.XXXXXX";

static int
folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
folder_drop(void **state)
{
	char *command = mem_printf("rm -r '%s'", folder);
	int status = system(command);

	(void)state;
	free(command);
	return status;
}

/* The path of NAME in the folder of the test, holding TEXT. */
static char *
file_with(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

/* Opens a client with the given lines of configuration. */
static enum outcome
open_with(const char *lines, struct telegram **telegram, struct fault *fault)
{
	char *path = file_with("conf", lines);
	struct config *config;
	enum outcome result;

	memset(fault, 0, sizeof(*fault));
	assert_int_equal(config_open(&config, path, fault), OUT_OK);
	result = telegram_open(telegram, config, fault);
	config_close(config);
	free(path);
	return result;
}

static struct telegram *
open_to(const struct wire *wire)
{
	char *lines = mem_printf("BOT_TOKEN=" TOKEN "\n"
				 "TELEGRAM_API_ROOT=http://127.0.0.1:%d//\n",
	    wire->port);
	struct telegram *telegram;
	struct fault fault;

	assert_int_equal(open_with(lines, &telegram, &fault), OUT_OK);
	free(lines);
	return telegram;
}

static void
token_shapes(void **state)
{
	(void)state;
	assert_true(telegram_bot_id(TOKEN) == 123456);
	assert_true(telegram_bot_id("123:AAAAAAAAAAAAAAAAAAAA") == 123);
	assert_true(telegram_bot_id("12:AAAAAAAAAAAAAAAAAAAA") == 0);
	assert_true(telegram_bot_id("123:AAAAAAAAAAAAAAAAAAA") == 0);
	assert_true(telegram_bot_id("123:AAAAAAAAAAAAAAAAAAAA ") == 0);
	assert_true(telegram_bot_id("123 :AAAAAAAAAAAAAAAAAAAA") == 0);
	assert_true(telegram_bot_id("-123:AAAAAAAAAAAAAAAAAAAA") == 0);
	assert_true(telegram_bot_id("123") == 0);
	assert_true(telegram_bot_id("") == 0);
	assert_true(telegram_bot_id("99999999999999999999999:"
				    "AAAAAAAAAAAAAAAAAAAA") == 0);
}

static void
settings(void **state)
{
	static const struct {
		const char *lines, *part; /* part NULL: accepted */
	} cases[] = {
		{ "", NULL },
		{ "TELEGRAM_API_ROOT=https://bots.example.org/api/\n", NULL },
		{ "TELEGRAM_API_ROOT=https://8.8.8.8:8443\n", NULL },
		{ "TELEGRAM_API_ROOT=http://localhost:8081\n", NULL },
		{ "TELEGRAM_API_ROOT=http://telegram-bot-api:8081\n", NULL },
		{ "TELEGRAM_API_ROOT=http://10.1.2.3\n", NULL },
		{ "TELEGRAM_API_ROOT=http://172.31.0.1\n", NULL },
		{ "TELEGRAM_API_ROOT=http://192.168.0.5:80\n", NULL },
		{ "TELEGRAM_API_ROOT=http://[::1]:8081\n", NULL },
		{ "TELEGRAM_API_ROOT=http://[fd00::2]\n", NULL },
		{ "TELEGRAM_API_ROOT=http://api.telegram.org\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://8.8.8.8\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://0x08080808\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://134744072\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://172.32.0.1\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://[2001:db8::1]\n", "https://" },
		{ "TELEGRAM_API_ROOT=http://10.evil.example\n", "https://" },
		{ "TELEGRAM_API_ROOT=api.telegram.org\n", "begin with" },
		{ "TELEGRAM_API_ROOT=ftp://api.telegram.org\n", "begin with" },
		{ "TELEGRAM_API_ROOT=https://\n", "like https" },
		{ "TELEGRAM_API_ROOT=https://[::1\n", "like https" },
		{ "TELEGRAM_API_ROOT=https://h:0\n", "like https" },
		{ "TELEGRAM_API_ROOT=https://h:70000\n", "like https" },
		{ "TELEGRAM_API_ROOT=https://me:hush@h\n", "user name" },
		{ "TELEGRAM_API_ROOT=https://h/bot" TOKEN "\n", "/bot" },
		{ "TELEGRAM_API_ROOT=https://h?hush\n", "plain address" },
		{ "TELEGRAM_PROXY=http://me:hush@10.0.0.1:3128\n", NULL },
		{ "TELEGRAM_PROXY=https://proxy.example.org\n", NULL },
		{ "TELEGRAM_PROXY=socks5h://me:hu@sh@p.example.org:1080/\n",
		    NULL },
		{ "TELEGRAM_PROXY=http://10.0.0.1:3128\n"
		  "TELEGRAM_API_ROOT=http://bot-api:8081\n",
		    "TELEGRAM_PROXY and TELEGRAM_API_ROOT" },
		{ "TELEGRAM_PROXY=https://localhost.example.org\n"
		  "TELEGRAM_API_ROOT=http://10.0.0.2\n",
		    "TELEGRAM_PROXY and TELEGRAM_API_ROOT" },
		{ "TELEGRAM_PROXY=http://me:hush@127.0.0.1:3128\n"
		  "TELEGRAM_API_ROOT=http://bot-api:8081\n",
		    NULL },
		{ "TELEGRAM_PROXY=socks5h://[::1]:3128\n"
		  "TELEGRAM_API_ROOT=http://bot-api:8081\n",
		    NULL },
		{ "TELEGRAM_PROXY=http://10.0.0.1:3128\n"
		  "TELEGRAM_API_ROOT=http://localhost:8081\n",
		    NULL },
		{ "TELEGRAM_PROXY=http://10.0.0.1:3128\n"
		  "TELEGRAM_API_ROOT=https://bot-api:8081\n",
		    NULL },
		{ "TELEGRAM_PROXY=socks5://me:hush@h:1\n", "socks5h://" },
		{ "TELEGRAM_PROXY=socks4://me:hush@h:1\n", "begin with" },
		{ "TELEGRAM_PROXY=me:hush@h:1\n", "begin with" },
		{ "TELEGRAM_PROXY=http://me:hush@\n", "host:port" },
		{ "TELEGRAM_PROXY=http://me:hush@h:x\n", "host:port" },
		{ "TELEGRAM_PROXY=http://h:1/hush\n", "host:port" },
		{ "LEADPIPE_IP=4\n", NULL },
		{ "LEADPIPE_IP=6\n", NULL },
		{ "LEADPIPE_IP=46\n", "LEADPIPE_IP must be 4 or 6" },
		{ "LEADPIPE_IP=v4\n", "LEADPIPE_IP must be 4 or 6" },
	};
	struct telegram *telegram;
	struct fault fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *lines =
		    mem_printf("BOT_TOKEN=" TOKEN "\n%s", cases[i].lines);
		enum outcome result = open_with(lines, &telegram, &fault);

		if ((result == OUT_OK) != (cases[i].part == NULL))
			fail_msg("'%s' gave '%s'", cases[i].lines, fault.text);
		if (cases[i].part) {
			assert_null(telegram);
			assert_int_equal(fault.code, EXIT_CONFIG);
			if (!strstr(fault.text, cases[i].part))
				fail_msg("'%s' gave '%s'", cases[i].lines,
				    fault.text);
			assert_null(strstr(fault.text, "hush"));
			assert_null(strstr(fault.text, "AAbb"));
			assert_non_null(strstr(fault.text, "line 2"));
		}
		telegram_close(telegram);
		free(lines);
	}
}

static void
token_is_refused_by_name(void **state)
{
	struct telegram *telegram;
	struct fault fault;

	(void)state;
	assert_int_equal(open_with("# none\n", &telegram, &fault), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	assert_non_null(strstr(fault.text, "BOT_TOKEN is not set"));
	assert_int_equal(open_with("\nBOT_TOKEN=123456:hush\n", &telegram,
			     &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	assert_non_null(
	    strstr(fault.text, "BOT_TOKEN does not look like a token ("));
	assert_non_null(strstr(fault.text, "line 2"));
	assert_null(strstr(fault.text, "hush"));
}

/* Sends REQUEST and returns the bytes that arrived. */
static char *
sent(const struct telegram_request *request)
{
	struct wire *wire = wire_open(polite, 1);
	struct telegram *telegram = open_to(wire);
	struct http_result result;
	struct answer answer;
	struct fault fault;
	char *bytes;

	assert_int_equal(telegram_call(telegram, request, &result, &fault),
	    OUT_OK);
	answer_read(request->method, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_OK);
	telegram_close(telegram);
	assert_string_equal(result.body.data, ANSWER);
	buf_release(&result.body);
	wire_stop(wire);
	assert_int_equal(wire->count, 1);
	assert_true(wire->requests[0].whole);
	bytes = mem_dup(wire->requests[0].bytes);
	assert_int_equal(strlen(bytes), wire->requests[0].len);
	wire_close(wire);
	return bytes;
}

static void
bodies(void **state)
{
	static const struct {
		struct telegram_request request;
		const char *body;
	} cases[] = {
		{ { .method = METHOD_GET_ME }, "{}" },
		{ { .method = METHOD_GET_ME, .params = "" }, "{}" },
		{ { .method = METHOD_GET_ME, .params = " { } " }, "{} " },
		{ { .method = METHOD_SEND_MESSAGE,
		      .chat_id = 42,
		      .params = "{\"text\":\"a\\u0000\"}" },
		    "{\"chat_id\":42,\"text\":\"a\\u0000\"}" },
		{ { .method = METHOD_SEND_CHAT_ACTION,
		      .chat_id = INT64_C(-1001234567890),
		      .params = "{}" },
		    "{\"chat_id\":-1001234567890}" },
		{ { .method = METHOD_GET_UPDATES, .params = "{\"offset\":5}" },
		    "{\"offset\":5}" },
		{ { .method = METHOD_SEND_VIDEO,
		      .chat_id = 1,
		      .file_id = "AB-_c",
		      .params = "{\"caption\":\"c\"}" },
		    "{\"chat_id\":1,\"video\":\"AB-_c\",\"caption\":\"c\"}" },
		{ { .method = METHOD_SEND_PHOTO, .file_id = "a\"\\\n" },
		    "{\"photo\":\"a\\\"\\\\\\n\"}" },
		/* a known file is not uploaded again */
		{ { .method = METHOD_SEND_PHOTO,
		      .file_id = "A",
		      .upload = "/dev/null" },
		    "{\"photo\":\"A\"}" },
		/* no file parameter: nothing is added */
		{ { .method = METHOD_SEND_MESSAGE,
		      .file_id = "A",
		      .upload = "/dev/null",
		      .params = "{\"text\":\"a\"}" },
		    "{\"text\":\"a\"}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *bytes = sent(&cases[i].request);
		char *line = mem_printf("POST /bot" TOKEN "/%s HTTP/1.1\r\n",
		    method_name(cases[i].request.method));
		char *body = strstr(bytes, "\r\n\r\n");

		assert_int_equal(strncmp(bytes, line, strlen(line)), 0);
		assert_non_null(strstr(bytes, "application/json"));
		assert_non_null(body);
		assert_string_equal(body + 4, cases[i].body);
		free(line);
		free(bytes);
	}
}

/* The value of form field NAME, as it stands between the boundaries. */
static void
check_field(const char *bytes, const char *name, const char *value)
{
	char *head =
	    mem_printf("form-data; name=\"%s\"\r\n\r\n%s\r\n--", name, value);

	if (!strstr(bytes, head))
		fail_msg("no '%s' in\n%s", head, bytes);
	free(head);
}

static void
uploads(void **state)
{
	char *path = file_with("li;st\"of\nprices.mp4", "FILE CONTENT");
	struct telegram_request request = {
		.method = METHOD_SEND_VIDEO,
		.chat_id = -42,
		.params = "{\"caption\":\"Цены \\\"x\\\"\",\"n\":7,\"f\":1.5,"
			  "\"yes\":true,\"no\":false,\"nil\":null,"
			  "\"reply_markup\":{\"inline_keyboard\":[[{\"text\":"
			  "\"a\"}]]},\"list\":[1,\"b\"]}",
		.upload = path,
		.upload_size = 12,
	};
	char *bytes = sent(&request), *file;

	(void)state;
	assert_non_null(strstr(bytes, "Content-Type: multipart/form-data"));
	check_field(bytes, "chat_id", "-42");
	check_field(bytes, "caption", "Цены \"x\"");
	check_field(bytes, "n", "7");
	check_field(bytes, "f", "1.5");
	check_field(bytes, "yes", "true");
	check_field(bytes, "no", "false");
	check_field(bytes, "reply_markup",
	    "{\"inline_keyboard\":[[{\"text\":\"a\"}]]}");
	check_field(bytes, "list", "[1,\"b\"]");
	assert_null(strstr(bytes, "\"nil\""));
	/* the file comes last, under a name that cannot end its header */
	file = strstr(bytes,
	    "name=\"video\"; filename=\"li_st_of_prices.mp4\"\r\n");
	assert_non_null(file);
	assert_non_null(strstr(file, "\r\n\r\nFILE CONTENT\r\n--"));
	assert_null(strstr(file, "name=\"list\""));
	free(bytes);
	free(path);
}

/* What Telegram knows goes by its id, the rest with the request; the text is
 * that of the first. */
static void
albums(void **state)
{
	char *path = file_with("b.mp4", "SECOND FILE");
	const struct telegram_file files[] = {
		{ .kind = "photo", .file_id = "AAA" },
		{ .kind = "video", .upload = path },
	};
	struct telegram_request request = {
		.method = METHOD_SEND_MEDIA_GROUP,
		.chat_id = 5,
		.params = "{\"caption\":\"<b>c</b>\",\"parse_mode\":\"HTML\","
			  "\"has_spoiler\":[false,true],"
			  "\"disable_notification\":true}",
		.album = files,
		.album_count = 2,
	};
	char *bytes = sent(&request);

	(void)state;
	check_field(bytes, "chat_id", "5");
	check_field(bytes, "disable_notification", "true");
	check_field(bytes, "media",
	    "[{\"type\":\"photo\",\"media\":\"AAA\","
	    "\"caption\":\"<b>c</b>\",\"parse_mode\":\"HTML\"},"
	    "{\"type\":\"video\",\"media\":\"attach://file1\","
	    "\"has_spoiler\":true}]");
	assert_non_null(
	    strstr(bytes, "name=\"file1\"; filename=\"b.mp4\"\r\n"));
	assert_non_null(strstr(bytes, "\r\n\r\nSECOND FILE\r\n--"));
	assert_null(strstr(bytes, "name=\"caption\""));
	assert_null(strstr(bytes, "name=\"file0\""));
	free(bytes);
	request.album_count = 1;
	bytes = sent(&request);
	assert_non_null(strstr(bytes, "\r\n\r\n{\"chat_id\":5,"));
	assert_non_null(strstr(bytes, "\"media\":[{\"type\":\"photo\","));
	free(bytes);
	free(path);
}

/* What was stored broken must reach Telegram as it is and come back as an
 * error of the message, not end up as something else that works. */
static void
broken_params_are_not_repaired(void **state)
{
	char *path = file_with("video.mp4", "FILE CONTENT");
	struct telegram_request request = {
		.method = METHOD_SEND_VIDEO,
		.params = "{\"caption\":",
		.upload = path,
	};
	char *bytes = sent(&request);

	(void)state;
	assert_non_null(strstr(bytes, "\r\n\r\n{\"caption\":"));
	assert_null(strstr(bytes, "FILE CONTENT"));
	free(bytes);
	free(path);
}

static void
missing_upload_is_the_message_s_fault(void **state)
{
	struct wire *wire = wire_open(polite, 1);
	struct telegram *telegram = open_to(wire);
	struct telegram_request request = {
		.method = METHOD_SEND_VIDEO,
		.chat_id = 1,
		.upload = "/nonexistent/video.mp4",
	};
	struct http_result result;
	struct answer answer;
	struct fault fault;

	(void)state;
	assert_int_not_equal(telegram_call(telegram, &request, &result,
				 &fault),
	    OUT_OK);
	assert_non_null(strstr(fault.text, "video.mp4"));
	answer_read(METHOD_SEND_VIDEO, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_MESSAGE);
	buf_release(&result.body);
	telegram_close(telegram);
	wire_close(wire);
}

static void
silence_is_ambiguous(void **state)
{
	static const struct wire_turn silent[] = {
		{ READ_ALL, NULL, 0, WIRE_CLOSE },
	};
	struct wire *wire = wire_open(silent, 1);
	struct telegram *telegram = open_to(wire);
	struct telegram_request request = {
		.method = METHOD_SEND_MESSAGE,
		.chat_id = 1,
		.params = "{\"text\":\"a\"}",
		.deadline = clock_mono_ms() + 10000,
	};
	struct http_result result;
	struct answer answer;
	struct fault fault;

	(void)state;
	assert_int_equal(telegram_call(telegram, &request, &result, &fault),
	    OUT_LATER);
	assert_null(strstr(fault.text, "AAbb"));
	answer_read(METHOD_SEND_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_AMBIGUOUS);
	buf_release(&result.body);
	wire_stop(wire);
	assert_int_equal(wire->count, 1);
	wire_close(wire);
	/* nobody listens any more: now it is certain that nothing was done */
	assert_int_equal(telegram_call(telegram, &request, &result, &fault),
	    OUT_LATER);
	answer_read(METHOD_SEND_MESSAGE, &result, &answer);
	assert_int_equal(answer.verdict, VERDICT_RETRY);
	buf_release(&result.body);
	telegram_close(telegram);
}

static void
calls_side_by_side(void **state)
{
	struct wire *wire = wire_open(polite, 1);
	struct telegram *telegram = open_to(wire);
	struct http *http = telegram_http(telegram);
	struct telegram_request request = { .method = METHOD_SEND_MESSAGE };
	struct http_call *call;
	struct http_result result;
	struct fault fault;
	int64_t sum = 0;
	char params[64];

	(void)state;
	for (request.tag = 1; request.tag <= 5; request.tag++) {
		/* the call keeps what it needs, not this buffer */
		snprintf(params, sizeof(params), "{\"text\":\"n%d\"}",
		    request.tag);
		request.params = params;
		request.id = request.tag * 100;
		telegram_start(telegram, &request);
	}
	memset(params, 'x', sizeof(params) - 1);
	assert_int_equal(telegram_call(telegram, &request, &result, &fault),
	    OUT_BUG);
	while (http_running(http) > 0 || sum < 1515) {
		http_run(http, clock_mono_ms() + 1000, -1);
		while ((call = http_done(http)) != NULL) {
			assert_true(http_call_result(call)->answered);
			sum += http_call_id(call) + http_call_tag(call);
			http_call_free(call);
		}
	}
	assert_true(sum == 1515);
	telegram_close(telegram);
	wire_stop(wire);
	assert_int_equal(wire_count(wire, "{\"text\":\"n3\"}"), 1);
	assert_int_equal(wire->count, 5);
	wire_close(wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_shapes),
		cmocka_unit_test(settings),
		cmocka_unit_test(token_is_refused_by_name),
		cmocka_unit_test(bodies),
		cmocka_unit_test(uploads),
		cmocka_unit_test(albums),
		cmocka_unit_test(broken_params_are_not_repaired),
		cmocka_unit_test(missing_upload_is_the_message_s_fault),
		cmocka_unit_test(silence_is_ambiguous),
		cmocka_unit_test(calls_side_by_side),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
