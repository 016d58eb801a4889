/* SPDX-License-Identifier: MIT */
/* needs: net base */
/*
 * A request is on the wire once, wherever the connection dies, and `left`
 * tells truly whether the peer can have it.
 */
#include "unit/http_client.h"
#include "unit/wire.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define MARK "unmistakable-mark"
#define COUNT(list) (int)(sizeof(list) / sizeof((list)[0]))

enum body { BODY_NONE, BODY_JSON, BODY_LARGE, BODY_FIELDS, BODY_FILE, BODIES };

/* Larger than all buffers between us and a peer that does not read. */
#define LARGE (6L << 20)

static char *file;
static char *large;

static struct http_call *
body_send(struct http *http, enum body body, int port, int ms)
{
	struct http_part parts[] = {
		{ .name = MARK, .text = "x" },
		{ .name = "photo", .file = file, .filename = "f" },
	};
	struct http_request request = {
		.url = url_of("http", "127.0.0.1", port),
		.deadline = clock_mono_ms() + ms,
	};

	if (body == BODY_JSON)
		request.body = "{\"text\":\"" MARK "\"}";
	else if (body == BODY_LARGE)
		request.body = large;
	else if (body >= BODY_FIELDS)
		request.parts = parts;
	request.body_len = request.body ? strlen(request.body) : 0;
	request.part_count = body == BODY_FILE ? 2 : 1;
	http_start(http, &request);
	return call_wait(http);
}

static bool
body_is_large(enum body body)
{
	return body == BODY_LARGE || body == BODY_FILE;
}

/* Whole requests that came, of the one kind the test sends. */
static int
bodies_count(struct wire *wire)
{
	return wire_count(wire, TOKEN);
}

struct death {
	const char *name;
	struct wire_turn turn;
	int small, large; /* HTTP_*, -1: both are right, a race */
	const char *fault;
};

static const struct death deaths[] = {
	{ "at accept", { READ_NOTHING, NULL, 0, WIRE_CLOSE }, -1,
	    HTTP_NOT_LEFT, "broke" },
	{ "in the head", { READ_BYTE, NULL, 0, WIRE_CLOSE }, -1, HTTP_NOT_LEFT,
	    "broke" },
	{ "after the head", { READ_HEAD, NULL, 0, WIRE_CLOSE }, -1,
	    HTTP_NOT_LEFT, "broke" },
	{ "in the body", { READ_PART, NULL, 0, WIRE_CLOSE }, -1, HTTP_NOT_LEFT,
	    "broke" },
	{ "after the body", { READ_ALL, NULL, 0, WIRE_CLOSE }, HTTP_LEFT,
	    HTTP_LEFT, "broke before the answer came" },
	{ "in the answer's head", { READ_ALL, "HTTP/1.1 20", 0, WIRE_CLOSE },
	    HTTP_LEFT, HTTP_LEFT, "broke" },
	{ "in the answer",
	    { READ_ALL, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", 0,
		WIRE_CLOSE },
	    HTTP_LEFT, HTTP_LEFT, "broke in the middle of the answer" },
};

static void
death_check(const struct death *death, enum body body, bool reused)
{
	const struct wire_turn turns[] = { { READ_ALL, OK_ANSWER, 0,
					       WIRE_KEEP },
		death->turn, { READ_ALL, OK_ANSWER, 0, WIRE_KEEP } };
	struct wire *wire =
	    wire_open(reused ? turns : turns + 1, reused ? 3 : 2);
	struct http *http = http_open(&plain);
	int want = body_is_large(body) ? death->large : death->small;
	int before = 0, whole;
	struct http_result *result;
	struct http_call *call;

	if (reused) {
		call = body_send(http, body, wire->port, 9000);
		assert_true(http_call_result(call)->answered);
		http_call_free(call);
		before = 1;
	}
	call = body_send(http, body, wire->port, 9000);
	result = http_call_result(call);
	whole = bodies_count(wire) - before;
	/* a connection that died before it was used may be replaced by
	 * libcurl: then there is an answer, and one request all the same */
	if (whole > 1 || (whole == 1 && result->left != HTTP_LEFT) ||
	    (result->answered && (!reused || whole != 1)) ||
	    (!result->answered && want >= 0 && (int)result->left != want))
		fail_msg("died %s, body %d%s: came %d times, left %d: %s",
		    death->name, body, reused ? ", reused" : "", whole,
		    result->left, result->fault.text);
	if (!result->answered)
		fault_check(result, whole == 1 ? death->fault : "broke");
	assert_false(result->timed_out);
	http_call_free(call);
	http_close(http);
	wire_stop(wire);
	assert_in_range(bodies_count(wire) - before, 0, 1);
	wire_close(wire);
}

static void
test_deaths(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT(deaths); i++)
		for (int body = 0; body < BODIES; body++)
			death_check(&deaths[i], (enum body)body, false);
}

static void
test_deaths_reused(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT(deaths); i++)
		for (int body = 0; body < BODIES; body++)
			death_check(&deaths[i], (enum body)body, true);
}

