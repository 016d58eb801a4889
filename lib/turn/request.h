/* SPDX-License-Identifier: MIT */
/*
 * Something to do at a time, as people and programs ask for it: a schedule of
 * the flow, a text, or a method with its parameters.
 */
#ifndef LEADPIPE_REQUEST_H
#define LEADPIPE_REQUEST_H

#include "turn/turn.h"

/* What was asked for; borrowed, NULL: not said. */
struct request_words {
	const char *name, *text, *method;
	const char *params;	 /* JSON object */
	const char *user, *chat; /* an id or @name */
	const char *at;		 /* a time */
	int64_t in_ms;		 /* from now; negative: not said */
};

struct request {
	enum task_kind kind;
	char *user;	    /* id or @name */
	char *name;	    /* TASK_FLOW */
	const char *method; /* TASK_SEND; a constant */
	char *params;
	int64_t due_at;
};

/* When WORDS want it; NOW when they do not say.  OUT_NEVER with EXIT_INPUT. */
enum outcome request_due(const struct request_words *words, int64_t now,
    int64_t *due_at, struct fault *fault) must_check;

/* Checks what can be checked without a database: OUT_NEVER with EXIT_INPUT. */
enum outcome request_make(struct request *request,
    const struct request_words *words, int64_t now, struct fault *fault)
    must_check;

/* The same from a JSON object of the LEN bytes TEXT with the members chat or
 * user; text, method and params, or name; at or in. */
enum outcome request_parse(struct request *request, const char *text,
    size_t len, int64_t now, struct fault *fault) must_check;
void request_release(struct request *request);

/*
 * Inside a transaction: adds the task.  OUT_NEVER with EXIT_INPUT has written
 * nothing.  TURN may be NULL unless it is a schedule of the flow.  *ADDED is
 * false when it was planned already: id and due_at are that one's.
 */
struct request_result {
	int64_t id; /* in: 0, or one of tasks_ids() */
	int64_t chat_id, due_at;
	bool added;
};
enum outcome request_add(const struct request *request, struct db *db,
    struct turn *turn, int64_t now, struct request_result *result,
    struct fault *fault) must_check;

#endif
