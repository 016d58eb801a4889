/* SPDX-License-Identifier: MIT */
/*
 * A new version of the flow: checked, stored by its hash, made current.  A bad
 * one never replaces a good one, and nobody is dropped silently.
 */
#ifndef LEADPIPE_DEPLOY_H
#define LEADPIPE_DEPLOY_H

#include "base/config.h"
#include "bot/flow.h"
#include "store/db.h"

struct deploy {
	const char *path;
	const char
	    *drop_to; /* state for chats whose state vanishes, or NULL */
	bool dry_run;
};

/* Chats in a state that the new version does not have. */
struct deploy_move {
	char from[65];
	char to[65]; /* as `renamed`, `alias` or drop_to say; "": nowhere */
	int64_t chats;
};

/* So many are told one by one. */
#define DEPLOY_MOVES 32

struct deploy_report {
	char hash[65];
	size_t states;
	bool unchanged;	  /* it is the current version already */
	int64_t chats;	  /* known chats */
	int64_t moved;	  /* chats that change state */
	int64_t stranded; /* chats in states that vanish with no new name */
	char stranded_in[65]; /* one such state */
	struct deploy_move moves[DEPLOY_MOVES];
	size_t move_count;
	/* What goes on by the version it began with. */
	int64_t handlers; /* open handlers */
};

/*
 * Reads, checks and stores the flow, in its own transactions, each of which
 * waits for others until DEADLINE or as long as that is away.  Chats whose
 * state has another name now move there once it is stored, some at a time;
 * should this end halfway, the others count as moved and the next deployment,
 * also of the same flow, moves them.  OUT_NEVER/EXIT_INPUT: FINDINGS, or chats
 * would be stranded and there is no drop_to; REPORT is filled in then too.
 */
enum outcome deploy_flow(struct db *db, const struct config *config,
    const struct deploy *deploy, int64_t deadline,
    struct deploy_report *report, struct findings *findings,
    struct fault *fault) must_check;

#endif
