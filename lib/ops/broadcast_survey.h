/* SPDX-License-Identifier: MIT */
/*
 * Whom a broadcast would reach now.
 */
#ifndef LEADPIPE_BROADCAST_SURVEY_H
#define LEADPIPE_BROADCAST_SURVEY_H

#include "base/buf.h"
#include "ops/broadcast_draft.h"

struct broadcast_survey {
	int64_t looked, chosen; /* chosen: its audience */
	int64_t blocked, unsubscribed, reached;
	json_t *langs; /* language to how many of those reached */
	int64_t first; /* chat of the first who is reached, 0: none */
	char *sample;  /* what it would read; else what anybody would */
};

/*
 * Reads all chats, which may take seconds: now and then it tells TELL how many
 * it LOOKED at.  OUT_NEVER, EXIT_INPUT for a tag that neither the flow nor
 * anybody has; OUT_LATER when a signal came.  Release SURVEY in any case.
 */
enum outcome broadcast_survey(struct run *run,
    const struct broadcast_draft *draft, void (*tell)(int64_t looked),
    struct broadcast_survey *survey) must_check;
void broadcast_survey_release(struct broadcast_survey *survey);

/* Appends what is about to happen, for people: the words, whom they reach and
 * how long that takes. */
void broadcast_survey_add(struct buf *out, const struct run *run,
    const struct broadcast_draft *draft,
    const struct broadcast_survey *survey);

/* The same as a line of JSON. */
void broadcast_survey_add_json(struct buf *out, const struct run *run,
    const struct broadcast_draft *draft,
    const struct broadcast_survey *survey);

/* EXIT_INPUT when it begins now and nobody would get it. */
enum outcome broadcast_survey_check(const struct broadcast_draft *draft,
    const struct broadcast_survey *survey, struct fault *fault) must_check;

#endif
