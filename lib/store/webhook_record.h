/* SPDX-License-Identifier: MIT */
/*
 * Whether Telegram brings the updates by webhook, as far as is known here.
 *
 *   (none) -> set -> ends -> (none)
 *
 * Telegram alone knows for sure, and says so to getUpdates: 409, or updates.
 * So the record is written only after setWebhook was done, or when a 409 was
 * heard, and is gone before deleteWebhook is asked for.  Whoever is killed in
 * between leaves no record: poll-updates then asks, and the answer mends it.
 *
 * No offset outlives the change.  By webhook the updates of one chat may be
 * delivered while older ones of another still wait: an offset made of them, or
 * an old one once ids began anew, would confirm what nobody has.  Without one
 * getUpdates begins with the oldest that waits, and what came already is known
 * by its identity.
 */
#ifndef LEADPIPE_WEBHOOK_RECORD_H
#define LEADPIPE_WEBHOOK_RECORD_H

#include <stdbool.h>

#include "store/db.h"

struct webhook_record {
	bool set;
	int64_t at;   /* wall ms: known to be set, or the last update */
	int64_t ends; /* since when it is being deleted, 0: it is not */
	/* Since when Telegram cannot bring updates to it, as was last heard of
	 * it; 0: it can, one has come since. */
	int64_t trouble_at;
};

void webhook_record_load(struct db *db, struct webhook_record *record);

/* The following are called inside a transaction. */

/* It is set; URL (NULL: as before) is where. */
enum outcome webhook_record_set(struct db *db, const char *url, int64_t now,
    struct fault *fault) must_check;

/* It is about to be deleted. */
enum outcome webhook_record_end(struct db *db, int64_t now,
    struct fault *fault) must_check;

/* Telegram cannot bring updates to it, and says WHY; NULL: it can. */
enum outcome webhook_record_trouble(struct db *db, const char *why,
    int64_t now, struct fault *fault) must_check;

/* There is none: updates are polled, and were not missed until NOW. */
enum outcome webhook_record_gone(struct db *db, int64_t now,
    struct fault *fault) must_check;

#endif
