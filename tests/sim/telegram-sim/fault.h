/* SPDX-License-Identifier: MIT */
/*
 * What shall go wrong: rules set by the test, each for one kind of request.
 */
#ifndef TELEGRAM_SIM_FAULT_H
#define TELEGRAM_SIM_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct call;

enum fault_kind {
	FAULT_NONE,
	FAULT_429,
	FAULT_500,
	FAULT_502HTML,
	FAULT_TRUNCATED,
	FAULT_REPLY_LOST,
	FAULT_HANG,
	FAULT_SLOW_HEADERS,
	FAULT_409,
	FAULT_401,
	FAULT_404,
	FAULT_GARBAGE,
	FAULT_REDIRECT,
	FAULT_HUGE,
	FAULT_HALF_CLOSE,
	FAULT_RESET,
	FAULT_DROP_HEADERS,
	FAULT_DROP_BODY,
	FAULT_ERROR,
	FAULT_KINDS
};

struct fault_hit {
	enum fault_kind kind;
	bool effect; /* the method still does its work */
	int64_t ms;
	int64_t retry_after;
	int64_t status;
	int64_t migrate_to;
	const char *description;
};

struct fault;

struct faults {
	struct fault *first;
	struct fault *last;
};

/* From {"method","chat","nth","times","kind",...}; false when the kind is
 * unknown. */
bool fault_add(struct faults *faults, const json_t *rule);
void faults_release(struct faults *faults);
const char *fault_name(enum fault_kind kind);

/* The rule that this request falls under. `at_headers` asks before the body
 * has come, when only the method is known. */
struct fault_hit fault_match(struct faults *faults, const char *method,
    int64_t chat_id, bool at_headers);

/* Replaces the answer that the method gave by the broken one. */
void fault_spoil(struct call *call);

#endif
