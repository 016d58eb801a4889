/* SPDX-License-Identifier: MIT */
/*
 * The record: NDJSON, a line for every request as it came ("request"), for
 * its answer ("answer"), for a client that went away ("broken"), for updates
 * queued ("update"), brought to a webhook ("deliver"), confirmed ("confirm")
 * and gone ("expire").
 */
#ifndef TELEGRAM_SIM_RECORD_H
#define TELEGRAM_SIM_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct call;
struct sim;
struct update;

struct record {
	FILE *file;
};

/* Appends; *lines is how many there were. */
bool record_open(struct record *record, const char *path, int64_t *lines);

/* Everything before this line belongs to another story. */
void record_reset(struct sim *sim);
void record_request(const struct call *call, json_t *problems);
void record_answer(const struct call *call, const char *answer);
void record_broken(const struct call *call, const char *how);
void record_update(struct sim *sim, const struct update *update);
void record_ids(struct sim *sim, const char *kind,
    const struct update *updates, size_t count);
/* An update was brought to the webhook, for the TRIES-th time; 0: no answer. */
void record_delivery(struct sim *sim, int64_t update_id, int tries,
    long status);
void record_close(struct record *record);

#endif
