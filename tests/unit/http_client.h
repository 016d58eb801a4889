/* SPDX-License-Identifier: MIT */
/*
 * What the tests of net/http share: a client, one call from start to end, and
 * names that resolve without a network.  Each URL holds a token, and no fault
 * may show it.
 */
#ifndef LEADPIPE_TEST_HTTP_CLIENT_H
#define LEADPIPE_TEST_HTTP_CLIENT_H

#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/http.h"

#define TOKEN "bot777:SECRET"

int getaddrinfo(const char *, const char *, const struct addrinfo *,
    struct addrinfo **);

/* Lookups of silent.test that hang, until the tests are over. */
static atomic_int lookups;
static atomic_bool lookups_end;

static int
lookup_hang(void)
{
	lookups++;
	while (!lookups_end)
		usleep(10000);
	lookups--;
	return EAI_AGAIN;
}

/* Group teardown: what a lookup owns is no leak while it hangs. */
static inline int
lookups_finish(void **state)
{
	(void)state;
	lookups_end = true;
	while (lookups > 0)
		usleep(1000);
	usleep(200000);
	return 0;
}

/* True under valgrind and ASan. */
static inline bool
instrumented(void)
{
	const char *preload = getenv("LD_PRELOAD");

#ifdef __SANITIZE_ADDRESS__
	return true;
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return preload && strstr(preload, "vgpreload");
}

/* How late a deadline may be seen: long on a machine that does much else, and
 * never as late as no deadline. */
#define LATE_MS 15000

/* libcurl finds this one before the C library's. */
int
getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&real, &symbol, sizeof(real));
	if (name && strcmp(name, "silent.test") == 0)
		return lookup_hang();
	if (name && strcmp(name, "peer.test") == 0)
		return real("127.0.0.1", service, hints, list);
	if (name && strstr(name, ".test"))
		return EAI_NONAME;
	return real(name, service, hints, list);
}

static const struct http_options plain = { .peer = "Telegram",
	.peer_setting = "TELEGRAM_API_ROOT",
	.proxy_setting = "TELEGRAM_PROXY" };

/* The URL of a method of the server at HOST:PORT; overwritten by the next. */
static char *
url_of(const char *scheme, const char *host, int port)
{
	static char url[200];

	snprintf(url, sizeof(url), "%s://%s:%d/" TOKEN "/sendMessage", scheme,
	    host, port);
	return url;
}

static void
fault_check(const struct http_result *result, const char *part)
{
	const char *text = result->fault.text;

	if (!strstr(text, part) || strstr(text, "SECRET"))
		fail_msg("fault '%s' is not '%s'", text, part);
	assert_false(result->answered);
	assert_int_not_equal(result->fault.what, OUT_OK);
	assert_int_not_equal(result->fault.code, EXIT_DONE);
}

/* Runs until one call is done, 20 s at most. */
static struct http_call *
call_wait(struct http *http)
{
	int64_t until = clock_mono_ms() + 20000;
	struct http_call *call = NULL;

	while (!call && clock_mono_ms() < until) {
		http_run(http, until, -1);
		call = http_done(http);
	}
	if (!call)
		fail_msg("no call ended");
	return call;
}

/* A JSON call that may take MS; *REQUEST may already hold more. */
static struct http_call *
call_make(struct http *http, struct http_request *request, char *url, int ms)
{
	request->url = url;
	request->deadline = clock_mono_ms() + ms;
	if (!request->body && !request->parts) {
		request->body = "{\"chat_id\":1,\"text\":\"first-call\"}";
		request->body_len = strlen(request->body);
	}
	http_start(http, request);
	return call_wait(http);
}

/* A file of SIZE letters 'f'; the caller unlinks and frees. */
static inline char *
test_file_make(long size)
{
	char *path = malloc(300);
	const char *dir = getenv("TMPDIR");
	char block[4096];
	int fd;

	snprintf(path, 300, "%s/leadpipe-http.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	memset(block, 'f', sizeof(block));
	for (; size > 0; size -= (long)sizeof(block))
		assert_true(
		    write(fd, block,
			size < (long)sizeof(block) ? (size_t)size
						   : sizeof(block)) > 0);
	close(fd);
	return path;
}

#endif
