/* SPDX-License-Identifier: MIT */
/*
 * Transcripts of conversations as files, played against the flow that each is
 * for (bot/transcript.h says what they look like).
 */
#ifndef LEADPIPE_REHEARSAL_H
#define LEADPIPE_REHEARSAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/config.h"
#include "bot/transcript.h"

struct rehearsal {
	const struct config *config; /* for $NAME; NULL: not resolved */
	const char
	    *flow;	 /* the flow's file, NULL: the line `flow FILE` says */
	char *flow_path; /* the one that was read last, NULL: none yet */
	char *bundle;	 /* of it, NULL: it cannot be read */
};

/*
 * Plays the transcript at PATH.  Handlers that no line answers for are really
 * run; one that asks to be run again is, as often as its `retry` says, at once.
 * OUT_NEVER/EXIT_INPUT when the
 * transcript or its flow cannot be read; the flow's FINDINGS say more.  RESULT
 * is released by transcript_release() in any case.
 */
enum outcome rehearsal_play(struct rehearsal *rehearsal, const char *path,
    struct transcript_result *result, struct findings *findings,
    struct fault *fault) must_check;
void rehearsal_release(struct rehearsal *rehearsal);

/* Appends what RESULT of the transcript PATH found wrong, its lines coloured
 * on a terminal that wants that. */
void rehearsal_add(struct buf *out, const char *path,
    const struct transcript_result *result, bool coloured);

#endif
