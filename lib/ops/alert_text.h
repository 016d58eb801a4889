/* SPDX-License-Identifier: MIT */
/*
 * Letters: what people are told of the changes that alert_judge() found.
 * Plain text that no markup is read in, without secrets, short enough for one
 * message.
 */
#ifndef LEADPIPE_ALERT_TEXT_H
#define LEADPIPE_ALERT_TEXT_H

#include "ops/alert_state.h"

/*
 * Writes the letter that is due at NOW, if any: of changes, REMIND: of what is
 * still wrong; beyond ALERTS_AN_HOUR changes are counted, and summed in the
 * next letter.  SENDER begins it ("leadpipe on HOST").  NULL: none; otherwise
 * valid until the next one is added.
 */
struct alert_letter *alert_write(struct alert_state *state, bool remind,
    const char *sender, int64_t now);

#endif
