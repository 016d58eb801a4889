/* SPDX-License-Identifier: MIT */
/*
 * The other ways to people, for when Telegram is out of reach, and the
 * heartbeat, whose absence tells that nothing works here at all.
 */
#ifndef LEADPIPE_ALERT_COMMAND_H
#define LEADPIPE_ALERT_COMMAND_H

#include "base/config.h"
#include "base/fault.h"

/*
 * Runs LEADPIPE_ALERT_COMMAND in a shell, with TEXT on its stdin and never on
 * a command line, until DEADLINE (monotonic ms) at most; nothing of its group
 * is left afterwards.  It gets PATH, HOME and LANG, and no secret of ours.
 */
enum outcome alert_command(const struct config *config, const char *text,
    int64_t deadline, struct fault *fault) must_check;

#define ALERT_PING_MS 3000

/* Asks LEADPIPE_PING_URL, 3 s at most.  Whatever it answers harms nobody. */
enum outcome alert_ping(const struct config *config, struct fault *fault)
    must_check;

/* Whether LEADPIPE_PING_URL could be asked; OUT_OK when it is not set. */
enum outcome alert_ping_check(const struct config *config, struct fault *fault)
    must_check;

#endif
