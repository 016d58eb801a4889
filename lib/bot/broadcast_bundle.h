/* SPDX-License-Identifier: MIT */
/*
 * What a broadcast says, as a version of the flow of its own: the one that
 * runs, with its words, files and buttons added, checked by the same rules and
 * never made current.
 */
#ifndef LEADPIPE_BROADCAST_BUNDLE_H
#define LEADPIPE_BROADCAST_BUNDLE_H

#include <jansson.h>

#include "base/buf.h"
#include "bot/flow.h"

/* What is added to the flow is called so: an event, media and texts. */
#define BROADCAST_PREFIX "send_broadcast"

/* Borrowed. */
struct broadcast_content {
	/* {"text": TEXT or {LANG: TEXT}, "media": [{KIND: PATH, "spoiler"}],
	 * "buttons": [[{"text", "url" or "id" or "unsubscribe", "when"}]],
	 * "state": whose buttons those with an id are, "silent",
	 * "preview"} */
	const json_t *message;
	const char *path;    /* of a file that paths are seen from */
	const json_t *langs; /* of those who will read it; NULL: all */
	const json_t *guard; /* for whom it is, NULL: for all */
	bool unsubscribe;    /* a button for that is added */
};

/*
 * *BUNDLE is that version, for flow_open(), and *ACTION its send action, a new
 * reference; the caller frees both.  OUT_NEVER, EXIT_INPUT when it cannot be
 * made; what the rules say against it flow_open() tells.
 */
enum outcome broadcast_bundle(const struct flow *flow,
    const struct broadcast_content *content, char **bundle, json_t **action,
    struct fault *fault) must_check;

/* Appends what the part WHERE of such a version is called by those who wrote
 * the broadcast: "the text in 'en'". */
void broadcast_part(struct buf *out, const char *where);

/* True when A and B, two such versions, say the same: whatever else of the
 * flow changed between them. */
bool broadcast_same(const char *a, const char *b);

#endif
