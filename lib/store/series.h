/* SPDX-License-Identifier: MIT */
/*
 * What the status page saw each time it was rendered: numbers by quarters of
 * an hour, how long each day was spent in which state, and each trouble from
 * its begin to its end.  When nobody looked nothing is claimed.
 */
#ifndef LEADPIPE_SERIES_H
#define LEADPIPE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define INCIDENTS_KEPT_MS (INT64_C(90) * 24 * 60 * 60 * 1000)

/* Badness as kept, in its order. */
enum series_state {
	SERIES_OK,
	SERIES_UNKNOWN,
	SERIES_WARNING,
	SERIES_CRITICAL
};

struct sample {
	int64_t at;	/* wall ms */
	int64_t day;	/* its number in the calendar of the page's reader */
	int64_t gap_ms; /* who looked longer ago than this saw nothing */
	enum series_state state;
	int64_t queue, late_ms, leads, lead_ms;
};

/* Something that is wrong, known by its key. */
struct incident {
	const char *key, *text; /* borrowed */
	enum series_state state;
	int64_t began_at;
	int64_t ended_at; /* 0: it lasts */
};

/* Inside a transaction: what is seen now.  TROUBLES are all that last; the
 * others end.  One that comes back within ten minutes never was away. */
enum outcome series_record(struct db *db, const struct sample *sample,
    const struct incident *troubles, size_t count, struct fault *fault)
    must_check;

/* Tells VISIT of the quarters of an hour that begin at FROM or later; `at` is
 * when; numbers are the worst of each. */
void series_samples(struct db *db, int64_t from,
    void (*visit)(const struct sample *sample, void *arg), void *arg);

struct series_day {
	int64_t day, ok_ms, warning_ms, critical_ms;
};
void series_days(struct db *db, int64_t from,
    void (*visit)(const struct series_day *day, void *arg), void *arg);

/* Tells VISIT of at most MOST incidents, the youngest first. */
void series_incidents(struct db *db, int most,
    void (*visit)(const struct incident *incident, void *arg), void *arg);

/* When the last incident ended, 0: none did. */
int64_t series_calm_since(struct db *db);

/* Inside a transaction: deletes what no page shows any more. */
void series_prune(struct db *db, int64_t now);

#endif
