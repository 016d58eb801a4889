/* SPDX-License-Identifier: MIT */
/*
 * Why a person is where they are, as one JSON object.
 */
#ifndef LEADPIPE_EXPLAIN_H
#define LEADPIPE_EXPLAIN_H

#include "turn/turn.h"

/* Longer lists are cut; their totals are told. */
#define EXPLAIN_ROWS 50

/*
 * Explains CHAT_ID at NOW: state, person, variables (personal ones only with
 * PII), flags, waiting tasks with what `unless` says now, messages that have
 * not arrived, the last SAID messages, the last updates.  The caller owns
 * *RESULT.  OUT_NEVER/EXIT_INPUT when nothing is known of the chat.
 */
enum outcome explain_chat(struct turn *turn, int64_t chat_id, bool pii,
    int said, int64_t now, json_t **result, struct fault *fault) must_check;

#endif
