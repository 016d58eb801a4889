/* SPDX-License-Identifier: MIT */
/*
 * All keys that a template means, and what is in them, for maintenance by
 * hand: SCAN and pages, never KEYS and never all of a list at once.
 */
#ifndef LEADPIPE_KEY_SCAN_H
#define LEADPIPE_KEY_SCAN_H

#include "shared/redis.h"

/* Keys of one step of a scan, and whose they are. */
struct key_ids {
	char **keys;
	int64_t *ids;
	size_t count;
};
void key_ids_release(struct key_ids *ids);

#define KEY_CURSOR_SIZE 24

/*
 * One SCAN for keys like TEMPLATE, which has {user}, {chat} or {id} for a
 * number (the same in all places; {bot}: any); *CURSOR is "0" at first, and
 * again at the end.  The caller releases IDS.
 */
enum outcome key_scan_step(struct redis *redis, const char *template,
    char cursor[KEY_CURSOR_SIZE], struct key_ids *ids, struct fault *fault)
    must_check;

/* Elements of the list at KEY from number FIRST on, or the one text that KEY
 * holds; borrowed. */
struct key_page {
	const char *key;
	int64_t id; /* in the place of {user} or {chat} */
	int64_t first;
	size_t count;
	struct redisReply *const *texts; /* COUNT replies */
};

/* Visits every page of every key like TEMPLATE.  Stops when VISIT does not
 * return OUT_OK.  Keys of other types are logged and passed over. */
enum outcome key_scan(struct redis *redis, const char *template,
    enum outcome (*visit)(const struct key_page *page, void *arg), void *arg,
    struct fault *fault) must_check;

#endif
