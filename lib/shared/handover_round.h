/* SPDX-License-Identifier: MIT */
/*
 * A round of handover_round(): what is asked, what is answered, and what
 * follows from it.
 */
#ifndef LEADPIPE_HANDOVER_ROUND_H
#define LEADPIPE_HANDOVER_ROUND_H

#include "shared/handover_state.h"

struct round {
	struct handover *h;
	int64_t now;
	char *epoch; /* of Redis as it was known; NULL: not at all */
	int64_t gen;
	struct shared_task *tasks;
	int count;
	bool full;			      /* a page of them */
	bool tells, claims;		      /* what was asked */
	const struct redisReply *said, *took; /* NULL: not asked */
	const char *new_epoch;
	int64_t new_gen, spoilt;
};

/* What there is to be told and asked, at most LIMIT of each kind. */
void handover_round_read(struct round *round, int limit);
void handover_round_release(struct round *round);

/* The name of what the script does for TASK. */
const char *handover_round_op(const struct shared_task *task);

/* Adds it, and a claim of WANT, to the next round trip. */
void handover_round_ask(struct round *round, struct redis *redis, int want);

/* What came back of it; false: nonsense. */
bool handover_round_understand(struct round *round,
    const struct redisReply *tells, const struct redisReply *claims);

/* Writes what follows; *MORE: there is further work. */
enum outcome handover_round_write(struct round *round, int limit, bool *more,
    struct fault *fault) must_check;

#endif
