/* SPDX-License-Identifier: MIT */
/*
 * What shall go wrong: rules set by the test, each for some requests, and
 * chance, which picks requests and misfortunes by a seed.
 */
#ifndef CRM_SIM_FAULT_H
#define CRM_SIM_FAULT_H

#include "chance.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct call;

enum fault_kind {
	FAULT_NONE,
	FAULT_DROP,	  /* closed, nothing done */
	FAULT_REPLY_LOST, /* done, closed without an answer */
	FAULT_RESET,	  /* done, RST */
	FAULT_CUT,	  /* done, half of the announced answer */
	FAULT_HANG,	  /* done at once, answered after ms */
	FAULT_LATE,	  /* done, and answered, after ms */
	FAULT_TRUNCATED,  /* done, 200 with half of the JSON */
	FAULT_EMPTY,	  /* done, 200 with nothing */
	FAULT_GARBAGE,	  /* done, 200 with a page of HTML */
	FAULT_BAD_ITEM,	  /* one entity of a batch is refused */
	FAULT_401,
	FAULT_402,
	FAULT_403,
	FAULT_403HTML,
	FAULT_404HTML,
	FAULT_429,
	FAULT_429HTML,
	FAULT_500,
	FAULT_502HTML,
	FAULT_503HTML,
	FAULT_504HTML,
	FAULT_SYSTEM_ERROR, /* amoCRM: 400 that is no fault of ours */
	FAULT_ERROR,	    /* status, type and body as the rule says */
	FAULT_KINDS
};

struct fault_hit {
	enum fault_kind kind;
	bool effect; /* the request still does its work */
	int64_t ms;  /* of the simulator's clock */
	int64_t retry_after;
	int64_t item;
	const json_t *rule;
};

struct faults {
	json_t *rules;
	json_t *chaos; /* {"probability", "reads", "kinds", "path" ...} */
	json_t *deck;  /* kinds not drawn yet */
	int64_t hits;
};

/* From {"kind", ...}; false when the kind is unknown. */
bool fault_add(struct faults *faults, const json_t *rule);

/* Replaces what chance may do; false when a kind is unknown. */
bool fault_chaos(struct faults *faults, const json_t *chaos);
void faults_release(struct faults *faults);
const char *fault_name(enum fault_kind kind);

/* What befalls a request. */
struct fault_hit fault_match(struct faults *faults, struct chance *chance,
    const char *verb, const char *path);

/* Puts the broken answer in the place of the good one. */
void fault_spoil(struct call *call);

#endif
