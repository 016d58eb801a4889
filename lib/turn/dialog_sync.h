/* SPDX-License-Identifier: MIT */
/*
 * Where people are, between this state and other programs (shared/dialog.h).
 *
 * What a person writes is read after what another program knows of them: with
 * the transaction that steps it, they are taken to where that program left
 * them, when it wrote since we agreed last.  Where they are then is written
 * back after the commit.  Whatever Redis does, everybody is answered: without
 * it, by what we know.
 */
#ifndef LEADPIPE_DIALOG_SYNC_H
#define LEADPIPE_DIALOG_SYNC_H

#include "shared/dialog.h"
#include "shared/key_scan.h"
#include "turn/turn.h"

struct dialog_sync;

struct dialog_counts {
	int64_t taken, unknown; /* adopted; of states that the flow has not */
	int64_t told;		/* written */
};

/* Reads LEADPIPE_DIALOG*; NULL when nothing is to be exchanged. */
enum outcome dialog_sync_open(struct dialog_sync **sync, struct turn *turn,
    const struct config *config, int64_t bot, struct fault *fault) must_check;
void dialog_sync_close(struct dialog_sync *sync);

/* Outside of transactions, before turn_updates(): asks for the dialogs of
 * those whose updates wait, which turn_updates() then takes over. */
void dialog_sync_ask(struct dialog_sync *sync, struct redis *redis);

/* After the commit: writes where people are, of LIMIT at the most that
 * changed; *MORE: there are more. */
enum outcome dialog_sync_tell(struct dialog_sync *sync, struct redis *redis,
    int limit, bool *more, struct fault *fault) must_check;

/* By and by looks at everybody's: *CURSOR is "0" at first, and again at the
 * end. */
enum outcome dialog_sync_look(struct dialog_sync *sync, struct redis *redis,
    char cursor[KEY_CURSOR_SIZE], struct fault *fault) must_check;

const struct dialog_counts *dialog_sync_counts(const struct dialog_sync *sync);

#endif
