/* SPDX-License-Identifier: MIT */
/*
 * For whom something is, as people say it on a command line.
 */
#ifndef LEADPIPE_AUDIENCE_WORDS_H
#define LEADPIPE_AUDIENCE_WORDS_H

#include "base/opt.h"
#include "bot/flow.h"

/* Borrowed; what is not said does not restrict. */
struct audience_words {
	struct opt_texts tags, no_tags; /* all of them, none of them */
	struct opt_texts states;	/* in one of them; also of groups */
	struct opt_texts vars;	/* NAME=VALUE, NAME=: unset, NAME: set */
	struct opt_texts langs; /* one of them */
	int64_t seen_within_ms, not_seen_ms; /* before START_AT; -1: any */
	const char *part;		     /* NAME:2/3, NAME:2-3/10 */
	const char *guard;		     /* JSON */
};

/*
 * *AUDIENCE, a new reference, is what WORDS say, as audience_has() reads it;
 * an empty object: nothing restricts.  *STRANGE, a new reference, has the tags
 * that FLOW does not know, each with the one that may have been meant, or an
 * object of those that it knows: a handler may give them.  OUT_NEVER,
 * EXIT_INPUT, with a suggestion, for what FLOW does not have.
 */
enum outcome audience_make(const struct flow *flow,
    const struct audience_words *words, int64_t start_at, json_t **audience,
    json_t **strange, struct fault *fault) must_check;

#endif
