/* SPDX-License-Identifier: MIT */
/*
 * amoCRM (Kommo) API v4: who may ask, how often, and which handler answers.
 * All handlers fill in the call; lists are HAL, refusals problem+json, and
 * nothing found is 204 without a body.
 */
#ifndef CRM_SIM_AMO_H
#define CRM_SIM_AMO_H

#include "amo_token.h"
#include "table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define GATE_SIZE 64

struct call;
struct sim;

struct amo {
	bool english; /* the wording of kommo.com */
	bool unfiltered;
	bool renamed; /* the old subdomain answers no more */
	char *subdomain;
	int64_t limit;	   /* requests a second; 0: any */
	int64_t ban_after; /* refusals; 0: never */
	int64_t arrivals_us[GATE_SIZE];
	size_t arrival;
	int64_t refused;
	bool banned;
	int64_t lag_ms; /* searches see a thing at most that late */
	struct tokens tokens;
	json_t *pipelines;
	json_t *fields; /* "leads" and "contacts": arrays */
	struct table leads;
	struct table contacts;
	struct table notes;
	struct table unsorted;
	struct table events;
};

void amo_start(struct sim *sim);
void amo_reset(struct sim *sim);
void amo_run(struct call *call);

/* {"title", "type", "status", "detail"} */
void amo_problem(struct call *call, unsigned status, const char *title,
    const char *detail);

/* The number in the path: the place of {id}. */
int64_t amo_path_id(const struct call *call);

/* When a search will find what is made now. */
int64_t amo_visible_ms(struct sim *sim);

#endif
