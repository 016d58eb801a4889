/* SPDX-License-Identifier: MIT */
/*
 * What a human decides about a lead, for mend.c.
 */
#ifndef LEADPIPE_LEAD_MEND_H
#define LEADPIPE_LEAD_MEND_H

#include "store/mend.h"

/*
 * Inside a transaction: MEND_RETRY takes up again what is parked, dropped or
 * waits out a failure, and looks again for what may exist; MEND_RESEND sends
 * that without looking, MEND_SENT believes that it exists, and of one that was
 * there twice that this is over; MEND_DROP ends what is not created yet, which
 * MEND_RETRY undoes.  Otherwise as mend_item().
 */
enum outcome lead_mend(struct db *db, int64_t id, enum mend how, int64_t now,
    const char **state, struct fault *fault) must_check;

#endif
