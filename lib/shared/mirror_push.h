/* SPDX-License-Identifier: MIT */
/*
 * The mirror of this state in Redis, for programs that show it and for a host
 * that takes over: what people said and where they are.  Nothing is ever read
 * back from it here (design.md 5, I9).
 *
 *   lp:chat:BOT:CHAT     hash: the fields of the chat, epoch and ver
 *   lp:history:BOT:CHAT  list: the last messages, a JSON object each
 *   lp:mirror:BOT        hash: epoch, so that a Redis that lost all is known
 *
 * The epoch is when this state was begun or restored, ver grows with every
 * change of the chat; a lower pair never takes the place of a higher one.  All
 * variables are in it, also those that the flow calls personal, as is what was
 * said: whoever may not read that may not read this Redis.
 */
#ifndef LEADPIPE_MIRROR_PUSH_H
#define LEADPIPE_MIRROR_PUSH_H

#include "shared/redis.h"

struct mirror_options {
	bool wanted;	 /* LEADPIPE_MIRROR, yes unless said */
	int64_t history; /* LEADPIPE_MIRROR_HISTORY: messages a chat (100) */
	int64_t life_ms; /* of a chat that nothing happens in, as long as its
			  * messages are kept; RETENTION_EVER: for ever */
};

enum outcome mirror_read(const struct config *config,
    struct mirror_options *options, struct fault *fault) must_check;

/*
 * Brings the mirror up to date, as far as the time of REDIS goes: *USERS were
 * told, *MORE are left to the next run, which goes on.  Killed anywhere, what
 * was told is told again, which changes nothing.  OUT_NEVER/EXIT_REFUSED:
 * a newer state of this bot writes the mirror, and ours must not; or a key is
 * not what it should be, then all others were told.
 */
enum outcome mirror_push(struct redis *redis, struct db *db, int64_t bot,
    const struct mirror_options *options, int64_t *users, bool *more,
    struct fault *fault) must_check;

#endif
