/* SPDX-License-Identifier: MIT */
/*
 * HTTP calls, all through one libcurl multi handle.
 *
 * What holds for every call: an absolute deadline, also when DNS is silent;
 * libcurl repeats nothing but a GET (bodies come from a read callback that
 * cannot be rewound); the result says whether the whole request can have left;
 * TLS is verified; redirects are not followed; the answer is capped; no text
 * ever holds the URL, a header or a credential.
 */
#ifndef LEADPIPE_HTTP_H
#define LEADPIPE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "net/http_options.h"

struct http;	  /* the multi handle and its reused easy handles */
struct http_call; /* one call, from http_start() to http_call_free() */

/* One file or field of a multipart body. */
struct http_part {
	const char *name;
	const char *text;     /* a field, or NULL for a file */
	const char *file;     /* path; streamed, never held in memory */
	const char *filename; /* as told to the server */
};

enum http_method { HTTP_POST, HTTP_GET, HTTP_PATCH, HTTP_DELETE };

struct http_request {
	enum http_method method;
	const char *url;  /* secret: may hold a token */
	const char *body; /* JSON; NULL: parts, or an empty POST; not of GET */
	size_t body_len;
	const char *content_type;      /* NULL: application/json */
	const struct http_part *parts; /* multipart; a file comes last */
	size_t part_count;
	const char *const *headers; /* further "Name: value" lines */
	size_t header_count;
	/* Whom messages name instead of http_options.peer; not copied. */
	const char *peer, *peer_setting;
	bool public_only;   /* refuse an address of a private network */
	int64_t deadline;   /* monotonic ms */
	int64_t connect_ms; /* for DNS, connect, TLS; 0: 10 s */
	size_t max_answer;  /* bytes; 0: 1 MiB */
	int tag;	    /* the caller's: http_call_tag() */
	int64_t id;	    /* the caller's: http_call_id() */
};

/* How far the request got. */
enum http_left {
	HTTP_NOT_LEFT, /* the peer cannot have the whole request: safe */
	HTTP_LEFT      /* it may have it: an answerless call is ambiguous */
};

struct http_result {
	bool answered; /* a whole HTTP answer came */
	int status;    /* its status, 0 without one */
	enum http_left left;
	bool timed_out;
	int64_t retry_after_ms; /* of the Retry-After header, 0: none */
	char request_id[80];	/* of X-Request-Id, fit to be printed */
	struct buf body;	/* what came, capped */
	struct fault fault; /* OUT_OK, or why there is no answer: what failed
			       (DNS, connect, TLS, proxy, timeout ...), and
			       which setting mends it */
};

/* Never fails but for memory; loads libcurl on first use. */
struct http *http_open(const struct http_options *options);

/* Drops what is under way. */
void http_close(struct http *http);

/* Starts a call, copying REQUEST; nothing is sent before http_run(). */
struct http_call *http_start(struct http *http,
    const struct http_request *request);

/* Moves all calls on until one is done, WAKE_FD (-1: none) is readable, or
 * UNTIL (monotonic ms).  Deadlines of calls are kept whatever UNTIL says. */
void http_run(struct http *http, int64_t until, int wake_fd);

/* The next finished call or NULL; it stays valid until http_call_free(). */
struct http_call *http_done(struct http *http);

/* Takes CALL, the only one, to its end and frees it; RESULT->body is yours. */
void http_finish(struct http *http, struct http_call *call,
    struct http_result *result);

/* Ends a call, under way or done, without result, and frees it. */
void http_cancel(struct http_call *call);

/* HTTP_NOT_LEFT: the peer cannot have the whole request, stopping is safe. */
enum http_left http_call_left(const struct http_call *call);

/* Of a finished call; the caller's tag and id of any. */
struct http_result *http_call_result(struct http_call *call);
int http_call_tag(const struct http_call *call);
int64_t http_call_id(const struct http_call *call);
void http_call_free(struct http_call *call);

/* How many calls are under way. */
int http_running(const struct http *http);

#endif
