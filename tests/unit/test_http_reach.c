/* SPDX-License-Identifier: MIT */
/* needs: net base */
/*
 * Getting to the peer: names, proxies, and what is said when it fails.
 */
#include <sys/wait.h>

#include "unit/http_client.h"
#include "unit/wire.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define COUNT(list) (int)(sizeof(list) / sizeof((list)[0]))

static const struct wire_turn served = { READ_ALL, OK_ANSWER, 0, WIRE_KEEP };

/* A port on which nobody listens. */
static int
dead_port(void)
{
	int port;

	close(wire_listen(&port));
	return port;
}

static struct http *
http_via(const char *scheme, const char *host, int port)
{
	struct http_options options = plain;
	char proxy[100];

	snprintf(proxy, sizeof(proxy), "%s://user:SECRET@%s:%d", scheme, host,
	    port);
	options.proxy = proxy;
	return http_open(&options);
}

/* Makes one call that must not get through and returns when it ended. */
static int64_t
call_fails(struct http *http, char *url, int ms, bool timed_out,
    const char *fault)
{
	struct http_request request = { 0 };
	int64_t start = clock_mono_ms();
	struct http_call *call = call_make(http, &request, url, ms);
	struct http_result *result = http_call_result(call);
	int64_t took = clock_mono_ms() - start;

	fault_check(result, fault);
	assert_int_equal(result->timed_out, timed_out);
	assert_int_equal(result->left, HTTP_NOT_LEFT);
	assert_int_equal(result->status, 0);
	if (timed_out)
		assert_in_range(took, ms - 1, ms + LATE_MS);
	http_call_free(call);
	return took;
}

static void
call_works(struct http *http, char *url)
{
	struct http_request request = { 0 };
	struct http_call *call = call_make(http, &request, url, 9000);

	if (!http_call_result(call)->answered)
		fail_msg("%s", http_call_result(call)->fault.text);
	http_call_free(call);
}

static void
test_names(void **state)
{
	struct wire *wire = wire_open(&served, 1);
	struct http *http = http_open(&plain);

	(void)state;
	call_fails(http, url_of("https", "none.test", 443), 5000, false,
	    "cannot reach Telegram: the name 'none.test' does not resolve "
	    "(DNS); check the network or set TELEGRAM_PROXY");
	call_fails(http, url_of("https", "silent.test", 443), 200, true,
	    "cannot reach Telegram: the name 'silent.test' does not resolve "
	    "in time (DNS); check the network or set TELEGRAM_PROXY");
	call_works(http, url_of("http", "peer.test", wire->port));
	http_close(http);
	wire_close(wire);
}

/* connect_ms ends a lookup before the deadline of the call. */
static void
test_connect_ms(void **state)
{
	static const struct wire_turn mute = { READ_BYTE, NULL, 0, WIRE_HOLD };
	struct wire *wire = wire_open(&mute, 1);
	struct http_request request = { .connect_ms = 150 };
	struct http *http = http_open(&plain);
	char *urls[] = { strdup(url_of("http", "silent.test", 80)),
		strdup(url_of("https", "127.0.0.1", wire->port)) };

	(void)state;
	for (int i = 0; i < COUNT(urls); i++) {
		int64_t start = clock_mono_ms();
		struct http_call *call =
		    call_make(http, &request, urls[i], 9000);

		assert_in_range(clock_mono_ms() - start, 149, 150 + LATE_MS);
		assert_true(http_call_result(call)->timed_out);
		assert_int_equal(http_call_result(call)->left, HTTP_NOT_LEFT);
		fault_check(http_call_result(call),
		    i == 0 ? "(DNS)" : "did not finish the TLS handshake");
		http_call_free(call);
		free(urls[i]);
	}
	http_close(http);
	wire_close(wire);
}

/* While names hang, other calls work, and neither cancelling nor closing nor
 * the end of the process waits for the resolver. */
static void
silent_process(int port)
{
	struct http *http = http_open(&plain);
	struct http_request request = { .body = "{}",
		.body_len = 2,
		.deadline = clock_mono_ms() + 60000 };
	struct http_call *calls[40];
	int64_t start = clock_mono_ms();

	for (int i = 0; i < COUNT(calls); i++) {
		request.url = url_of("https", "silent.test", 443);
		calls[i] = http_start(http, &request);
	}
	http_run(http, start + 50, -1);
	call_works(http, url_of("http", "127.0.0.1", port));
	for (int i = 0; i < COUNT(calls) / 2; i++)
		http_cancel(calls[i]);
	http_close(http);
	if (clock_mono_ms() - start > 1000 + LATE_MS)
		_exit(1);
	/* leak checkers would complain of what the lookups own */
	if (instrumented())
		execl("/bin/true", "true", (char *)NULL);
	exit(0);
}

