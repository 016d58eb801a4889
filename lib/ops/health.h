/* SPDX-License-Identifier: MIT */
/*
 * The health of a bot: a verdict on every fact of every component (struct
 * check), whatever is broken.  Reports, alerts and pages are made of it.
 */
#ifndef LEADPIPE_HEALTH_H
#define LEADPIPE_HEALTH_H

#include "ops/check.h"
#include "ops/run.h"

/*
 * Adds the verdicts on COMPONENT (NULL: all) to CHECKS, which checks_init()
 * has made.  Reads the configuration and the database as far as that can be
 * done by DEADLINE (monotonic ms): what cannot be read is a verdict, too, and
 * what needs no database is judged without it.  Changes nothing.  Afterwards
 * RUN->config and RUN->db are NULL where they could not be opened; the caller
 * closes them.  stop_hard_say() is the caller's; the process ends by itself
 * LIFE_MS from now.
 */
void health_take(struct checks *checks, struct run *run,
    const struct opt_command *command, const char *component, int64_t deadline,
    int64_t life_ms);

/*
 * What a verdict is known by from run to run: component/name, and :subject
 * where there are several of one name ("runs/last_run:poll-updates").  No two
 * verdicts of CHECKS have the same; the caller frees it.
 */
char *health_key(const struct check *check);

#endif
