/* SPDX-License-Identifier: MIT */
/*
 * One request and its answer. A method fills in the answer by call_ok or
 * call_fail; when it returns without either, the answer comes later and
 * call_settle sends it on its way.
 */
#ifndef TELEGRAM_SIM_CALL_H
#define TELEGRAM_SIM_CALL_H

#include "fault.h"
#include "text.h"
#include "timer.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;

struct upload {
	char *field;
	char *name;
	uint64_t size;
	uint64_t hash;
	struct upload *next;
};

struct call {
	struct sim *sim;
	struct MHD_Connection *connection;
	struct MHD_PostProcessor *form;
	struct text body;
	json_t *params;
	struct upload *uploads;
	char *path; /* without the token */
	bool post;
	bool admin;
	bool begun; /* a method has seen it */
	bool suspended;
	bool slept; /* was suspended at least once */
	bool answered;
	int token_status; /* 0, 401 or 404 */
	int64_t seq;
	int64_t chat_id;
	int64_t started_us;
	uint64_t body_len; /* bytes of the body so far */
	struct fault_hit fault;

	unsigned status; /* 0: no answer yet */
	struct text reply;
	int retry_after;
	int64_t effect;	 /* first message id; 0: nothing */
	json_t *effects; /* of an album: all its ids */
	struct timer timer;
	size_t trickled;
};

/* Starts a good answer; the caller adds the result and call_ok_end. */
struct text *call_ok(struct call *call);
void call_ok_end(struct call *call);
void call_true(struct call *call);

/* A refusal with the server's prefix for the code added: 400 with
 * "chat not found" reads "Bad Request: chat not found". */
void call_fail(struct call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The description as it is; migrate_to 0: no parameters. */
void call_refuse(struct call *call, unsigned status, const char *description,
    int64_t migrate_to);
void call_flood(struct call *call, int retry_after);

/* The answer is there: record it, wait as long as told, send it. */
void call_settle(struct call *call);

/* Parameters, whether they came as JSON or as a form. */
int64_t param_int(const struct call *call, const char *name, int64_t absent);
const char *param_text(const struct call *call, const char *name);
bool param_true(const struct call *call, const char *name);

/* An array or object, also when it came as a string of JSON; NULL when
 * absent; *bad is set when it cannot be read. A new reference. */
json_t *param_json(const struct call *call, const char *name, bool *bad);

struct upload *call_upload(const struct call *call, const char *field);

/* The bot's methods (method.c) and the test's (admin.c). */
void method_run(struct call *call);
void admin_run(struct call *call);

#endif