static void
test_silent_exit(void **state)
{
	struct wire *wire = wire_open(&served, 1);
	int64_t start = clock_mono_ms();
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		silent_process(wire->port);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_in_range(clock_mono_ms() - start, 0, 2000 + LATE_MS);
	wire_close(wire);
}

static void
test_refused(void **state)
{
	struct http *http = http_open(&plain);

	(void)state;
	call_fails(http, url_of("http", "127.0.0.1", dead_port()), 5000, false,
	    "cannot reach Telegram: '127.0.0.1' cannot be connected to "
	    "(Connection refused); is the server of TELEGRAM_API_ROOT "
	    "running?");
	call_fails(http, url_of("http", "peer.test", dead_port()), 5000, false,
	    "'peer.test' cannot be connected to (Connection refused); check "
	    "the network or set TELEGRAM_PROXY");
	http_close(http);
}

/* A listener whose queue is full lets the handshake of TCP hang. */
static void
test_unaccepted(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int port, listener = wire_listen(&port), fill[4];
	struct http *http = http_open(&plain), *via;

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	at.sin_port = htons((uint16_t)port);
	for (int i = 0; i < COUNT(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		/* EINPROGRESS at first, and for ever when the queue is full */
		(void)connect(fill[i], (struct sockaddr *)&at, sizeof(at));
	}
	call_fails(http, url_of("https", "127.0.0.1", port), 200, true,
	    "'127.0.0.1' does not accept the connection in time");
	via = http_via("socks5h", "127.0.0.1", port);
	call_fails(via, url_of("https", "peer.test", 443), 200, true,
	    "the proxy of TELEGRAM_PROXY does not accept the connection in "
	    "time");
	http_close(http);
	http_close(via);
	for (int i = 0; i < COUNT(fill); i++)
		close(fill[i]);
	close(listener);
}

static void
test_malformed(void **state)
{
	static const char *const urls[] = { "ftp://127.0.0.1/" TOKEN,
		"https://a b/" TOKEN, "https://h:99999/" TOKEN,
		"https:///" TOKEN, "", "api.telegram.org:x" };
	struct http *http = http_open(&plain);

	(void)state;
	for (int i = 0; i < COUNT(urls); i++) {
		struct http_request request = { .body = "{}",
			.body_len = 2,
			.url = urls[i],
			.deadline = clock_mono_ms() + 5000 };
		struct http_call *call;

		http_start(http, &request);
		call = call_wait(http);
		fault_check(http_call_result(call),
		    "the address of Telegram is not a URL; set "
		    "TELEGRAM_API_ROOT to");
		assert_int_equal(http_call_result(call)->fault.what,
		    OUT_NEVER);
		assert_int_equal(http_call_result(call)->fault.code,
		    EXIT_CONFIG);
		assert_int_equal(http_call_result(call)->left, HTTP_NOT_LEFT);
		http_call_free(call);
	}
	http_close(http);
}

/* The environment names proxies that do not work. */
static void
test_environment(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy",
		"all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" };
	struct wire *wire = wire_open(&served, 1);
	struct http *http = http_open(&plain);
	char proxy[64];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", dead_port());
	for (int i = 0; i < COUNT(names); i++)
		setenv(names[i], proxy, 1);
	setenv("no_proxy", "*", 1);
	setenv("NO_PROXY", "*", 1);
	call_works(http, url_of("http", "127.0.0.1", wire->port));
	call_works(http, url_of("http", "peer.test", wire->port));
	http_close(http);

	/* nor do they turn ours off */
	http = http_via("http", "127.0.0.1", wire->port);
	call_works(http, url_of("http", "none.test", 80));
	http_close(http);
	for (int i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	wire_stop(wire);
	assert_int_equal(wire->count, 3);
	assert_non_null(
	    strstr(wire->requests[2].bytes, "POST http://none.test"));
	assert_non_null(strstr(wire->requests[2].bytes,
	    "\r\nProxy-Authorization: Basic dXNlcjpTRUNSRVQ=\r\n"));
	wire_close(wire);
}

/* This machine is never reached by way of a proxy; the same handle takes the
 * proxy again for others. */
static void
test_loopback(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "127.1", "localhost",
		"LOCALHOST", "127.0.0.2" };
	struct wire *wire = wire_open(&served, 1);
	struct http *http = http_via("http", "127.0.0.1", dead_port());

	(void)state;
	for (int i = 0; i < COUNT(hosts) - 1; i++) {
		call_works(http, url_of("http", hosts[i], wire->port));
		call_fails(http, url_of("http", "peer.test", wire->port), 5000,
		    false,
		    "the proxy of TELEGRAM_PROXY cannot be connected "
		    "to (Connection refused); check TELEGRAM_PROXY");
	}
	call_fails(http, url_of("http", hosts[4], dead_port()), 5000, false,
	    "is the server of TELEGRAM_API_ROOT running?");
	call_fails(http, url_of("http", "[::1]", dead_port()), 5000, false,
	    "is the server of TELEGRAM_API_ROOT running?");
	call_fails(http, url_of("http", "notlocalhost", 80), 5000, false,
	    "the proxy of TELEGRAM_PROXY cannot be connected to");
	http_close(http);
	wire_close(wire);
}

