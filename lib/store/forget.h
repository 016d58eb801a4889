/* SPDX-License-Identifier: MIT */
/*
 * A person is forgotten: no row says anything of them any more, nor does a
 * page or the WAL keep what the rows said.
 *
 *   forget_delete   all rows in one transaction, which also notes in `meta`
 *                   that forgetting is under way, and of whom
 *   (the journal)   store/forget_journal.h
 *   forget_scrub    empties pages and WAL; then the note goes
 *
 * Killed anywhere, the note has the next run finish it.
 *
 * What stays names nobody: update_id and hash of an update, so that it is not
 * stepped again when Telegram repeats it; of what operators were told an empty
 * row, so that their answer to it reaches nobody.
 */
#ifndef LEADPIPE_FORGET_H
#define LEADPIPE_FORGET_H

#include <jansson.h>

#include "store/forget_subject.h"

/*
 * What there is of SUBJECT, whose lists are filled: an object of counts by
 * kind, which the caller releases; NULL on an error, which db_result() tells.
 */
json_t *forget_counts(struct db *db, const struct subject *subject);

/* Their leads, an array of objects with id, state, unsent (the CRM may not
 * have it), crm, remote_id, contact_id and marker, as far as known. */
json_t *forget_leads(struct db *db, const struct subject *subject);

/* The other chats in which the bot spoke of them, an array of ids. */
json_t *forget_told(struct db *db, const struct subject *subject);

/* Why they cannot be forgotten now. */
enum forget_wait {
	FORGET_FREE,
	FORGET_SENDING, /* a message or a lead is on its way: soon */
	FORGET_HANDLER, /* a handler works for them */
	FORGET_QUOTED	/* an update of somebody else that names them is not
			   stepped yet */
};

/*
 * Deletes all of it in one transaction; with *WAIT not FORGET_FREE nothing was
 * changed and OUT_LATER is returned.  UNSENT: also the leads that the CRM may
 * not have; else OUT_NEVER/EXIT_REFUSED when there are any.
 */
enum outcome forget_delete(struct db *db, struct subject *subject, bool unsent,
    int64_t now, int64_t deadline, enum forget_wait *wait, struct fault *fault)
    must_check;

/* From now on this connection overwrites what it deletes, also on pages that
 * become free; the two below see to it. */
enum outcome forget_securely(struct db *db, struct fault *fault) must_check;

/* True when forgetting was begun and not finished; SUBJECT is then of whom, as
 * far as what is left needs it. */
bool forget_unfinished(struct db *db, struct subject *subject);

/* Only whether. */
bool forget_begun(struct db *db);

/*
 * Has the database written anew (ALL, which takes as much space again and
 * keeps writers waiting for as long), or only gives free pages back; then
 * empties the WAL.  OUT_LATER when another writer, or a reader, keeps it from
 * a step for WAIT_MS; everything can be done again.
 */
enum outcome forget_scrub(struct db *db, bool all, int64_t wait_ms,
    struct fault *fault) must_check;

#endif
