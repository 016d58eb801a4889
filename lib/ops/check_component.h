/* SPDX-License-Identifier: MIT */
/*
 * The components of healthcheck, for the table in check.c.  Each reads only.
 */
#ifndef LEADPIPE_CHECK_COMPONENT_H
#define LEADPIPE_CHECK_COMPONENT_H

#include "ops/check.h"

/* Runs the component NAME (a function of those below), NULL: all.
 * Without DB those that need it are left out. */
void checks_run(struct checks *checks, const char *name, struct db *db,
    const struct config *config);

/* True when the component NAME (NULL: all) needs a database. */
bool check_component_reads(const char *name);

/* True when there is a component NAME; else *NEAREST may be a suggestion. */
bool check_component_known(const char *name, const char **nearest);

/* Its memory and the disk of the database; DB may be NULL. */
void check_machine(struct checks *checks, struct db *db,
    const struct config *config);

/* The file: its size, its WAL, and whether it is sound. */
void check_database(struct checks *checks, struct db *db,
    const struct config *config);

/* The journal, when there is to be one. */
void check_journal(struct checks *checks, const struct config *config);

/* Commands: when they ran, how they ended, who crashed. */
void check_runs(struct checks *checks, struct db *db,
    const struct config *config);

/* What waits, how late it is, what failed. */
void check_queue(struct checks *checks, struct db *db,
    const struct config *config);

/* Leads on their way, and how each CRM does. */
void check_crm(struct checks *checks, struct db *db,
    const struct config *config);

/* The status pages that render-status is to renew; none: nothing. */
void check_page(struct checks *checks, struct db *db,
    const struct config *config);

/* What Telegram itself says, when it is asked; DB may be NULL. */
void check_online(struct checks *checks, struct db *db,
    const struct config *config);

/* Whether Redis, if there is one, can be used, and for what it cannot. */
void check_redis(struct checks *checks, struct db *db,
    const struct config *config);

/* Whether it answers now, when it is asked; DB may be NULL. */
void check_redis_online(struct checks *checks, struct db *db,
    const struct config *config);

/* The line to Telegram, and the flow. */
void check_telegram(struct checks *checks, struct db *db,
    const struct config *config);

#endif
