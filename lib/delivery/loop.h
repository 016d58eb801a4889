/* SPDX-License-Identifier: MIT */
/*
 * The event loop that poll-updates and send-due share.
 */
#ifndef LEADPIPE_LOOP_H
#define LEADPIPE_LOOP_H

#include "delivery/delivery.h"
#include "delivery/exchange.h"
#include "delivery/handlers.h"
#include "delivery/poller.h"
#include "store/retention.h"

struct loop {
	struct db *db;
	struct redis *redis; /* NULL: none is configured */
	struct telegram *telegram;
	struct turn *turn;
	struct delivery *delivery;
	struct handlers *handlers;
	struct exchange *exchange;
	const struct config *config;
	int64_t bot_id;
	struct poller *poller; /* NULL: send-due */
	struct retention retention;
	struct command_lock *lock; /* of the poller, NULL: none */
	bool one_pass;	  /* ends when nothing is left to do at once */
	int64_t end;	  /* monotonic ms after which nothing new starts */
	int64_t hard_end; /* monotonic ms by which all is settled */
	int64_t most;	  /* messages to send at the most, 0: any number */
	bool careful;	  /* the last run may have died over a task */
};

/* A command ends within --for plus its longest call's deadline. */
#define LOOP_GRACE_MS 90000

/* A pass through a long backlog leaves the rest to the next run. */
#define LOOP_PASS_MS 60000

/*
 * Opens what the loop needs; db, config and bot_id are set by the caller, who
 * also opens the poller.  FOR_MS counts from STARTED, 0: one pass.  From here
 * on SIGTERM ends the loop, and the process ends at hard_end whatever happens.
 */
enum outcome loop_open(struct loop *loop, const struct worker *worker,
    int64_t started, int64_t for_ms, struct fault *fault) must_check;

/* Closes all of it, the poller too. */
void loop_close(struct loop *loop);

/* What the loop did, as the JSON object of the run's row; the caller frees
 * it. */
char *loop_counts(const struct loop *loop);

/* True when something became dead: a message, a task or an update. */
bool loop_buried(const struct loop *loop);

/*
 * Runs until the end.  OUT_OK also when messages died (the counts tell); else
 * why the run could not do its work.
 */
enum outcome loop_run(struct loop *loop, struct fault *fault) must_check;

#endif
