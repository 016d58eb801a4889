/* SPDX-License-Identifier: MIT */
/*
 * Leads that still have a way to go, for people who look.
 */
#ifndef LEADPIPE_LEAD_LIST_H
#define LEADPIPE_LEAD_LIST_H

#include "store/db.h"

/* Texts are borrowed, NULL where nothing is known. */
struct lead_brief {
	int64_t id, not_before, created_at, tries;
	const char *state, *errand, *crm, *name, *phone, *reason;
};

/*
 * Calls VISIT for at most LIMIT leads behind *AFTER (0: from the first),
 * which moves on; returns how many there were.
 */
int leads_list(struct db *db, int64_t *after, int limit,
    void (*visit)(const struct lead_brief *lead, void *arg), void *arg);

#endif
