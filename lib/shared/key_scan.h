/* SPDX-License-Identifier: MIT */
/*
 * All keys that a template means, for maintenance by hand: SCAN, never KEYS.
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

#endif
