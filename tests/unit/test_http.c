/* SPDX-License-Identifier: MIT */
/* needs: net base */
/*
 * Answers: what is sent, what comes back, and what a server that misbehaves
 * can do to us.
 */
#include <time.h>

#include "unit/http_client.h"
#include "unit/wire.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}"

#define COUNT(list) (int)(sizeof(list) / sizeof((list)[0]))

static void
test_json(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL, OK_ANSWER, 0,
	    WIRE_KEEP } };
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);
	const char *header = "X-Test: a b";
	struct http_request request = { .headers = &header,
		.header_count = 1,
		.tag = 7,
		.id = 1LL << 40 };
	struct http_call *call;
	struct http_result *result;
	char *bytes;

	(void)state;
	call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 5000);
	result = http_call_result(call);
	assert_true(result->answered);
	assert_int_equal(result->status, 200);
	assert_int_equal(result->fault.what, OUT_OK);
	assert_string_equal(result->body.data, "{\"ok\":true}");
	assert_int_equal(result->left, HTTP_LEFT);
	assert_int_equal(http_call_tag(call), 7);
	assert_int_equal(http_call_id(call), 1LL << 40);
	assert_int_equal(http_running(http), 0);
	http_call_free(call);
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire->count, 1);
	bytes = wire->requests[0].bytes;
	assert_memory_equal(bytes, "POST /" TOKEN "/sendMessage HTTP/1.1\r\n",
	    strlen("POST /" TOKEN "/sendMessage HTTP/1.1\r\n"));
	assert_non_null(strstr(bytes, "\r\nX-Test: a b\r\n"));
	assert_non_null(strstr(bytes, "\r\nUser-Agent: leadpipe/"));
	assert_non_null(strstr(bytes, "\r\nContent-Type: application/json\r"));
	assert_non_null(
	    strstr(bytes, "\r\n\r\n{\"chat_id\":1,\"text\":\"first-call\"}"));
	assert_null(strstr(bytes, "Expect"));
	assert_null(strstr(bytes, "Encoding"));
	assert_null(strstr(bytes, "Cookie"));
	wire_close(wire);
}

static void
test_multipart(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL, OK_ANSWER, 0,
	    WIRE_KEEP } };
	struct http_part parts[] = {
		{ .name = "chat_id", .text = "-100\"1" },
		{ .name = "photo", .filename = "a \"b\".jpg" },
	};
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);
	struct http_request request = { .parts = parts, .part_count = 2 };
	char *path = test_file_make(3);
	struct http_call *call;

	(void)state;
	parts[1].file = path;
	call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 5000);
	assert_true(http_call_result(call)->answered);
	http_call_free(call);

	/* the same handle must go back to JSON */
	request = (struct http_request){ 0 };
	call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 5000);
	assert_true(http_call_result(call)->answered);
	http_call_free(call);
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire->connections, 1);
	assert_int_equal(wire_count(wire, "\r\n\r\n-100\"1\r\n--"), 1);
	assert_int_equal(wire_count(wire,
			     "name=\"photo\"; "
			     "filename=\"a %22b%22.jpg\""),
	    1);
	assert_int_equal(wire_count(wire, "\r\n\r\nfff\r\n--"), 1);
	assert_int_equal(wire_count(wire, "first-call"), 1);
	wire_close(wire);
	unlink(path);
	free(path);
}

/* One answer and what becomes of it. */
struct answer_case {
	const char *bytes;
	int status; /* 0: not answered */
	int64_t retry_after_ms;
	const char *fault;
};

static const struct answer_case answers[] = {
	{ "HTTP/1.1 429 Too Many\r\nRetry-After: 35\r\nContent-Length: 2\r\n"
	  "\r\n{}",
	    429, 35000, "" },
	{ "HTTP/1.1 429 Too Many\r\nRetry-After: 99999999999999\r\n"
	  "Content-Length: 2\r\n\r\n{}",
	    429, 7LL * 24 * 3600 * 1000, "" },
	{ "HTTP/1.1 500 Oops\r\nRetry-After: -5\r\nContent-Length: 2\r\n\r\n"
	  "{}",
	    500, 0, "" },
	{ "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
	  "Content-Length: 6\r\n\r\n<html>",
	    502, 0, "" },
	{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\n"
	  "Content-Length: 0\r\n\r\n",
	    302, 0, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "2\r\n{}\r\n0\r\n\r\n",
	    200, 0, "" },
	{ "HTTP/1.0 200 OK\r\n\r\n{}", 200, 0, "" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
	  "Content-Length: 0\r\n\r\n",
	    200, 0, "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\"", 0, 0,
	    "the connection to '127.0.0.1' broke in the middle" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"ok", 0,
	    0, "broke in the middle of the answer" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0, 0,
	    "broke in the middle of the answer" },
	{ "HTTP/1.1 200 OK\r\nContent-Len", 0, 0, "broke" },
	{ "SSH-2.0-OpenSSH_9.2\r\n", 0, 0, "does not answer in HTTP" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
	  "0123456789012345678901234567890123456789012345678901234567890123"
	  "0123456789012345678901234567890123456789012345678901234567890123",
	    0, 0, "the answer of '127.0.0.1' is larger than 100 bytes" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT(answers); i++) {
		const struct answer_case *row = &answers[i];
		struct wire_turn turn = { READ_ALL, row->bytes, 0,
			WIRE_CLOSE };
		struct wire *wire = wire_open(&turn, 1);
		struct http *http = http_open(&plain);
		struct http_request request = { .max_answer = 100 };
		struct http_call *call = call_make(http, &request,
		    url_of("http", "127.0.0.1", wire->port), 5000);
		struct http_result *result = http_call_result(call);

		if (result->status != row->status)
			fail_msg("answer %d: status %d, fault '%s'", i,
			    result->status, result->fault.text);
		assert_int_equal(result->answered, row->status != 0);
		assert_int_equal(result->retry_after_ms, row->retry_after_ms);
		assert_int_equal(result->left, HTTP_LEFT);
		assert_false(result->timed_out);
		assert_true(result->body.len <= 100);
		if (!result->answered)
			fault_check(result, row->fault);
		http_call_free(call);
		http_close(http);
		wire_stop(wire);
		assert_int_equal(wire_count(wire, "first-call"), 1);
		wire_close(wire);
	}
}

