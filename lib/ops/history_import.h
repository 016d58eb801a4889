/* SPDX-License-Identifier: MIT */
/*
 * The message history of another program, taken over into ours: JSON objects
 * with role, text and time, and whose chat it is.
 *
 *	{"user": 42, "role": "user", "text": "Hello", "time": 1700000000}
 *
 * What people call these is understood: content or message for text; at,
 * timestamp, created_at or date for time (seconds, ms or ISO 8601); userId,
 * user_id, chat, chatId or chat_id for user; bot or model for assistant, human
 * or client for user, manager or admin for operator.
 */
#ifndef LEADPIPE_HISTORY_IMPORT_H
#define LEADPIPE_HISTORY_IMPORT_H

#include "ops/run.h"
#include "shared/redis.h"

struct history_import {
	int64_t added, known, refused;
	int64_t chats; /* keys that were read */
};

/* Imports the lines of FILE ("-": stdin). */
enum outcome history_import_file(struct run *run, const char *file,
    struct history_import *import) must_check;

/* Imports the lists that KEY means, "chat:{user}:messages": an object an
 * element, or one string that is an array of them. */
enum outcome history_import_redis(struct run *run, struct redis *redis,
    const char *key, struct history_import *import) must_check;

#endif
