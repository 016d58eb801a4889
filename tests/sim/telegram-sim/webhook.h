/* SPDX-License-Identifier: MIT */
/*
 * Bringing updates to the bot's webhook: one of a chat at a time, the next one
 * after a 2xx; what is refused is brought again, at once, then after 2, 4, 8 s
 * up to a minute, or when Retry-After says.  With --local only, as the URL may
 * then be of this machine; else a webhook is set and nothing comes.
 */
#ifndef TELEGRAM_SIM_WEBHOOK_H
#define TELEGRAM_SIM_WEBHOOK_H

#include "timer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;
struct call;
struct delivery;

struct webhook {
	char *url; /* NULL: none is set */
	char *secret;
	int64_t connections;
	void *multi;
	struct timer timer;
	struct delivery *first; /* under way */
	int under_way;
	int64_t tries;
	int64_t delivered;
	int64_t failed;
	int64_t error_date;
	char error[200];
};

void webhook_set(struct call *call);
void webhook_delete(struct call *call);
void webhook_info(struct call *call);

/* Updates may have come: brings what can be brought now. */
void webhook_wake(struct sim *sim);

/* What was brought, for GET /sim/stats. */
json_t *webhook_view(const struct webhook *webhook);
void webhook_release(struct sim *sim);

#endif
