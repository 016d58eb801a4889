/* SPDX-License-Identifier: MIT */
/*
 * Conversations as plain text, played against a flow in virtual time:
 *
 *   user 42 lang=en name="Ann"       who writes from here on (first use: new)
 *   > /start                         what they write
 *   > [Crane]                        a press of a button they were shown
 *   > contact +79123456789 from=77   a contact (from: somebody else's)
 *   > (photo) a caption              a file; (reply 42) text: an operator
 *                                    answers what is about chat 42
 *   event paid {"sum": 5}            something outside happens to them
 *   outage                           presses may have been lost
 *   block, unblock                   they block the bot, and no longer
 *   + 1h 30m                         time goes by
 *   at 2026-11-20 23:00              ... until then, in the flow's time zone;
 *                                    before the first user: it begins then
 *   < Hello* [Pay] [Later]           what the bot says, and its buttons
 *   < (video traps) 3 traps*         with a file; `< ...`: whatever else
 *   to dispatcher < *Ann*            what a role or a chat id is told
 *   notice Too late*                 what a press is answered with
 *   = silent                         it says nothing
 *   = state idle                     also: tag vip, no tag vip, var x = 5,
 *                                    task NAME in 5m, no task NAME, lang ru,
 *                                    tz Asia/Omsk, unsubscribed, subscribed
 *   lead phone=+7* name="Order*"     a lead for the CRM; `no lead`: none
 *   exec price.py => {"set": {}}     what the handler answers from here on;
 *                                    `=> fail`: it fails
 *
 * In what is expected `*` stands for anything, `\n` for a line's end, and a
 * backslash takes the meaning from * [ ( and itself.  A text is compared as
 * people read it or, if that differs, as the HTML that is sent.  An exchange
 * ends with the next input or step of time: of those whose messages it
 * mentions, it must mention all; buttons and files only where it names some.
 * `# ...` on a line of its own, or after two spaces, is a comment.  Unless told
 * otherwise the clock begins on Monday 2026-01-05 at 12:00.  `flow FILE` is for
 * whoever plays it: which flow it belongs to.
 */
#ifndef LEADPIPE_TRANSCRIPT_H
#define LEADPIPE_TRANSCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bot/flow.h"

/*
 * Runs the handler of REQUEST (EFFECT_EXEC's data) and returns what it wrote,
 * a string that the player frees; NULL with FAULT when it failed.  SAID is what
 * was said so far, an array of [role, text, wall ms], the oldest first.
 */
typedef char *transcript_exec(void *arg, const struct flow *flow,
    const json_t *request, const json_t *said, struct fault *fault);

struct transcript_host {
	transcript_exec *exec; /* NULL: handlers need an `exec` line */
	void *arg;
};

struct transcript_result {
	size_t checks, inputs;
	bool broken;	  /* a line is not what a transcript has */
	json_t *failures; /* array of {"line", "text", "diff": [text...]};
			     lines of a diff begin with "- " (expected),
			     "+ " (said), "  " (both) or "? " (where) */
};

/*
 * Plays TEXT.  The roles that FLOW leaves empty ($NAME) get members: those
 * that a `user` line names, else a made-up one.  RESULT is released by
 * transcript_release().
 */
void transcript_play(struct flow *flow, const char *text,
    const struct transcript_host *host, struct transcript_result *result);
void transcript_release(struct transcript_result *result);

#endif
