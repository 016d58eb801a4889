/* SPDX-License-Identifier: MIT */
/*
 * Numbers about leads, for healthcheck.
 */
#ifndef LEADPIPE_LEAD_STATS_H
#define LEADPIPE_LEAD_STATS_H

#include "store/db.h"

struct lead_stats {
	int64_t waiting, oldest_at; /* neither created, parked nor dropped */
	int64_t unknown, unknown_since;
	int64_t parked, parked_since;
	int64_t untold, untold_since;	  /* created, but their note fails */
	int64_t doubled, doubled_since;	  /* the CRM has them twice */
	int64_t stripped, stripped_since; /* lost a field, in a day */
	int64_t any;			  /* there are leads at all */
};

enum outcome lead_stats_count(struct db *db, int64_t now,
    struct lead_stats *stats, struct fault *fault) must_check;

#endif
