/* SPDX-License-Identifier: MIT */
/*
 * Things to be done at a time, some at once: in one transaction, and then in
 * the journal, before anybody is told their ids.
 */
#ifndef LEADPIPE_PLAN_BATCH_H
#define LEADPIPE_PLAN_BATCH_H

#include "ops/run.h"
#include "ops/sharing.h"
#include "store/journal.h"
#include "turn/request.h"

/* A line that was asked for and what became of it. */
struct plan_item {
	struct request request;
	struct request_result result;
	int64_t line;
	struct fault fault; /* OUT_NEVER: refused */
	char *kept;	    /* what the journal says of it */
};

struct plan_batch {
	struct run *run;
	struct turn *turn; /* opened when a schedule is first asked for */
	struct journal journal;
	struct sharing sharing; /* --shared */
	bool dry_run;		/* everything but the commit */
	struct plan_item *items;
	int count;
};

/* Stores them, the refused ones excepted; waits for other writers, 30 s at
 * most. */
enum outcome plan_batch_store(struct plan_batch *batch) must_check;

#endif