/* An HTTP date 100 s ahead. */
static void
test_retry_date(void **state)
{
	time_t at = (time_t)(clock_wall_ms() / 1000) + 100;
	char answer[200], date[64];
	struct wire_turn turn = { READ_ALL, answer, 0, WIRE_CLOSE };
	struct wire *wire;
	struct http *http = http_open(&plain);
	struct http_request request = { 0 };
	struct http_call *call;
	struct tm tm;

	(void)state;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&at, &tm));
	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 503 Busy\r\nRetry-After: "
	    "%s\r\nContent-Length: 0\r\n\r\n",
	    date);
	wire = wire_open(&turn, 1);
	call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 5000);
	assert_in_range(http_call_result(call)->retry_after_ms, 95000, 100000);
	http_call_free(call);
	http_close(http);
	wire_close(wire);
}

/* A byte now and then is no reason to wait longer. */
static void
test_drip(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL,
	    "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n0123456789012345"
	    "0123456789012345678901234567890123456789",
	    20, WIRE_HOLD } };
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);
	struct http_request request = { 0 };
	int64_t start = clock_mono_ms(), took;
	struct http_call *call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 300);
	struct http_result *result = http_call_result(call);

	(void)state;
	took = clock_mono_ms() - start;
	assert_in_range(took, 299, 300 + LATE_MS);
	assert_true(result->timed_out);
	assert_int_equal(result->left, HTTP_LEFT);
	fault_check(result, "no whole answer from '127.0.0.1' in time");
	http_call_free(call);
	http_close(http);
	wire_close(wire);
}

static void
test_many(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL, OK_ANSWER, 0,
	    WIRE_KEEP } };
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);
	char body[32], seen[300] = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			struct http_request request = { .id = i,
				.url = url_of("http", "127.0.0.1", wire->port),
				.deadline = clock_mono_ms() + 90000 };

			snprintf(body, sizeof(body), "{\"n\":\"%d-%d\"}",
			    round, i);
			request.body = body;
			request.body_len = strlen(body);
			http_start(http, &request);
		}
		assert_int_equal(http_running(http), 300);
		for (int i = 0; i < 300; i++) {
			struct http_call *call = call_wait(http);

			if (!http_call_result(call)->answered)
				fail_msg("%s",
				    http_call_result(call)->fault.text);
			seen[http_call_id(call)]++;
			http_call_free(call);
		}
	}
	http_close(http);
	wire_stop(wire);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(seen[i], 2);
		snprintf(body, sizeof(body), "{\"n\":\"0-%d\"}", i);
		assert_int_equal(wire_count(wire, body), 1);
	}
	wire_close(wire);
}

/* What ends http_run() besides an answer: the other descriptor and time. */
static void
test_run_ends(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL, NULL, 0,
	    WIRE_HOLD } };
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);
	struct http_request request = { .body = "{}",
		.body_len = 2,
		.url = url_of("http", "127.0.0.1", wire->port),
		.deadline = clock_mono_ms() + 90000 };
	struct http_call *call, *late;
	int64_t start = clock_mono_ms();
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	call = http_start(http, &request);
	assert_int_equal(http_call_left(call), HTTP_NOT_LEFT);
	http_run(http, start + 60, pair[0]);
	assert_in_range(clock_mono_ms() - start, 60, 60 + LATE_MS);
	assert_null(http_done(http));
	assert_int_equal(http_call_left(call), HTTP_LEFT);
	assert_int_equal(write(pair[1], "x", 1), 1);
	http_run(http, start + 60000, pair[0]);
	assert_in_range(clock_mono_ms() - start, 60, 30000);
	assert_null(http_done(http));

	/* a call that is late from the start sends nothing */
	request.body = "too-late";
	request.body_len = 8;
	request.deadline = clock_mono_ms();
	late = http_start(http, &request);
	http_run(http, start + 10000, -1);
	assert_ptr_equal(http_done(http), late);
	assert_true(http_call_result(late)->timed_out);
	assert_int_equal(http_call_result(late)->left, HTTP_NOT_LEFT);
	http_call_free(late);

	http_cancel(call);
	assert_int_equal(http_running(http), 0);
	http_run(http, clock_mono_ms() + 20, -1);
	assert_null(http_done(http));
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire_count(wire, "too-late"), 0);
	wire_close(wire);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_retry_date),
		cmocka_unit_test(test_drip),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_run_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
