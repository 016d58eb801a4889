/* SPDX-License-Identifier: MIT */
/*
 * Sending: what is due is promoted, the heads of the lanes are marked
 * `sending`, and only after that is committed do their requests leave; what
 * came back is settled in the next transaction.  poll-updates and send-due
 * share this; each turn of their event loop is
 *
 *	delivery_collect()   answers that came, no database
 *	db_begin()
 *	delivery_settle()    what finished
 *	... step what arrived, promote tasks, go on with broadcasts ...
 *	delivery_claim()     mark the next heads `sending`
 *	db_commit()
 *	delivery_start()     only now the requests
 */
#ifndef LEADPIPE_DELIVERY_H
#define LEADPIPE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "shared/redis.h"
#include "store/worker.h"
#include "telegram/client.h"
#include "turn/turn_broadcast.h"

struct delivery;

/* Tags of calls that are not the delivery's begin here. */
#define DELIVERY_TAGS 100

struct delivery_counts {
	int64_t sent, retried, ambiguous, dead, blocked, expired, limited;
};

/* Reads LEADPIPE_LIMIT_* and LEADPIPE_SEND_SLOTS. */
enum outcome delivery_open(struct delivery **delivery, struct db *db,
    struct telegram *telegram, struct turn *turn, const struct worker *worker,
    const struct config *config, struct fault *fault) must_check;
void delivery_close(struct delivery *delivery);

/* Others send for BOT as well, and REDIS (which may be NULL) tells what all of
 * them may, if the configuration says so; before delivery_claim(), outside of
 * transactions, it is asked. */
void delivery_share(struct delivery *delivery, struct redis *redis,
    int64_t bot);
void delivery_ask_limit(struct delivery *delivery, int64_t now);

/* Whether delivery_open() would take the settings it reads. */
enum outcome delivery_check_config(const struct config *config,
    struct fault *fault) must_check;

/*
 * Takes finished calls.  One that is not the delivery's (tag DELIVERY_TAGS or
 * above) is handed back through *OTHER, which is freed by the caller; true
 * then: call again.
 */
bool delivery_collect(struct delivery *delivery, struct http_call **other);

/* True when there are answers to settle; when much more is under way than
 * came: waiting a moment for some of it saves transactions. */
bool delivery_has_results(const struct delivery *delivery);
bool delivery_expects(const struct delivery *delivery);

enum outcome delivery_settle(struct delivery *delivery, int64_t now,
    struct fault *fault) must_check;

/* The transaction failed: what was settled in it is to be settled again, what
 * was claimed in it is forgotten. */
void delivery_undo(struct delivery *delivery);

/* The transaction was committed: results are done with, requests of what was
 * claimed leave. */
void delivery_start(struct delivery *delivery);

/* Claims ready heads, as far as slots and limits go.  *MORE tells that more is
 * ready at once. */
enum outcome delivery_claim(struct delivery *delivery, int64_t now, bool *more,
    struct fault *fault) must_check;

/* How much can be sent; whether the bot, or a broadcast, is at its limit of
 * messages a second and goes on within one. */
struct turn_pace delivery_pace(const struct delivery *delivery);
bool delivery_throttled(struct delivery *delivery, int64_t now);

/* The next delivery_claim() claims at most LEFT heads; negative: any. */
void delivery_limit(struct delivery *delivery, int64_t left);

/* Wall time at which something may become ready or due; CLOCK_NEVER: only a
 * new row changes that. */
int64_t delivery_next(struct delivery *delivery);

/* How many messages are on their way.  Ends them: what has not left goes back
 * to its queue, what has left is ambiguous; both become results for a last
 * delivery_settle(). */
int delivery_in_flight(const struct delivery *delivery);
void delivery_abandon(struct delivery *delivery);

/* Why not one request of this run was answered; OUT_OK: one was, or none was
 * sent. */
enum outcome delivery_reached(const struct delivery *delivery,
    struct fault *fault) must_check;

/* Sending is stopped by the configuration (token, webhook): why; else NULL. */
const struct fault *delivery_stopped(const struct delivery *delivery);

const struct delivery_counts *delivery_counts(const struct delivery *d);

#endif
