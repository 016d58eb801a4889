/* SPDX-License-Identifier: MIT */
/*
 * Alerts: people hear of each change of health once, with what it is, since
 * when, and the command that mends it; whatever is broken here.  Between two
 * healthchecks a file remembers what they know (alert_file.h), so nothing of
 * it needs the database, its outbox or its limits.
 */
#ifndef LEADPIPE_ALERT_H
#define LEADPIPE_ALERT_H

#include "ops/check.h"
#include "ops/run.h"

/* alert_tell() takes this long at most: calls, commands, locks. */
#define ALERT_MS INT64_C(60000)

struct alert_options {
	const char *component; /* the only one that was looked at; NULL: all */
	const char *unit;      /* of systemd, that just failed; NULL: none */
};

/* A unit's name as systemd allows it. */
bool alert_unit_valid(const char *name);

/* Adds to CHECKS that UNIT of systemd failed; $MONITOR_SERVICE_RESULT and
 * $MONITOR_EXIT_STATUS, which OnFailure= sets, say how. */
void alert_unit(struct checks *checks, const char *unit);

/*
 * Tells people what changed in CHECKS, and sends the heartbeat.  What is in
 * the way of that becomes a verdict on `alert`.  RUN is as health_take() left
 * it, or, for a failed unit alone, run_begin_bare().  When another process is at it this one leaves it to that, but for a
 * failed unit, which only this one knows of.
 */
void alert_tell(struct checks *checks, struct run *run,
    const struct alert_options *options);

#endif
