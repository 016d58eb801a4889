/* SPDX-License-Identifier: MIT */
/*
 * What somebody is answered who sent a form to a web server: a page in a
 * browser, a line anywhere else.
 */
#ifndef LEADPIPE_VISITOR_H
#define LEADPIPE_VISITOR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "crm/intake.h"

/* True when a browser asks whether a script of another host may send. */
bool visitor_asks_leave(void);

/*
 * Puts into INTAKE what the request says beside the form: its query, and where
 * the visitor is; and the tag "spam?" with a note when a field is filled in
 * that people do not see: _gotcha or _honey.
 */
void visitor_put(struct intake *intake);

/*
 * Where INTAKE wants its sender to go: the path in its field _next, on the site
 * that the form stands on and never on another one.  NULL: nowhere; the caller
 * frees it.
 */
char *visitor_next(const struct intake *intake);

/* The status of what FAULT says. */
int visitor_status(const struct fault *fault);

/* Appends the answer with STATUS, its header included: what TEXT says, or with
 * 200 the way to NEXT (NULL: none). */
void visitor_answer(struct buf *out, int status, const char *text,
    const char *next);

#endif
