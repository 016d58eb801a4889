/* SPDX-License-Identifier: MIT */
/*
 * How sending a lead ends: leads leave `sending` through here only.  Every
 * change is fenced by worker and generation: who lost a lead changes nothing.
 */
#ifndef LEADPIPE_LEAD_SETTLE_H
#define LEADPIPE_LEAD_SETTLE_H

#include "store/lead.h"

/* A note whose reply was lost is looked for after this time: the first may
 * still be on its way, and nobody waits for it. */
#define LEAD_NOTE_MS 60000

/* Why a created lead has a dead letter. */
#define LEAD_TWICE "the CRM has it twice"

/* An unknown lead is searched for this often, then it is sent again. */
#define LEAD_SEARCHES 3

enum lead_end {
	LEAD_CREATED, /* the remote ids; NOTED: nothing is left to do */
	LEAD_NOTED,   /* was created before; now its note is there, too */
	LEAD_AGAIN,   /* what was tried surely did nothing: once more later */
	LEAD_BACK,    /* nothing was tried: as it was, due at once */
	LEAD_UNKNOWN, /* it may exist there: search first */
	LEAD_RESEND,  /* it may, but twice does no harm: send it again */
	LEAD_ABSENT,  /* searched for and not found */
	LEAD_PARKED   /* can never succeed like this: also a dead letter */
};

struct lead_settlement {
	enum lead_end how;
	const char *remote_id, *contact_id; /* NULL: none */
	const char *dropped; /* JSON: what the CRM did not take, NULL: none */
	bool noted;
	bool free;	 /* LEAD_AGAIN: no try was used up */
	int64_t wait_ms; /* LEAD_AGAIN, LEAD_BACK: until it is due; the last
			    LEAD_ABSENT: until it is sent again */
	const char *reason, *remedy;
};

/*
 * Inside a transaction, before a request leaves that may create LEAD: from now
 * on a crash leaves it unknown.  *LOST: it is not WORKER's any more and must
 * not be sent.
 */
enum outcome lead_leaves(struct db *db, struct lead *lead, int64_t worker,
    int64_t now, bool *lost, struct fault *fault) must_check;

/*
 * Inside a transaction, before BODY leaves under a key by which its receiver
 * knows it again: until LEAD is created, or its update told, it is what every
 * further try sends.  *LOST as above.
 */
enum outcome lead_freeze(struct db *db, const struct lead *lead,
    int64_t worker, const char *body, bool *lost, struct fault *fault)
    must_check;

/*
 * Inside a transaction: ends what WORKER does with LEAD.  LEAD_CREATED without
 * NOTED leaves it in the hands of WORKER when KEEPS, which goes on to bring
 * its note and ends that with LEAD_NOTED or LEAD_AGAIN.  *LOST: nothing was
 * changed.
 */
enum outcome lead_settle(struct db *db, const struct lead *lead,
    int64_t worker, const struct lead_settlement *end, bool keeps, int64_t now,
    bool *lost, struct fault *fault) must_check;

/*
 * Inside a transaction: LEAD, claimed with ERRAND_CHECK, was searched for;
 * TWINS: what the CRM has of it where it is there twice, else NULL.
 */
enum outcome lead_checked(struct db *db, const struct lead *lead,
    const char *twins, int64_t now, struct fault *fault) must_check;

/* What WORKER, which is dead, had in hand: *UNKNOWN may exist, *QUEUED surely
 * do not. */
enum outcome leads_orphaned(struct db *db, int64_t worker, int64_t now,
    int *unknown, int *queued, struct fault *fault) must_check;

#endif
