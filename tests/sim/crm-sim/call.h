/* SPDX-License-Identifier: MIT */
/* One request and its answer. */
#ifndef CRM_SIM_CALL_H
#define CRM_SIM_CALL_H

#include "fault.h"

#include "sim/telegram-sim/text.h"
#include "sim/telegram-sim/timer.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#define TYPE_JSON "application/json; charset=utf-8"
#define TYPE_HAL "application/hal+json"
#define TYPE_PROBLEM "application/problem+json"
#define TYPE_HTML "text/html; charset=utf-8"

struct sim;

struct call {
	struct sim *sim;
	struct MHD_Connection *connection;
	char *verb;
	char *path;    /* from the first slash on, without the query */
	json_t *query; /* names as sent; a repeated one is an array */
	struct text body;
	json_t *json; /* the body, when it is JSON */
	bool admin;
	bool begun; /* whole, and given to its CRM */
	bool suspended;
	bool slept; /* was suspended at least once */
	int64_t seq;
	int64_t arrived_us;
	struct fault_hit fault;

	unsigned status; /* 0: no answer yet */
	const char *type;
	struct text reply;
	int64_t retry_after; /* s; 0: no such header */
	json_t *created;     /* ids of what this request made; or NULL */
	struct timer timer;
};

const char *call_header(const struct call *call, const char *name);

/* A value of the query; NULL when absent. */
const char *call_query(const struct call *call, const char *name);
int64_t call_query_int(const struct call *call, const char *name,
    int64_t absent);

/* The answer; takes the reference. */
void call_json(struct call *call, unsigned status, const char *type,
    json_t *body);
void call_text(struct call *call, unsigned status, const char *type,
    const char *body);

/* What the record shall know to have come of this request. */
void call_created(struct call *call, int64_t id);

/* Members of an object, whatever the object. */
int64_t member_int(const json_t *object, const char *name, int64_t absent);
const char *member_text(const json_t *object, const char *name);

#endif
