/* SPDX-License-Identifier: MIT */
/*
 * The configuration, probed piece by piece: every problem is told, not only
 * the first.
 */
#ifndef LEADPIPE_CONFIG_CHECK_H
#define LEADPIPE_CONFIG_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "ops/run.h"

struct config_note {
	bool problem, advice; /* neither: it is well */
	const char *subject;  /* "BOT_TOKEN"; a constant */
	char text[480];	      /* what is, or what is wrong and mends it */
	enum exit_code code;  /* of a problem */
};

struct config_notes {
	struct config_note *list;
	size_t count;
};

void config_notes_release(struct config_notes *notes);

/* Reads the configuration of RUN, which is closed by run_end(): the file, its
 * mode, the names in it.  False when the file cannot be read. */
bool config_check_file(struct run *run, struct config_notes *notes);

/* Token, address, proxy, limits, time zone, flow: nothing is changed. */
void config_check_settings(struct run *run, struct config_notes *notes);

/* What no other of these looks at, after the flow: alerts, what is kept, what
 * is shared. */
void config_check_values(struct run *run, struct config_notes *notes);

/* The settings of CRMs. */
void config_check_crm(struct run *run, struct config_notes *notes);

/* Asks each CRM (at most 2 min): account, pipelines, fields, one search; and
 * how old its token is. */
void config_check_crm_online(struct run *run, struct config_notes *notes);

/* Where Redis is. */
void config_check_redis(struct run *run, struct config_notes *notes);

/* Asks Redis (at most 5 s): whether it answers, what it would lose, and
 * whether we may do there what we do. */
void config_check_redis_online(struct run *run, struct config_notes *notes);

/* The database, which is not created; opened for reading when it is good. */
void config_check_state(struct run *run, struct config_notes *notes);

/* Asks Telegram (at most 30 s): who the bot is, whether a webhook is set. */
void config_check_online(struct run *run, struct config_notes *notes);

/* 0; 78 when something is wrong here, 77 for a rejected token, 75 when the
 * server was not reached. */
int config_notes_exit(const struct config_notes *notes);

#endif
