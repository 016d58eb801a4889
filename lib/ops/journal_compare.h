/* SPDX-License-Identifier: MIT */
/*
 * The journal held against the database: what was accepted and is not there,
 * and how it comes back.
 */
#ifndef LEADPIPE_JOURNAL_COMPARE_H
#define LEADPIPE_JOURNAL_COMPARE_H

#include "ops/run.h"
#include "store/journal.h"

struct journal_tally {
	int64_t records[JOURNAL_KINDS]; /* an update may be there twice */
	int64_t missing[JOURNAL_KINDS];
	int64_t torn, damaged; /* store/journal_read.h */
	char where[256];       /* the first that is damaged */
};

/* Reads all of JOURNAL and tells each record that the database does not have
 * and that it would still keep. */
enum outcome journal_compare(struct run *run, const struct journal *journal,
    void (*tell)(void *arg, const struct journal_record *record), void *arg,
    struct journal_tally *tally) must_check;

/* What is to be brought back: FROM and TO are both inside. */
struct replay {
	bool by_time;	  /* else by update_id, and updates alone */
	int64_t from, to; /* wall ms, or update ids */
	bool again; /* steps also what the database knows and is done with */
	bool dry_run;
	void (
	    *tell)(void *arg, const char *kind, int64_t id, const char *what);
	void *arg;
};

struct replayed {
	int64_t back[JOURNAL_KINDS]; /* that the database did not have */
	int64_t held;		     /* tasks of them, as they were due */
	int64_t again, known;	     /* updates stepped again; let be */
	int64_t refused;	     /* records that could not be brought */
};

/* "FROM..TO", each a time, an update id or nothing: false when it is none. */
bool replay_parse(const char *text, struct replay *replay);

/*
 * Brings back what JOURNAL (without one: nothing) has and the database does
 * not, some at a time; with AGAIN also has the raw updates that are kept
 * stepped once more.  What the journal damaged is said in the log.
 */
enum outcome replay_run(struct run *run, const struct journal *journal,
    const struct replay *replay, struct replayed *replayed) must_check;

#endif
