/* SPDX-License-Identifier: MIT */
/*
 * What is in all keys that a template means, in pages: never all of a long
 * list at once, and of short ones as many in one round trip as a page of a
 * long one has elements.
 */
#ifndef LEADPIPE_KEY_PAGE_H
#define LEADPIPE_KEY_PAGE_H

#include "shared/redis.h"

/* Elements of the list at KEY from number FIRST on, or the one text that KEY
 * holds; borrowed. */
struct key_page {
	const char *key;
	int64_t id; /* in the place of {user} or {chat} */
	int64_t first;
	size_t count;
	struct redisReply *const *texts; /* COUNT replies */
	bool last; /* of its round trip: Redis is asked next */
};

/* Visits every page of every key like TEMPLATE (key_scan_step()).  Stops when
 * VISIT does not return OUT_OK.  Keys of other types are logged and passed
 * over. */
enum outcome key_pages(struct redis *redis, const char *template,
    enum outcome (*visit)(const struct key_page *page, void *arg), void *arg,
    struct fault *fault) must_check;

#endif
