/* SPDX-License-Identifier: MIT */
/*
 * What a record of the journal says, held against the database, and brought
 * back to it: an update as it was received; a lead as it came in, with the
 * marker that a CRM may know it by; a task with all of its row.
 */
#ifndef LEADPIPE_JOURNAL_ITEM_H
#define LEADPIPE_JOURNAL_ITEM_H

#include "base/json.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/leads.h"
#include "store/retention.h"

/* Appends the updates of the JSON array UPDATES, received at NOW, as they are:
 * journal_append(). */
enum outcome journal_updates(const struct journal *journal,
    struct json_slice updates, int64_t now, struct fault *fault) must_check;

/* Inside the transaction that took it: the text of a record; the caller frees
 * it.  NULL for a task that is not there. */
char *journal_lead_text(struct db *db, const struct lead_new *lead,
    const struct lead_taken *taken);
char *journal_task_text(struct db *db, int64_t id);

/* True when the database has it, or had it for as long as it is kept. */
bool journal_known(struct db *db, const struct journal_record *record,
    const struct retention *retention, int64_t now);

enum journal_fate {
	JOURNAL_KNOWN, /* nothing was done */
	JOURNAL_BACK,  /* it waits as when it was accepted */
	JOURNAL_HELD   /* a task that was due: it may have been done */
};

/*
 * Inside a transaction: brings back what the database does not know.  A lead
 * is searched for in the CRM before it is sent; a task that is due by NOW is
 * on hold, as after a restore.  OUT_NEVER/EXIT_INPUT when the record cannot be
 * understood; then nothing was changed.
 */
enum outcome journal_bring(struct db *db, const struct journal_record *record,
    int64_t now, enum journal_fate *fate, struct fault *fault) must_check;

#endif
