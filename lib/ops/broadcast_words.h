/* SPDX-License-Identifier: MIT */
/*
 * What a broadcast says, as people give it on a command line.
 */
#ifndef LEADPIPE_BROADCAST_WORDS_H
#define LEADPIPE_BROADCAST_WORDS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/fault.h"
#include "base/opt.h"

/* Borrowed.  Either `message`, or the others. */
struct broadcast_words {
	const char *message;	/* a JSON file, -: stdin */
	struct opt_texts texts; /* in all languages; at most one */
	const char *text_file;	/* has it, -: stdin */
	struct opt_texts photos, videos, documents;
	struct opt_texts buttons; /* LABEL=URL or LABEL=[STATE:]ID */
	bool silent;
};

/* True when WORDS say anything. */
bool broadcast_words_any(const struct broadcast_words *words);

/* True when they say anything besides `message`. */
bool broadcast_words_many(const struct broadcast_words *words);

/*
 * *MESSAGE, a new reference, is what they say, as bot/broadcast_bundle.h reads
 * it; *PATH, which the caller frees, the file that paths are seen from.
 * OUT_NEVER with EXIT_INPUT when a file cannot be read or is no JSON.
 */
enum outcome broadcast_words_read(const struct broadcast_words *words,
    json_t **message, char **path, struct fault *fault) must_check;

#endif
