/* SPDX-License-Identifier: MIT */
#include "ops/cgi.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "crm/form.h"

#define DRAIN_MAX (4 << 20)
#define DRAIN_MS 2000

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

bool
cgi_is_asked(void)
{
	return getenv("REQUEST_METHOD") != NULL ||
	    getenv("GATEWAY_INTERFACE") != NULL;
}

bool
cgi_arguments_are_foreign(int argc, char **argv)
{
	const char *query = variable("QUERY_STRING"), *last;
	bool same;
	char *word;

	if (!cgi_is_asked() || argc < 2 || query == NULL ||
	    strchr(query, '=') != NULL)
		return false;
	last = strrchr(query, '+');
	word = mem_dup(last != NULL ? last + 1 : query);
	form_decode(word, strlen(word));
	/* Some servers put a backslash before what a shell would read. */
	same = strcmp(word, argv[argc - 1]) == 0 ||
	    strchr(argv[argc - 1], '\\') != NULL;
	free(word);
	return same;
}

const char *
cgi_type(void)
{
	return variable("CONTENT_TYPE");
}

const char *
cgi_query(void)
{
	return variable("QUERY_STRING");
}

/* The status for a body that does not come. */
static int
read_body(struct buf *body, size_t len, int64_t deadline)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char piece[16384];

	while (body->len < len) {
		size_t want = len - body->len;
		int ready = poll(&fd, 1, clock_left_ms(deadline));

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return 408;
		ssize_t got = read(STDIN_FILENO, piece,
		    want < sizeof(piece) ? want : sizeof(piece));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return 400; /* the sender went away */
		buf_add(body, piece, (size_t)got);
	}
	return 0;
}

bool
cgi_is_post(void)
{
	const char *method = variable("REQUEST_METHOD");

	return method != NULL && strcmp(method, "POST") == 0;
}

int
cgi_read(struct buf *body, int64_t deadline)
{
	const char *length = variable("CONTENT_LENGTH");
	int64_t len;

	if (!cgi_is_post())
		return 405;
	if (length == NULL)
		return 411;
	if (!json_int((struct json_slice){ length, strlen(length) }, &len) ||
	    len < 0)
		return 400;
	if ((uint64_t)len > body->max)
		return 413;
	return read_body(body, (size_t)len, deadline);
}

void
cgi_drain(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t deadline = clock_mono_ms() + DRAIN_MS;
	char piece[16384];
	ssize_t got;

	for (size_t taken = 0; taken < DRAIN_MAX; taken += (size_t)got) {
		if (poll(&fd, 1, clock_left_ms(deadline)) <= 0)
			return;
		got = read(STDIN_FILENO, piece, sizeof(piece));
		if (got <= 0)
			return;
	}
}

const char *
cgi_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "200 OK" }, { 204, "204 No Content" },
		{ 303, "303 See Other" }, { 400, "400 Bad Request" },
		{ 403, "403 Forbidden" }, { 405, "405 Method Not Allowed" },
		{ 408, "408 Request Timeout" }, { 411, "411 Length Required" },
		{ 413, "413 Content Too Large" },
		{ 415, "415 Unsupported Media Type" },
		{ 503, "503 Service Unavailable" } };

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "500 Internal Server Error";
}

void
cgi_answer_add(struct buf *out, int status, int64_t retry_s, const char *text)
{
	buf_printf(out,
	    "Status: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\n",
	    cgi_reason(status));
	if (status == 405)
		buf_add_text(out, "Allow: POST\r\n");
	if (status == 503)
		buf_printf(out, "Retry-After: %" PRId64 "\r\n", retry_s);
	buf_printf(out, "\r\n%s\n", text);
}
