/* SPDX-License-Identifier: MIT */
/*
 * The components of healthcheck, for the table in check.c.  Each reads only.
 */
#ifndef LEADPIPE_CHECK_COMPONENT_H
#define LEADPIPE_CHECK_COMPONENT_H

#include "ops/check.h"

/* The file: its size, its WAL, the disk, and whether it is sound. */
void check_database(struct checks *checks, struct db *db,
    const struct config *config);

/* Commands: when they ran, how they ended, who crashed. */
void check_runs(struct checks *checks, struct db *db,
    const struct config *config);

/* What waits, how late it is, what failed. */
void check_queue(struct checks *checks, struct db *db,
    const struct config *config);

/* Leads on their way, and how each CRM does. */
void check_crm(struct checks *checks, struct db *db,
    const struct config *config);

/* The line to Telegram, and the flow. */
void check_telegram(struct checks *checks, struct db *db,
    const struct config *config);

#endif
