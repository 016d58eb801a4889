/* SPDX-License-Identifier: MIT */
/*
 * The alerts' own lane: letters go to Telegram with a token and calls of their
 * own, past the outbox.  What is about to leave is marked in the file first: a
 * process that was killed between sending and writing makes a letter come
 * twice at most, and the second one says that it may be a repetition.
 *
 *   due -> sending -> heard | due(next_at) | refused
 */
#ifndef LEADPIPE_ALERT_SEND_H
#define LEADPIPE_ALERT_SEND_H

#include "base/config.h"
#include "ops/alert_file.h"

/* Enters who is to have LETTER: TELEGRAM_ALERT_CHAT_ID, else ADMIN_IDS. */
void alert_address(struct alert_letter *letter, const struct config *config);

/* Whether NAME, one of these two, lists ids; OUT_OK when it is not set. */
enum outcome alert_check(const struct config *config, const char *name,
    struct fault *fault) must_check;

/*
 * Sends what is due by DEADLINE (monotonic ms).  FAULT: why something did not
 * arrive, OUT_OK: nothing was in the way; when even the mark could not be
 * written nothing was sent.  The caller saves STATE.
 */
void alert_send(struct alert_state *state, struct alert_file *file,
    const struct config *config, int64_t deadline, struct fault *fault);

#endif
