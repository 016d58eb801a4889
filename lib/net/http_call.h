/* SPDX-License-Identifier: MIT */
/*
 * Inside of net/http: one call, its easy handle, and the loop they share.
 * Easy handles are kept with their static options and used again: setting 30
 * options anew would cost as much as the call itself.
 */
#ifndef LEADPIPE_HTTP_CALL_H
#define LEADPIPE_HTTP_CALL_H

#include <curl/curl.h>

#include "net/http.h"
#include "net/http_loop.h"

/* What libcurl reads a body, or a part of one, from: memory or a file. */
struct http_source {
	struct http_call *call;
	const char *text;
	char *own_text; /* what text points to when it had to be copied */
	int fd;		/* -1: text */
	int64_t at, size;
};

struct http {
	CURLM *multi;
	struct http_loop loop;
	char *proxy, *proxy_setting, *peer, *peer_setting;
	int ip;
	bool proxy_is_bad;
	struct curl_slist *json_headers;
	struct http_call *running, *idle;
	struct http_call *done, *last_done;
	int count;		/* of running */
	int64_t first_deadline; /* of the running ones, or earlier */
};

struct http_call {
	struct http *http;
	struct http_call *next, *prev;
	enum { CALL_IDLE, CALL_RUNNING, CALL_DONE } state;
	CURL *easy;
	int tag;
	int64_t id, deadline;
	char host[128];			 /* fit to be printed */
	const char *peer, *peer_setting; /* for messages; borrowed */
	bool loopback, proxied;
	bool only_reads;    /* libcurl may repeat it */
	bool public_only;   /* no address of a private network */
	bool is_private;    /* ... but this was one */
	const char *custom; /* CURLOPT_CUSTOMREQUEST of the handle */
	bool proxy_is_set;  /* what CURLOPT_PROXY of the handle is */
	int buffer; /* CURLOPT_UPLOAD_BUFFERSIZE of the handle, 0: not set */

	struct http_source body, *parts;
	size_t part_count;
	curl_mime *mime;
	struct curl_slist *headers; /* NULL: those of http */
	int64_t given, total;	    /* body bytes that libcurl took, and all */
	bool begun;		    /* the head of the request may have left */
	bool head_ended;	    /* of the answer */
	char *file;		    /* for messages */
	bool file_broke;
	int file_errno; /* 0: it shrank */
	struct http_result result;
};

/*
 * Prepares CALL for REQUEST.  False with result.fault filled when it cannot
 * even be tried.
 */
bool http_call_prepare(struct http_call *call,
    const struct http_request *request);

/* Sets method and head of the request; false without memory. */
bool http_head_set(struct http_call *call, const struct http_request *request);

/* CURLOPT_HEADERFUNCTION: reads a line of the answer's head. */
size_t http_head_line(char *line, size_t size, size_t count, void *call);

/* Drops what belongs to the request; the answer and the handle stay. */
void http_call_unload(struct http_call *call);

/* Fills the result from how libcurl ended. */
void http_call_settle(struct http_call *call, CURLcode code);

/* Fills result.fault of a call that ended with CODE and without answer. */
void http_fault_set(struct http_call *call, CURLcode code);

/* Sets host and loopback from URL. */
void http_peer_set(struct http_call *call, const char *url);

/* True when TEXT is a proxy that we can use. */
bool http_proxy_valid(const char *text);

#endif
