/* SPDX-License-Identifier: MIT */
/*
 * A request that a web server hands over: RFC 3875, the part that a form and a
 * webhook need.
 */
#ifndef LEADPIPE_CGI_H
#define LEADPIPE_CGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* True when a web server started us. */
bool cgi_is_asked(void);

/*
 * True when the words of the command line are the visitor's: a server passes a
 * query without = as arguments (section 4.4), and they could be options.
 */
bool cgi_arguments_are_foreign(int argc, char **argv);

/* True for POST, the only method that anything here takes: else 405. */
bool cgi_is_post(void);

/* What a request must be; the status to answer, 0: it is fine.  BODY (whose
 * limit is the largest that is taken) is read until DEADLINE (monotonic ms). */
int cgi_read(struct buf *body, int64_t deadline);

/* Takes what is left of a body that is refused, 4 MB and 2 s at most: fcgiwrap
 * answers 502 in our place when it finds nobody who reads. */
void cgi_drain(void);

/* The media type and the query of the request, NULL: none. */
const char *cgi_type(void);
const char *cgi_query(void);

/* "405 Method Not Allowed" of 405. */
const char *cgi_reason(int status);

/* Adds a whole answer to OUT: a plain TEXT, and with 503 after how many seconds
 * to try again. */
void cgi_answer_add(struct buf *out, int status, int64_t retry_s,
    const char *text);

#endif