/* A kept-alive connection that the peer closed meanwhile costs no call. */
static void
test_idle_death(void **state)
{
	static const struct wire_turn turns[] = { { READ_ALL, OK_ANSWER, 0,
	    WIRE_CLOSE } };
	struct wire *wire = wire_open(turns, 1);
	struct http *http = http_open(&plain);

	(void)state;
	for (int body = 0; body < BODIES; body++) {
		struct http_call *call =
		    body_send(http, (enum body)body, wire->port, 9000);

		if (!http_call_result(call)->answered)
			fail_msg("body %d: %s", body,
			    http_call_result(call)->fault.text);
		http_call_free(call);
		http_run(http, clock_mono_ms() + 50, -1);
	}
	http_close(http);
	wire_stop(wire);
	assert_int_equal(bodies_count(wire), BODIES);
	assert_int_equal(wire->connections, BODIES);
	/* it would hold large bodies back for a second */
	assert_int_equal(wire_count(wire, "Expect"), 0);
	wire_close(wire);
}

/* A deadline in each phase. */
static void
test_silence(void **state)
{
	static const struct wire_turn unread = { READ_HEAD, NULL, 0,
		WIRE_HOLD };
	static const struct wire_turn unanswered = { READ_ALL, NULL, 0,
		WIRE_HOLD };

	(void)state;
	for (int body = 0; body < BODIES; body++) {
		bool all = !body_is_large((enum body)body);
		struct wire *wire = wire_open(all ? &unanswered : &unread, 1);
		struct http *http = http_open(&plain);
		int64_t start = clock_mono_ms();
		struct http_call *call =
		    body_send(http, (enum body)body, wire->port, 600);
		struct http_result *result = http_call_result(call);

		assert_in_range(clock_mono_ms() - start, 599, 600 + LATE_MS);
		assert_true(result->timed_out);
		assert_int_equal(result->left,
		    all ? HTTP_LEFT : HTTP_NOT_LEFT);
		fault_check(result,
		    all ? "no whole answer from '127.0.0.1' in time"
			: "the request was not sent in time, ");
		http_call_free(call);
		http_close(http);
		wire_close(wire);
	}
}

/* 413 before the body is through is an answer. */
static void
test_early(void **state)
{
	static const struct wire_turn turn = { READ_PART,
		"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}", 0,
		WIRE_HOLD };

	(void)state;
	for (int body = BODY_JSON; body < BODIES; body++) {
		struct wire *wire = wire_open(&turn, 1);
		struct http *http = http_open(&plain);
		struct http_call *call =
		    body_send(http, (enum body)body, wire->port, 9000);
		struct http_result *result = http_call_result(call);

		if (!result->answered)
			fail_msg("body %d: %s", body, result->fault.text);
		assert_int_equal(result->status, 413);
		http_call_free(call);
		http_close(http);
		wire_close(wire);
	}
}

/* A file that becomes shorter fails the call; the peer never gets a whole
 * request. */
static void
test_shrinking(void **state)
{
	static const struct wire_turn turn = { READ_HEAD, NULL, 0, WIRE_HOLD };
	struct http_part part = { .name = "photo", .filename = "f" };
	struct wire *wire = wire_open(&turn, 1);
	struct http *http = http_open(&plain);
	struct http_request request = { .parts = &part,
		.part_count = 1,
		.url = url_of("http", "127.0.0.1", wire->port) };
	char *path = test_file_make(100000);
	struct http_result *result;
	struct http_call *call;

	(void)state;
	part.file = path;
	request.deadline = clock_mono_ms() + 9000;
	call = http_start(http, &request);
	assert_int_equal(truncate(path, 50000), 0);
	assert_ptr_equal(call_wait(http), call);
	result = http_call_result(call);
	fault_check(result, "it became shorter while it was sent");
	assert_int_equal(result->fault.what, OUT_LATER);
	assert_int_equal(result->left, HTTP_NOT_LEFT);
	http_call_free(call);
	http_close(http);
	wire_close(wire);
	unlink(path);
	free(path);
}

/* Empty and absent files. */
static void
test_files(void **state)
{
	static const struct wire_turn turn = { READ_ALL, OK_ANSWER, 0,
		WIRE_KEEP };
	static const char *const bad[] = { "/nowhere/at/all", "/",
		"/dev/null" };
	struct http_part part = { .name = "photo", .filename = "f" };
	struct wire *wire = wire_open(&turn, 1);
	struct http *http = http_open(&plain);
	struct http_request request = { .parts = &part, .part_count = 1 };
	char *path = test_file_make(0);
	struct http_call *call;

	(void)state;
	part.file = path;
	call = call_make(http, &request,
	    url_of("http", "127.0.0.1", wire->port), 9000);
	assert_true(http_call_result(call)->answered);
	http_call_free(call);
	for (int i = 0; i < COUNT(bad); i++) {
		part.file = bad[i];
		call = call_make(http, &request,
		    url_of("http", "127.0.0.1", wire->port), 9000);
		fault_check(http_call_result(call), bad[i]);
		assert_int_equal(http_call_result(call)->fault.what,
		    OUT_NEVER);
		assert_int_equal(http_call_result(call)->left, HTTP_NOT_LEFT);
		http_call_free(call);
	}
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire->count, 1);
	wire_close(wire);
	unlink(path);
	free(path);
}

static int
bodies_make(void **state)
{
	(void)state;
	file = test_file_make(LARGE);
	large = malloc(LARGE + 1);
	memset(large, ' ', LARGE);
	memcpy(large, MARK, strlen(MARK));
	large[LARGE] = '\0';
	return 0;
}

static int
bodies_drop(void **state)
{
	(void)state;
	unlink(file);
	free(file);
	free(large);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_deaths_reused),
		cmocka_unit_test(test_idle_death),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_shrinking),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, bodies_make, bodies_drop);
}
