/* SPDX-License-Identifier: MIT */
/*
 * How far people come: of those who came to the first step, how many reached
 * each of the others, and how long it took them.
 */
#ifndef LEADPIPE_FUNNEL_COUNT_H
#define LEADPIPE_FUNNEL_COUNT_H

#include <jansson.h>

#include "base/buf.h"
#include "store/db.h"

/*
 * Counts the people who came to the first of STATES (an array of names) for
 * the first time at or after SINCE (wall ms; 0: ever).  *STEPS, the caller's,
 * is an array of {"state", "people", "of_previous", "of_first", "median_ms"}:
 * shares from 0 on, null where nobody was before; the median of the time since
 * the step that a person reached before, null where nobody did.
 */
enum outcome funnel_count(struct db *db, const json_t *states, int64_t since,
    json_t **steps, struct fault *fault) must_check;

/* Appends STEPS as a table for people. */
void funnel_table_add(struct buf *out, const json_t *steps);

#endif