/* What a proxy can do to us. */
struct proxy_case {
	const char *scheme, *host; /* NULL: the wire server */
	struct wire_turn turn;
	const char *peer; /* scheme of the URL */
	bool timed_out;
	const char *fault;
};

#define DENIED \
	"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm=\"x\"\r\n" \
	"Content-Length: 0\r\n\r\n"
#define WANTS "the proxy of TELEGRAM_PROXY wants another user or password"

static const struct proxy_case proxies[] = {
	{ "http", NULL, { READ_ALL, DENIED, 0, WIRE_CLOSE }, "https", false,
	    WANTS },
	{ "http", NULL, { READ_ALL, DENIED, 0, WIRE_CLOSE }, "http", false,
	    WANTS },
	{ "http", NULL, { READ_ALL, "HTTP/1.1 403 No\r\n\r\n", 0, WIRE_CLOSE },
	    "https", false,
	    "the proxy of TELEGRAM_PROXY refused with status "
	    "403; check TELEGRAM_PROXY" },
	{ "http", NULL, { READ_ALL, NULL, 0, WIRE_CLOSE }, "https", false,
	    "the proxy of TELEGRAM_PROXY closed the connection" },
	{ "http", NULL, { READ_ALL, NULL, 0, WIRE_HOLD }, "https", true,
	    "the proxy of TELEGRAM_PROXY accepted the connection and let "
	    "nothing through in time; check TELEGRAM_PROXY" },
	{ "http", NULL, { READ_ALL, "HTTP/1.1 200 OK\r\n\r\n", 0, WIRE_HOLD },
	    "https", true, "did not finish the TLS handshake in time" },
	{ "https", NULL, { READ_BYTE, NULL, 0, WIRE_HOLD }, "https", true,
	    "the proxy of TELEGRAM_PROXY accepted the connection and let "
	    "nothing through in time" },
	{ "http", "none.test", { READ_ALL, NULL, 0, WIRE_CLOSE }, "https",
	    false,
	    "the proxy of TELEGRAM_PROXY has a name that does not "
	    "resolve (DNS); check TELEGRAM_PROXY" },
	{ "http", "silent.test", { READ_ALL, NULL, 0, WIRE_CLOSE }, "https",
	    true,
	    "the proxy of TELEGRAM_PROXY has a name that does not "
	    "resolve in time (DNS)" },
	{ "socks5h", NULL, { READ_BYTE, NULL, 0, WIRE_HOLD }, "https", true,
	    "the proxy of TELEGRAM_PROXY accepted the connection and let "
	    "nothing through in time" },
	{ "socks5h", NULL, { READ_BYTE, NULL, 0, WIRE_CLOSE }, "https", false,
	    "the proxy of TELEGRAM_PROXY " },
	/* RFC 1928: version 5, no acceptable method */
	{ "socks5h", NULL, { READ_BYTE, "\x05\xff", 0, WIRE_HOLD }, "https",
	    false, WANTS },
	{ "ftp", NULL, { READ_BYTE, NULL, 0, WIRE_CLOSE }, "https", false,
	    "the value of TELEGRAM_PROXY is not a proxy; set it to http://" },
};

static void
test_proxies(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT(proxies); i++) {
		const struct proxy_case *row = &proxies[i];
		struct wire *wire = wire_open(&row->turn, 1);
		struct http *http = http_via(row->scheme,
		    row->host ? row->host : "127.0.0.1", wire->port);

		call_fails(http, url_of(row->peer, "api.telegram.test", 443),
		    row->timed_out ? 250 : 5000, row->timed_out, row->fault);
		http_close(http);
		wire_close(wire);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_connect_ms),
		cmocka_unit_test(test_silent_exit),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unaccepted),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_proxies),
	};

	return cmocka_run_group_tests(tests, NULL, lookups_finish);
}
