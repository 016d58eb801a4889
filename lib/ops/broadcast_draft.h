/* SPDX-License-Identifier: MIT */
/*
 * A broadcast before anything of it is stored: its words as a version of the
 * flow, and for whom it is.
 */
#ifndef LEADPIPE_BROADCAST_DRAFT_H
#define LEADPIPE_BROADCAST_DRAFT_H

#include "bot/audience_words.h"
#include "bot/step.h"
#include "ops/broadcast_words.h"
#include "ops/run.h"
#include "store/broadcasts.h"

struct broadcast_draft {
	struct flow *flow; /* with the words */
	char *bundle;
	json_t *action, *audience;
	json_t
	    *strange; /* tags that the flow does not know: audience_make() */
	/* Filled in before it is made. */
	const char *name; /* borrowed; NULL: by the time */
	int64_t start_at;
	bool late;    /* start_at was asked for and is over */
	int64_t rate; /* messages a second at the most, 0: as limits allow */
	bool paid;
};

/* OUT_NEVER: EXIT_CONFIG when no flow runs, EXIT_INPUT when the words or the
 * audience are wrong.  Release DRAFT in any case. */
enum outcome broadcast_draft_make(struct run *run,
    const struct broadcast_words *words, const struct audience_words *audience,
    bool unsubscribe, struct broadcast_draft *draft) must_check;
void broadcast_draft_release(struct broadcast_draft *draft);

/* What CHAT would be sent; effect_release() it. */
enum outcome broadcast_draft_render(const struct broadcast_draft *draft,
    const struct chat *chat, struct effect *message, struct fault *fault)
    must_check;

/* Inside a transaction: stores it as *ID.  Unless AGAIN, EXIT_INPUT when the
 * same went to the same within a day. */
enum outcome broadcast_draft_store(struct run *run,
    const struct broadcast_draft *draft, bool again, int64_t now, int64_t *id)
    must_check;

/*
 * Sends it at once to USERS (ended by NULL; none: ADMIN_IDS, of which those who
 * never wrote to the bot or blocked it are passed over) alone, as answers are;
 * *SENT is how many these are.  EXIT_REFUSED: one of USERS blocked the bot.
 */
enum outcome broadcast_draft_test(struct run *run,
    const struct broadcast_draft *draft, char **users, int *sent) must_check;

#endif
