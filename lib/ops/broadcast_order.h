/* SPDX-License-Identifier: MIT */
/*
 * All that the command line of send-broadcast can say.
 */
#ifndef LEADPIPE_BROADCAST_ORDER_H
#define LEADPIPE_BROADCAST_ORDER_H

#include "bot/audience_words.h"
#include "ops/broadcast_draft.h"
#include "turn/request.h"

struct broadcast_order {
	struct broadcast_words words;
	struct audience_words whom;
	struct request_words when;
	const char *name;
	int64_t rate;
	bool everybody, no_unsubscribe, paid, dry_run, test, yes, again;
	/* About one that is there. */
	bool list, status, watch, pause, resume, cancel, report, bom;
};

#define BROADCAST_ORDER_INIT \
	{ \
		.whom = { .seen_within_ms = -1, .not_seen_ms = -1 }, \
		.when = { \
			.in_ms = -1 \
		} \
	}

/* Ends the process as opt_usage() does when ORDER with OPERANDS, ended by NULL,
 * is not clear. */
void broadcast_order_check(const struct opt_command *command,
    const struct broadcast_order *order, char **operands);

/* Sets when DRAFT begins.  OUT_NEVER, EXIT_INPUT, for what is no time, and for
 * one that is over when nobody is asked. */
enum outcome broadcast_order_time(const struct broadcast_order *order,
    int64_t now, struct broadcast_draft *draft, struct fault *fault)
    must_check;

#endif
