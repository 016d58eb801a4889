/* SPDX-License-Identifier: MIT */
/*
 * The question of a state.  It is open from when it was asked until it was
 * answered or the chat went elsewhere; chat->memory's "ask" says so.
 */
#ifndef LEADPIPE_ASK_H
#define LEADPIPE_ASK_H

#include <stdbool.h>

#include "bot/step_run.h"

/* Asks the question of STATE, if it has one. */
void ask_open(struct run *run, const char *state);

/* It was asked already, by another program: what comes is the answer. */
void ask_asked(struct run *run, const char *state);

/* Where the question of STATE leads as things are now. */
const char *ask_then(const struct run *run, const char *state);

/* The chat is not asked anything any more. */
void ask_close(struct run *run);

/* True when the chat's state has a question. */
bool ask_is_here(const struct run *run);

/*
 * Each is true when the open question took the input as its answer, and what
 * follows was run.  FINALLY nobody else took TEXT (NULL: what is no text): then
 * the question asks again, or gives up.
 */
bool ask_text(struct run *run, const char *text, bool finally);
bool ask_contact(struct run *run);

/* ID of a button that SENDER, NULL when it is not known, sent. */
bool ask_button(struct run *run, const char *sender, const char *id);

/* Asks again what waits for a press that may have been lost. */
void ask_again(struct run *run);

#endif
