/* SPDX-License-Identifier: MIT */
/*
 * What a person decided, done and told: an item, several, or all.
 */
#ifndef LEADPIPE_MENDING_H
#define LEADPIPE_MENDING_H

#include "ops/pending_text.h"
#include "ops/run.h"
#include "store/hold.h"
#include "store/mend.h"

struct mending {
	enum mend how;
	bool dry_run;
};

/* All COUNT items in one transaction, or none; with ITEMS NULL whatever
 * MEND_RETRY applies to.  SAID gets a line for each. */
enum outcome mend_items(struct run *run, const struct mending *mending,
    const struct item_name *items, int count, struct buf *said) must_check;

/* Does what is on hold, of KIND or (NULL) all, some at a time; *COUNTS is how
 * much that was. */
enum outcome mend_release(struct run *run, const char *kind, bool dry_run,
    struct hold_counts *counts) must_check;

#endif
