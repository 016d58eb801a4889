/* SPDX-License-Identifier: MIT */
/*
 * What the event loop exchanges with Redis, between its transactions: tasks
 * that are shared with other programs, and where people are in the dialogs of
 * these.  Nothing here keeps an answer waiting for longer than shared/redis.h
 * allows, and without Redis nothing is missed.
 */
#ifndef LEADPIPE_EXCHANGE_H
#define LEADPIPE_EXCHANGE_H

#include "base/config.h"
#include "shared/redis.h"
#include "turn/turn.h"

struct exchange;

/* REDIS may be NULL: then only what was shared before is looked after. */
enum outcome exchange_open(struct exchange **exchange, struct db *db,
    struct redis *redis, struct turn *turn, const struct config *config,
    int64_t bot, struct fault *fault) must_check;
void exchange_close(struct exchange *exchange);

/* Before what people write is stepped: asks where others left them. */
void exchange_ask(struct exchange *exchange);

/* Inside a transaction: what came in becomes tasks.  *MORE: some is left. */
enum outcome exchange_take(struct exchange *exchange, int64_t now, bool *more,
    struct fault *fault) must_check;

/* After a commit: there may be something to tell. */
void exchange_committed(struct exchange *exchange);

/* True when there is something to be told, or it is time to look for tasks
 * that are due. */
bool exchange_is_due(const struct exchange *exchange);

/* Outside of transactions: tells and asks, in a round trip or two.  True when
 * exchange_take() has something to do, or this is to be called again at
 * once. */
bool exchange_round(struct exchange *exchange);

#endif
