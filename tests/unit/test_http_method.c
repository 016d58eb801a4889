/* SPDX-License-Identifier: MIT */
/* needs: net base */
/*
 * Methods other than POST, what is read of the answer's head, and addresses
 * that a request must not lead to.
 */
#include "unit/http_client.h"
#include "unit/wire.h"

#include "net/host.h"

#define OK_ANSWER \
	"HTTP/1.1 200 OK\r\nx-request-id:  ab-\"1\x07\r\n" \
	"Retry-After: 7\r\nContent-Length: 2\r\n\r\n{}"

#define POLITE \
	{ \
		READ_ALL, OK_ANSWER, 0, WIRE_KEEP \
	}

static const struct wire_turn polite[] = { POLITE };

static struct http_call *
ask(struct http *http, enum http_method method, const char *body, int port)
{
	struct http_request request = {
		.method = method,
		.url = url_of("http", "127.0.0.1", port),
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.deadline = clock_mono_ms() + 9000,
	};

	http_start(http, &request);
	return call_wait(http);
}

/* One handle for all: what one call sets must not stay for the next. */
static void
test_methods(void **state)
{
	static const struct {
		enum http_method method;
		const char *body, *begins, *ends;
	} calls[] = {
		{ HTTP_GET, NULL, "GET /", "\r\n\r\n" },
		{ HTTP_POST, "{\"a\":1}", "POST /", "{\"a\":1}" },
		{ HTTP_PATCH, "{\"b\":2}", "PATCH /", "{\"b\":2}" },
		{ HTTP_GET, NULL, "GET /", "\r\n\r\n" },
		{ HTTP_DELETE, "{\"c\":3}", "DELETE /", "{\"c\":3}" },
		{ HTTP_DELETE, NULL, "DELETE /", "\r\n\r\n" },
		{ HTTP_POST, NULL, "POST /", "\r\n\r\n" },
		{ HTTP_GET, NULL, "GET /", "\r\n\r\n" },
	};
	struct wire *wire = wire_open(polite, 1);
	struct http *http = http_open(&plain);

	(void)state;
	for (int i = 0; i < (int)(sizeof(calls) / sizeof(*calls)); i++) {
		struct http_call *call =
		    ask(http, calls[i].method, calls[i].body, wire->port);
		const char *came = wire->requests[i].bytes;
		size_t end = strlen(calls[i].ends);

		assert_true(http_call_result(call)->answered);
		if (strncmp(came, calls[i].begins, strlen(calls[i].begins)) ||
		    strcmp(came + strlen(came) - end, calls[i].ends) ||
		    (calls[i].method == HTTP_GET &&
			strstr(came, "Content-Length")))
			fail_msg("call %d sent %s", i, came);
		http_call_free(call);
	}
	assert_int_equal(wire->connections, 1);
	http_close(http);
	wire_stop(wire);
	wire_close(wire);
}

static void
test_head(void **state)
{
	static const struct wire_turn turns[] = { POLITE,
		{ READ_ALL,
		    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		    "Content-Length: 0\r\n\r\n",
		    0, WIRE_KEEP } };
	struct wire *wire = wire_open(turns, 2);
	struct http *http = http_open(&plain);
	struct http_call *call = ask(http, HTTP_GET, NULL, wire->port);
	struct http_result *result = http_call_result(call);

	(void)state;
	assert_string_equal(result->request_id, "ab-1");
	assert_int_equal(result->retry_after_ms, 7000);
	http_call_free(call);
	/* not followed, and nothing of the answer before it stays */
	call = ask(http, HTTP_GET, NULL, wire->port);
	result = http_call_result(call);
	assert_int_equal(result->status, 302);
	assert_string_equal(result->request_id, "");
	http_call_free(call);
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire_count(wire, TOKEN), 2);
	wire_close(wire);
}

/* On a kept-alive connection that dies: a GET comes again, nothing else. */
static void
test_repeat(void **state)
{
	static const struct wire_turn turns[] = { POLITE,
		{ READ_ALL, NULL, 0, WIRE_CLOSE }, POLITE };
	static const struct {
		enum http_method method;
		const char *body;
		bool repeated;
	} calls[] = { { HTTP_GET, NULL, true }, { HTTP_POST, "{}", false },
		{ HTTP_PATCH, "{}", false }, { HTTP_DELETE, NULL, false } };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct wire *wire = wire_open(turns, 3);
		struct http *http = http_open(&plain);
		struct http_call *call = ask(http, HTTP_GET, NULL, wire->port);

		http_call_free(call);
		call = ask(http, calls[i].method, calls[i].body, wire->port);
		if (http_call_result(call)->answered != calls[i].repeated)
			fail_msg("method %d", calls[i].method);
		if (!calls[i].repeated)
			assert_int_equal(http_call_result(call)->left,
			    HTTP_LEFT);
		http_call_free(call);
		http_close(http);
		wire_stop(wire);
		assert_int_equal(wire_count(wire, TOKEN),
		    calls[i].repeated ? 3 : 2);
		wire_close(wire);
	}
}

/* A name may lead anywhere: what counts is where it led. */
static void
test_private(void **state)
{
	struct wire *wire = wire_open(polite, 1);
	struct http *http = http_open(&plain);
	struct http_request request = {
		.body = "{}",
		.body_len = 2,
		.public_only = true,
		.peer = "the webhook",
		.peer_setting = "LEAD_WEBHOOK_URL",
	};
	struct http_call *call = call_make(http, &request,
	    url_of("http", "peer.test", wire->port), 9000);

	(void)state;
	fault_check(http_call_result(call), "private network");
	assert_non_null(
	    strstr(http_call_result(call)->fault.text, "LEAD_WEBHOOK_URL"));
	assert_int_equal(http_call_result(call)->left, HTTP_NOT_LEFT);
	assert_int_equal(http_call_result(call)->fault.what, OUT_NEVER);
	http_call_free(call);
	request.public_only = false;
	call = call_make(http, &request,
	    url_of("http", "peer.test", wire->port), 9000);
	assert_true(http_call_result(call)->answered);
	http_call_free(call);
	http_close(http);
	wire_stop(wire);
	assert_int_equal(wire_count(wire, TOKEN), 1);
	wire_close(wire);
}

static void
test_addresses(void **state)
{
	static const char *const private[] = { "127.0.0.1", "10.1.2.3",
		"172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
		"255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
		"ff02::1", "::ffff:10.0.0.1", "no address" };
	static const char *const public[] = { "8.8.8.8", "172.32.0.1",
		"100.128.0.1", "2a00:1450:4001::1", "::ffff:8.8.8.8",
		"192.169.0.1" };

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++)
		if (!host_ip_private(private[i]))
			fail_msg("%s is public", private[i]);
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
		if (host_ip_private(public[i]))
			fail_msg("%s is private", public[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, lookups_finish);
}
