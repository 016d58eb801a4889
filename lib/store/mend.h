/* SPDX-License-Identifier: MIT */
/*
 * What a human decides about what will not go on by itself.  Items are named
 * as dead letters name them: "message" 17, "update" 3, "task" 5, "lead" 2.
 */
#ifndef LEADPIPE_MEND_H
#define LEADPIPE_MEND_H

#include "store/db.h"

enum mend {
	MEND_RETRY,  /* what surely was not done: back to its queue */
	MEND_RESEND, /* a message or lead, although it may have arrived */
	MEND_SENT,   /* one of which it is not known: it did arrive */
	MEND_DROP    /* it is not wanted any more, which MEND_RETRY undoes (of
			a message in doubt MEND_RESEND) while its row is kept */
};

/*
 * Inside a transaction: does so.  *STATE is what the item is now.
 * OUT_NEVER/EXIT_INPUT when it is in no state that allows this; then nothing
 * was changed.
 */
enum outcome mend_item(struct db *db, const char *kind, int64_t id,
    enum mend how, int64_t now, const char **state, struct fault *fault)
    must_check;

#endif
