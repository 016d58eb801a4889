/* SPDX-License-Identifier: MIT */
/*
 * One update, one transaction: the chat is loaded, the flow engine steps, and
 * everything that follows from it (the chat, messages, tasks, history, the
 * update's end) is written in the caller's transaction, or nothing is.
 */
#ifndef LEADPIPE_TURN_H
#define LEADPIPE_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "bot/flow.h"
#include "bot/step.h"
#include "store/db.h"
#include "store/messages.h"
#include "store/tasks.h"

/* How long messages live when nothing else is said (design.md 2.3). */
#define TURN_ANSWER_LIFE_MS (INT64_C(24) * 60 * 60 * 1000)
#define TURN_REMINDER_LIFE_MS (7 * TURN_ANSWER_LIFE_MS)

struct turn;

/* Button presses are answered outside of the outbox, right after the commit. */
struct turn_notice {
	int64_t update_row;
	char *callback_id;
	char *text; /* NULL: an empty answer */
};

struct turn_counts {
	int64_t stepped, failed, parked;
	int64_t promoted, expired, cancelled, held, buried; /* tasks */
	int64_t handled, unhandled; /* handlers that answered, or did not */
};

/*
 * Loads the current flow.  There may be none yet: then updates are answered
 * by nothing and wait.  A flow in the database that cannot be loaded is
 * EXIT_INPUT.
 */
enum outcome turn_open(struct turn **turn, struct db *db,
    const struct config *config, struct fault *fault) must_check;
void turn_close(struct turn *turn);

/* Without a flow nobody is answered: OUT_NEVER, EXIT_INPUT when FLOW_FILE is
 * refused, EXIT_CONFIG when none was ever given. */
enum outcome turn_has_flow(const struct turn *turn, struct fault *fault)
    must_check;

/* Loads the current flow anew if another process deployed one. */
enum outcome turn_refresh(struct turn *turn, struct fault *fault) must_check;

/*
 * Inside a transaction: steps waiting updates, at most LIMIT.  A failing one
 * is undone, counted and, after three tries, parked, while the later ones of
 * its chat wait; one that a process may have died over is stepped alone.
 * *MORE tells that some still wait.
 */
enum outcome turn_updates(struct turn *turn, int64_t now, int limit,
    bool *more, struct fault *fault) must_check;

/*
 * Inside a transaction: fires EVENT for a chat; while a handler works for it,
 * or what waited for one is not stepped yet, the event waits for its turn.  OUT_NEVER/EXIT_INPUT when the flow knows no
 * such event or the chat is unknown.
 */
enum outcome turn_event(struct turn *turn, int64_t chat_id, const char *event,
    const json_t *data, int64_t now, struct fault *fault) must_check;

/* After turn_event(): the names in its data whose values are not of their
 * variables' types and which are unset now, borrowed until the next step.
 * NULL: none, or the event still waits. */
const json_t *turn_unfit(const struct turn *turn);

/* Inside a transaction: schedules the flow's one schedule NAME for a chat at
 * *DUE_AT; OUT_NEVER/EXIT_INPUT when there is none or several.  *ADDED, *ID
 * and *DUE_AT as for tasks_add(). */
enum outcome turn_schedule(struct turn *turn, int64_t chat_id,
    const char *name, int64_t *due_at, int64_t now, int64_t *id, bool *added,
    struct fault *fault) must_check;

/*
 * Inside the transaction that sends: what a reminder says now, by the present
 * flow or, where that lost the words, by the version it was queued under.
 * *CANCELLED when its `unless` holds meanwhile.  *PARAMS and *TEXT belong to
 * the caller; NULL: what it said when it was queued still stands.
 */
enum outcome turn_render(struct turn *turn, const struct message *message,
    bool *cancelled, char **params, char **text, struct fault *fault)
    must_check;

/* The next notice to send, in order; false when there is none.  The caller
 * frees its strings. */
bool turn_notice_next(struct turn *turn, struct turn_notice *notice);

/* The transaction was committed, or rolled back: then its notices and counts
 * are forgotten. */
void turn_committed(struct turn *turn);
void turn_undone(struct turn *turn);

const struct turn_counts *turn_counts(const struct turn *turn);

#endif
