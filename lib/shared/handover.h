/* SPDX-License-Identifier: MIT */
/*
 * Tasks that are shared with other hosts and programs, in the sorted set
 * `scheduler:tasks`: by score (due, ms) the members that they or we put there.
 *
 * A task has one owner: the SQLite of one host, or the set.  It goes over in
 * two steps under one id, and Redis keeps a note of each member that leadpipe
 * had in its hands (owner: state, due, exporter, claimer, generation), so that
 * whoever is killed between Redis and SQLite asks again and gets the same
 * answer:
 *
 *	out	exporting -> put -> exported -> taken (by a foreign program),
 *		done (by another leadpipe) or claimed back, as below
 *	in	claim under a lease -> claimed -> acknowledged -> owned
 *
 * Of an exported member the note says what became of it.  With a note and out
 * of the set: somebody foreign took it.  With no note: Redis lost its data,
 * and it is put there again.  That Redis went back to older data is seen by
 * its generation, which falls below one that was seen before, or by its epoch,
 * which who sees that renews; then what was settled is taken out once more.
 *
 * Redis gone: nothing is handed over, and what is planned here is done here.
 * What was handed over before belongs to the set until Redis says otherwise:
 * a reminder that waits for Redis is late, not lost, and never doubled.  A
 * minute past its due time it is a dead letter `shared:ID`, which a person may
 * take back (recover-pending --resend).  What was claimed and could not be
 * acknowledged for 10 minutes is done all the same.
 */
#ifndef LEADPIPE_HANDOVER_H
#define LEADPIPE_HANDOVER_H

#include "base/config.h"
#include "shared/redis.h"
#include "store/shared_claims.h"

struct handover;

struct handover_counts {
	int64_t offered;	/* handed over: rows that left `tasks` */
	int64_t exported;	/* Redis has them */
	int64_t claimed, owned; /* came in; now ours to do: turn_shared() */
	int64_t lost;		/* claimed, but somebody else has them */
	int64_t taken, done;	/* ours: by foreign programs, by leadpipe */
	int64_t told;		/* ends that Redis knows now */
	int64_t too_big;	/* or no text at all: are in the poison set */
	int64_t doubted;	/* done though Redis did not answer */
};

/* Which tasks are shared, by LEADPIPE_SHARED_TASKS. */
enum handover_mode {
	HANDOVER_OFF,  /* "off": none, the set is of others */
	HANDOVER_TAKE, /* "false": what others put there is done */
	HANDOVER_BOTH  /* "true": the flow's own go there, too */
};
enum outcome handover_read(const struct config *config,
    enum handover_mode *mode, struct fault *fault) must_check;

/* LEADPIPE_SHARED_TASKS is read; asks nobody.  Needs a database that may be
 * written. */
enum outcome handover_open(struct handover **handover, struct db *db,
    const struct config *config, struct fault *fault) must_check;
void handover_close(struct handover *handover);

/*
 * Outside of transactions: goes on with what is between here and Redis, at
 * most LIMIT of each kind, and claims at most WANT tasks that are due: one
 * round trip, then one short transaction.  *MORE: call again at once.
 *
 * REDIS may be NULL or unusable: then only what needs no Redis is done.
 * OUT_OK also then, and when Redis failed on the way, which its breaker tells;
 * a key of a wrong type is said once and the feature is off for this process.
 * Else it is a fault of the database.
 */
enum outcome handover_round(struct handover *handover, struct redis *redis,
    int limit, int want, bool *more, struct fault *fault) must_check;

/*
 * Looks at what waits in the poison set and in `scheduler:processing`, of
 * which others may have died: what is there in two looks at least 10 minutes
 * apart and was due 10 minutes ago becomes a dead letter `shared:ID`.  A page
 * of LIMIT a call; *MORE: there are further ones.
 */
enum outcome handover_look(struct handover *handover, struct redis *redis,
    int limit, bool *more, struct fault *fault) must_check;

/* True when there is anything that a round could do without a claim. */
bool handover_waits(const struct handover *handover);

/* Who we are to other hosts: in the members that are exported. */
const char *handover_host(const struct handover *handover);

/* Of this process. */
const struct handover_counts *handover_counts(const struct handover *handover);

/* Why the feature is off for this process; NULL: it is not. */
const char *handover_off(const struct handover *handover);

#endif
