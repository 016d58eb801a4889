/* SPDX-License-Identifier: MIT */
/*
 * The set of shared tasks as it is shown to people: never read as a whole.
 */
#ifndef LEADPIPE_HANDOVER_LIST_H
#define LEADPIPE_HANDOVER_LIST_H

#include "shared/redis.h"

/* How many tasks the set has, and how many of them are due.  OUT_LATER: Redis
 * does not answer; OUT_NEVER: it is no sorted set. */
enum outcome handover_size(struct redis *redis, int64_t *all, int64_t *due,
    struct fault *fault) must_check;

/*
 * A page of the set by due time, the first being FROM (0 at first): at most
 * `limit` members, each cut to 4096 bytes.  *COUNT: how many came, 0 at the
 * end.
 */
struct handover_member {
	int64_t due_at;
	const char *text; /* may hold anything; LEN bytes */
	size_t len, size; /* size: before it was cut */
};
struct handover_page {
	int limit;
	void (*visit)(const struct handover_member *member, void *arg);
	void *arg;
};
enum outcome handover_page(struct redis *redis,
    const struct handover_page *page, int64_t from, int *count,
    struct fault *fault) must_check;

#endif
