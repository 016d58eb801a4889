/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of an inbox have in common, and the functions of those that
 * are one key: inbox_take() and the others.
 */
#ifndef LEADPIPE_INBOX_KEY_H
#define LEADPIPE_INBOX_KEY_H

#include "shared/inbox.h"
#include "shared/script.h"

/* All of one answer together: a step behind it there may be one more. */
#define INBOX_ANSWER_BYTES (2 << 20)
/* Of one that is too large to be read. */
#define INBOX_GLIMPSE 256

/* A further arrival, zeroed. */
struct arrival *inbox_add(struct inbox *inbox);

/* The same of the element NAME, whose ticket, size and tries are at AT of
 * REPLY, judged by these. */
struct arrival *inbox_read(struct inbox *inbox, const char *name,
    const struct redisReply *reply, size_t at);

/* True when REPLY is an error or says that a key is of the wrong type:
 * {'type', key, what it is, what it should be}.  TEXT says so. */
bool inbox_complain(const struct redisReply *reply, char text[200]);

/* Reply INDEX, OUT_NEVER with trouble filled when it complains. */
enum outcome inbox_answer(struct inbox *inbox, struct redis *redis, int index,
    const struct redisReply **reply) must_check;

/* Adds fate and ticket of each that is ours. */
void inbox_fates(const struct inbox *inbox, struct script_words *words);

/* It is somebody else's by now. */
void inbox_lose(struct arrival *arrival);

/* Runs what was added, which says of each arrival whether it is still ours
 * (1); the others are lost. */
enum outcome inbox_held(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

/* Runs what was added; what it complains about is the inbox's trouble. */
enum outcome inbox_settled(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

/* What comes of an arrival that was taken so often or is so large: WHY. */
void inbox_judge(struct arrival *arrival);

enum outcome list_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault) must_check;
enum outcome list_hold(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;
enum outcome list_settle(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

enum outcome stream_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault) must_check;
enum outcome stream_hold(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;
enum outcome stream_settle(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

#endif
