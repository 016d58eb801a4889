/* SPDX-License-Identifier: MIT */
/*
 * When to try again: a time for a row, never a sleep.
 */
#ifndef LEADPIPE_RETRY_H
#define LEADPIPE_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct retry {
	int64_t step_ms[4];	  /* the first waits; 0 ends the list */
	int64_t grow_ms, most_ms; /* then grow_ms doubling up to most_ms */
	bool never_earlier;	  /* jitter is up to a tenth more, no less */
};

/* Telegram: 1 s, 5 s, 15 s, then 1 min growing to 15 min (design.md 2.4). */
extern const struct retry retry_telegram;

/* CRM: 2 s, 4 s, then 5 min growing to 1 h, for ever (design.md 2.6). */
extern const struct retry retry_crm;

/*
 * Milliseconds to wait before try TRIES + 1, where TRIES (>= 1) have failed:
 * d/2 + random(d/2) ("equal jitter") for the first steps, which keeps their
 * order of magnitude, random(d) but at least a quarter of d above a minute.
 */
int64_t retry_wait_ms(const struct retry *retry, int64_t tries);

#endif
