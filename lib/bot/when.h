/* SPDX-License-Identifier: MIT */
/*
 * When something is due: "in 5 minutes", "tomorrow at 10", "a day before the
 * appointment", "every Monday", and not at night.  Days are those of the
 * person's calendar; a time of day that the clocks skip in spring is the first
 * one after it, one that comes twice in autumn is the first.
 */
#ifndef LEADPIPE_WHEN_H
#define LEADPIPE_WHEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/chat.h"
#include "bot/flow.h"

#define WHEN_NEVER INT64_MAX

/*
 * When ACTION, a schedule or an entry of `recurring`, is due for CHAT the
 * first time, wall ms; NOW is the instant it was asked for.  WHEN_NEVER: its
 * `at` is in the past already, or a template that became no time.
 */
int64_t when_due(const struct flow *flow, const struct chat *chat,
    const json_t *action, int64_t now);

/*
 * When ACTION, which was due at DUE, is due again: the first time after NOW;
 * what was missed meanwhile is left out.  WHEN_NEVER when it is once only.
 */
int64_t when_again(const struct flow *flow, const struct chat *chat,
    const json_t *action, int64_t due, int64_t now);

/* The name of the time zone that CHAT lives in. */
const char *when_zone(const struct flow *flow, const struct chat *chat);

/* Whether AT can be the `at` of a schedule, and, when it is no template, its
 * day is in the calendar. */
bool when_at_fits(const char *at);
bool when_at_real(const char *at);

/*
 * Reads a date as people write it: 2027-03-01, 01.03.2027, 1.3.27 (of this
 * century), with or without a time of day behind it, into OUT as 2027-03-01 or
 * 2027-03-01 10:00.  False when TEXT is none, or the day does not exist.
 */
#define WHEN_DATE_SIZE 17
bool when_read_date(const char *text, char out[WHEN_DATE_SIZE]);

/* mon to sun; ends with NULL. */
extern const char *const when_days[];

#endif
