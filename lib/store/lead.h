/* SPDX-License-Identifier: MIT */
/*
 * Stored leads on their way to a CRM.
 *
 *   new, queued(not_before) -> sending(worker, generation)
 *   sending -> created(remote ids) | queued | unknown | parked
 *   unknown(not_before) -> sending, to be searched for -> created | unknown
 *     | queued, to be sent once more
 *   parked, dropped: only a person changes that
 *
 * The errand is what is to be done next, and what decides after a crash: it
 * is committed as `search` before a request that may create the lead leaves,
 * and stays so until an answer settled it.  A dead worker's lead with that
 * errand is unknown, any other goes back to its queue.  A created lead may
 * still have a note to be brought.
 *
 * One that was sent again because nothing was found may be there twice after
 * all: an hour after it was created it is searched for once more.  That only
 * reads, so nobody owns it meanwhile.
 */
#ifndef LEADPIPE_LEAD_H
#define LEADPIPE_LEAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/db.h"

enum errand { ERRAND_SEARCH, ERRAND_CREATE, ERRAND_NOTE, ERRAND_CHECK };
#define ERRANDS 4

/* After this time a CRM finds whatever it has. */
#define LEAD_CHECK_MS (INT64_C(60) * 60 * 1000)

/* The texts belong to it, NULL where nothing is known. */
struct lead {
	int64_t id, generation, chat_id;
	int64_t created_at; /* wall ms: when it came to us */
	int64_t sent_at;    /* when a request that may have created it first
			       left, 0: never */
	int tries;	    /* failures in a row */
	int searches;	    /* without finding it, since it is in doubt */
	enum errand errand; /* what it was claimed for */
	char *marker, *source, *title, *name, *email;
	char *phone, *phone_raw; /* E.164; as written where it is none */
	char *remote_id, *contact_id;
	char *body;	 /* of lead_freeze() */
	json_t *dropped; /* what the CRM did not take, NULL: nothing */
	json_t *details; /* as in struct lead_new; "update": the next text
			    that joined after it had left, instead of "note" */
};

void lead_release(struct lead *lead);

/* Whose leads: those of CRM, and with STRAY those of no CRM at all, which
 * become its with the claim. */
struct lead_scope {
	const char *crm;
	bool stray;
};

/*
 * Inside a transaction: makes the next leads with ERRAND, *COUNT at most,
 * those of WORKER and loads them; *COUNT is how many.  A lead to be created or
 * searched for is `sending` from then on.  One that failed before is created
 * alone: a request that the CRM breaks on takes no neighbour with it twice.
 * One with ERRAND_CHECK is only put off by an hour, should nobody end it.
 */
enum outcome leads_claim(struct db *db, const struct lead_scope *scope,
    enum errand errand, int64_t worker, int64_t now, struct lead *leads,
    size_t *count, struct fault *fault) must_check;

/* How many leads_claim() would find with ERRAND, at most MOST. */
int64_t leads_due(struct db *db, const struct lead_scope *scope,
    enum errand errand, int64_t now, int64_t most);

/* Wall time at which the next one is due, CLOCK_NEVER: none waits. */
int64_t leads_next(struct db *db, const struct lead_scope *scope);

/* The CRM answers again: at most LIMIT of those that wait out a failure are
 * due at NOW; *COUNT is how many were. */
enum outcome leads_hasten(struct db *db, const struct lead_scope *scope,
    int64_t now, int limit, int *count, struct fault *fault) must_check;

/* How many wait for CRM; NULL: in all.  Of any state but created, parked and
 * dropped. */
int64_t leads_waiting(struct db *db, const char *crm);

/* The chat of a lead, 0: it has none. */
int64_t lead_chat(struct db *db, int64_t id);

/* True when a lead waits that is meant for no CRM in particular. */
bool leads_unassigned(struct db *db);

/* A CRM that leads_waiting() counts some for, behind AFTER ("": the first; a lead of no CRM
 * does not count); false at the end.  NAME is borrowed until the next call. */
bool leads_crm(struct db *db, const char *after, const char **name);

#endif
