/* SPDX-License-Identifier: MIT */
/*
 * The record: NDJSON, a line for every request as it came ("request"), for
 * its answer ("answer"), for a client that went away ("broken"), and for a
 * new beginning ("reset").
 */
#ifndef CRM_SIM_RECORD_H
#define CRM_SIM_RECORD_H

#include <stdbool.h>
#include <stdio.h>

struct call;
struct sim;

struct record {
	FILE *file;
};

/* Appends. */
bool record_open(struct record *record, const char *path);
void record_reset(struct sim *sim);
void record_request(const struct call *call);
void record_answer(const struct call *call, const char *answer);
void record_broken(const struct call *call, const char *how);
void record_close(struct record *record);

#endif
