/* SPDX-License-Identifier: MIT */
/*
 * Leads as they come in from outside, some at a time: read into a queue, then
 * stored together.  Nothing is accepted before reception_store().
 */
#ifndef LEADPIPE_RECEPTION_H
#define LEADPIPE_RECEPTION_H

#include "crm/intake.h"
#include "ops/run.h"
#include "store/journal.h"

/* Of one transaction. */
#define RECEPTION_BATCH 500
#define RECEPTION_BYTES (4 << 20)

struct reception_item {
	struct intake intake;
	struct lead_new lead;
	struct lead_taken taken; /* after reception_store() */
	char *key, *file;
	char *kept; /* what the journal says of it */
	int64_t line;
};

struct reception {
	struct run *run;
	const char *source; /* NULL: as each says itself */
	const char *region;
	int64_t join_ms;
	bool dry_run; /* everything but the commit */
	struct journal journal;
	struct reception_item *items;
	int count; /* in the queue */
	size_t bytes;
	int64_t added, joined, known; /* so far */
};

/* What CONFIG says of leads: LEADPIPE_LEAD_JOIN, and LEADPIPE_PHONE_REGION
 * (NULL: not set; CONFIG's).  A wrong one is refused by name (EXIT_CONFIG). */
enum outcome reception_settings(const struct config *config, int64_t *join_ms,
    const char **region, struct fault *fault) must_check;

/* Reads these settings, and asks whether the journal can be written. */
enum outcome reception_open(struct reception *reception, struct run *run)
    must_check;
void reception_close(struct reception *reception);

/* An empty intake to be filled, the same until reception_keep(). */
struct intake *reception_intake(struct reception *reception);

/*
 * Queues what was filled: KIND is what it is when nobody says ("csv"); with
 * FILE (a name, or "" for a line of a table) the same text is the same lead
 * for ever, without it (NULL) only soon after.  True when the queue is full.
 */
bool reception_keep(struct reception *reception, const char *kind,
    const char *file, int64_t line);

/* What TEXT, one lead, is: "json" or "form". */
const char *reception_kind(const char *text);

/* Stores the queue in one transaction, waiting WAIT_MS for other writers, and
 * then in the journal. */
enum outcome reception_store(struct reception *reception, int64_t wait_ms)
    must_check;

/* How many sources are in the database: added, joined or known. */
int64_t reception_total(const struct reception *reception);

/* Empties the queue. */
void reception_clear(struct reception *reception);

#endif
