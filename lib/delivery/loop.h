/* SPDX-License-Identifier: MIT */
/*
 * The event loop that poll-updates and send-due share.
 */
#ifndef LEADPIPE_LOOP_H
#define LEADPIPE_LOOP_H

#include "delivery/delivery.h"
#include "delivery/poller.h"

struct loop {
	struct db *db;
	struct telegram *telegram;
	struct turn *turn;
	struct delivery *delivery;
	const struct config *config;
	struct poller *poller;	   /* NULL: send-due */
	struct command_lock *lock; /* of the poller, NULL: none */
	int64_t end;  /* monotonic ms after which nothing new starts; 0: one
			 pass, until nothing is left to do at once */
	int64_t hard_end; /* monotonic ms by which all is settled */
	int64_t most; /* messages to send at the most, 0: any number */
};

/*
 * Runs until the end.  OUT_OK also when messages died (the counts tell); else
 * why the run could not do its work.
 */
enum outcome loop_run(struct loop *loop, struct fault *fault) must_check;

#endif
