/* SPDX-License-Identifier: MIT */
/*
 * The words of one call of a script, gathered one by one, and what it says in
 * answer.
 */
#ifndef LEADPIPE_SCRIPT_H
#define LEADPIPE_SCRIPT_H

#include "shared/redis.h"

struct script_words {
	char **at;
	int count, size;
};

void script_text(struct script_words *words, const char *text);
void script_number(struct script_words *words, int64_t number);
/* PREFIX and NAME as one word. */
void script_key(struct script_words *words, const char *prefix,
    const char *name);

/* Adds the call to the next round trip (redis_add_script()), its first KEYS
 * words are keys; the words are gone then. */
void script_call(struct script_words *words, struct redis *redis,
    const struct redis_script *script, int keys);

/* Forgets the words. */
void script_drop(struct script_words *words);

/* A part of an array's reply: NULL or OTHERWISE when it is not there or of
 * another kind.  A number may come as text. */
const struct redisReply *script_part(const struct redisReply *reply,
    size_t index);
const char *script_part_text(const struct redisReply *reply, size_t index);
int64_t script_part_number(const struct redisReply *reply, size_t index,
    int64_t otherwise);

/* True when REPLY is an array that begins with WORD. */
bool script_says(const struct redisReply *reply, const char *word);

#endif
