/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/turn share of a turn.
 */
#ifndef LEADPIPE_TURN_PRIVATE_H
#define LEADPIPE_TURN_PRIVATE_H

#include "store/chats.h"
#include "turn/effects.h"
#include "turn/turn.h"

/* Versions of the flow that tasks of a backlog were made under. */
#define TURN_OLD_FLOWS 4

/* ASKED and STORED are of the open transaction. */
enum turn_report_phase {
	REPORT_NONE,
	REPORT_ASKED,
	REPORT_COUNTED,
	REPORT_WRITTEN,
	REPORT_STORED
};

struct turn_report {
	enum turn_report_phase phase;
	int64_t message, chat_id;
	int64_t worker;	   /* who writes it */
	char *name, *text; /* text: NULL when it could not be written now */
};

struct turn {
	struct db *db;
	const struct config *config;
	struct flow *flow;
	struct flow *old[TURN_OLD_FLOWS];
	size_t old_next;
	struct turn_notice *notices;
	size_t notice_count, notice_size, notice_next;
	struct turn_counts counts, committed;
	struct turn_report report;
	struct dialog_sync *dialogs; /* of other programs, NULL: of none */
	bool planned;		     /* what recurs, of this flow */
	int64_t broadcast;	     /* that was looked at last, 0: none */
	bool pays;		     /* one runs that pays for its limit */
	json_t *unfit;		     /* of the last step, see struct effects */
	int64_t looped; /* whose step the loop guard ended last, 0: nobody's */
};

/* True when OUT is the fault of the one item that was worked on, a bug that it
 * met too, and not of the database: the others must not stop for it. */
bool turn_blames_item(const struct turn *turn, enum outcome out);

/* The chat with its row, while it is worked on. */
struct turn_chat {
	struct chat_row row;
	struct chat chat;
};

enum outcome turn_chat_open(struct turn *turn, int64_t chat_id,
    struct turn_chat *open, struct fault *fault) must_check;
void turn_chat_close(struct turn_chat *open);

/* The same for one that a flow can be run on: OUT_NEVER, EXIT_INPUT when
 * nobody there has written to the bot, EXIT_CONFIG when there is no flow. */
enum outcome turn_chat_known(struct turn *turn, int64_t chat_id,
    struct turn_chat *open, struct fault *fault) must_check;

/*
 * Steps INPUT on an open chat and writes all of it.  *RESULT's notice belongs
 * to the caller.
 */
enum outcome turn_step(struct turn *turn, const struct flow *flow,
    struct turn_chat *open, const struct input *input,
    const struct effects_origin *origin, int64_t now,
    struct effects_result *result, struct fault *fault) must_check;

/* The stored version HASH, or NULL when it cannot be had. */
const struct flow *turn_old_flow(struct turn *turn, const char *hash);

/*
 * The version of the flow that has the schedule NAME (made at POINTER): the
 * current one, or for a name that vanished the one of HASH; NULL when neither
 * can be had.
 */
const struct flow *turn_flow_for(struct turn *turn, const char *name,
    const char *pointer, const char *hash);

/* Where a flow goes round in a circle the next input would do so again: whose
 * step the loop guard ended, if it did, begins again in the start state. */
enum outcome turn_leave_circle(struct turn *turn, int64_t now,
    struct fault *fault) must_check;

/* Steps EVENT, which the flow must know. */
enum outcome turn_event_step(struct turn *turn, int64_t chat_id,
    const char *event, const json_t *data, int64_t now, struct fault *fault)
    must_check;

/* After what others of a chat waited for: its due tasks wait no longer, unless
 * a handler still works for it or what came before is not stepped. */
enum outcome turn_let_go(struct turn *turn, int64_t chat_id,
    struct fault *fault) must_check;

void turn_report_committed(struct turn *turn);
void turn_report_undone(struct turn *turn);
void turn_report_forget(struct turn *turn);

void turn_notice_add(struct turn *turn, int64_t update_row,
    const char *callback_id, char *text);

#endif
