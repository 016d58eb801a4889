/* SPDX-License-Identifier: MIT */
/*
 * Leads on their way to the CRMs: one event loop, several jobs under way for
 * each CRM, so that a slow one keeps no other waiting.  Each turn is one
 * transaction: what was answered is stored, the next leads are claimed, what
 * is about to leave is written down; commit; only then it leaves.
 *
 * Several processes may do this at once: leads are owned by workers, limits
 * and breakers are shared through the database.
 */
#ifndef LEADPIPE_SYNC_H
#define LEADPIPE_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "store/db.h"
#include "store/worker.h"

struct sync;
struct crm_change;

/* A command ends within --for plus its longest call's deadline. */
#define SYNC_GRACE_MS 90000

/* A pass through a long backlog leaves the rest to the next run. */
#define SYNC_PASS_MS 60000

struct sync_options {
	const struct config *config;
	struct db *db;
	int64_t worker;
	int64_t started, for_ms; /* monotonic; 0: one pass */
	int64_t most;		 /* leads to send, 0: any number */
	/*
	 * Hears inside a transaction what changed in CRM with one of our
	 * leads, once each.  NULL: nothing is asked for.
	 */
	enum outcome (*hear)(void *arg, const char *crm, int64_t lead,
	    const struct crm_change *change, int64_t now, struct fault *fault);
	void *arg;
};

struct sync_counts {
	int64_t created, found;	  /* found: after a lost reply */
	int64_t retried, unknown; /* will be tried, searched for, again */
	int64_t absent;		  /* searches that found nothing */
	int64_t parked, noted;
	int64_t stripped; /* fields that a CRM did not take */
	int64_t changes;  /* heard of */
	int64_t doubled;  /* leads that a CRM has twice */
};

/* Reads how many calls a second a CRM may get, OTHERWISE when nobody says. */
enum outcome sync_limit(const struct config *config, int64_t otherwise,
    int64_t *per_second, struct fault *fault) must_check;

/*
 * Opens the CRMs that are configured.  Wrong settings of one do not keep the
 * others from working: sync_run() ends with what is wrong.
 */
struct sync *sync_open(const struct sync_options *options);
void sync_close(struct sync *sync);

/*
 * Runs until the end, SIGTERM, or in one pass until nothing is left to do
 * soon.  OUT_OK also when leads were parked (the counts tell); else why the
 * run could not do its work: EXIT_CONFIG settings, EXIT_PERMISSION a rejected
 * token, EXIT_LATER a CRM that did not answer.
 */
enum outcome sync_run(struct sync *sync, struct fault *fault) must_check;

const struct sync_counts *sync_counts(const struct sync *sync);

/* The same as the JSON object of the run's row; the caller frees it. */
char *sync_counts_json(const struct sync *sync);

#endif
