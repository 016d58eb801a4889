/* SPDX-License-Identifier: MIT */
/*
 * A conversation flow, loaded and checked (flow(5)); it never changes
 * afterwards.  Source files are first joined into a bundle: one JSON text that
 * holds the flow with its texts inlined and, for each media, its absolute path
 * and digest.  The bundle is what is stored, and its digest is the version.
 */
#ifndef LEADPIPE_FLOW_H
#define LEADPIPE_FLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/fault.h"
#include "bot/finding.h"

struct flow;

/* A larger flow or text file is refused. */
#define FLOW_MAX_BYTES (4U << 20)

/*
 * Reads the flow at PATH with its text files and media into one bundle, which
 * the caller frees.  EXIT_INPUT with FINDINGS when a file is missing or is not
 * JSON.
 */
enum outcome flow_bundle(const char *path, char **bundle,
    struct findings *findings, struct fault *fault) must_check;

/* The paths of all files that flow_bundle() reads, there or not: PATH first.
 * An array that the caller owns. */
json_t *flow_files(const char *path);

/*
 * Loads a bundle.  Whatever is wrong is added to FINDINGS (all of it, not only
 * the first).  CONFIG supplies $NAME values and is only read here; NULL: not
 * resolved.  OUT_NEVER, EXIT_INPUT when there are errors; warnings alone do
 * not refuse.
 */
enum outcome flow_open(const char *bundle, size_t len,
    const struct config *config, struct flow **flow, struct findings *findings,
    struct fault *fault) must_check;
void flow_close(struct flow *flow);

const char *flow_id(const struct flow *flow);
const char *flow_hash(const struct flow *flow); /* 64 hex digits */
const char *flow_start_state(const struct flow *flow);
bool flow_has_state(const struct flow *flow, const char *state);

/* What the state NAME of an older version is called now: NAME while it is
 * there, else what `renamed` says; NULL when it is gone. */
const char *flow_state_renamed(const struct flow *flow, const char *name);

/* The same for a NAME of another program, which may be an `alias`. */
const char *flow_state_called(const struct flow *flow, const char *name);

/* What other programs call STATE: its first alias, or its own name. */
const char *flow_state_abroad(const struct flow *flow, const char *state);

bool flow_has_event(const struct flow *flow, const char *event);

/* True when the schedule made as NAME at POINTER is there, also if this
 * version moved it. */
bool flow_has_schedule(const struct flow *flow, const char *name,
    const char *pointer);

/* How many schedule actions are called NAME; *POINTER (may be NULL) is the
 * JSON pointer of the first, borrowed. */
size_t flow_schedules(const struct flow *flow, const char *name,
    const char **pointer);

/* How long what the schedule at POINTER does is of use after it is due, in
 * ms. */
int64_t flow_schedule_life(const struct flow *flow, const char *pointer);

/* The directory of the handlers that the flow runs, absolute; NULL when it runs
 * none. */
const char *flow_handlers(const struct flow *flow);

/* What NAME, "$AMO_PIPELINE_ID" in the flow, was in the configuration when the
 * flow was loaded; NULL when it was not there. */
const char *flow_setting(const struct flow *flow, const char *name);

/* The time zone of people of whom nothing else is known. */
const char *flow_zone(const struct flow *flow);

/* A file that messages send. */
struct flow_media {
	const char *kind; /* photo, video, document, voice, animation, audio */
	const char *path, *digest;
	bool spoiler;
};

/* False when the flow has no media NAME; members are borrowed. */
bool flow_media(const struct flow *flow, const char *name,
    struct flow_media *media);

#endif
