/* SPDX-License-Identifier: MIT */
/*
 * Chats that are moved by hand, not by what people write.
 */
#ifndef LEADPIPE_TURN_PLACE_H
#define LEADPIPE_TURN_PLACE_H

#include "turn/turn.h"

struct place {
	const char *state;  /* also an alias; NULL: back to where it begins */
	const json_t *vars; /* to be set as well, or NULL */
	int64_t ttl_ms;	    /* 0: as the flow says */
	bool enter;	    /* do what the state does when it is entered */
	bool introduce;	    /* who is not known becomes it */
};

/*
 * Inside a transaction: moves a chat to PLACE.  OUT_NEVER, EXIT_INPUT when the
 * chat, the state or a variable is not known, or a value does not fit (and for
 * a group that is to be introduced); OUT_LATER, EXIT_LATER while a handler
 * works for the chat.
 */
enum outcome turn_place(struct turn *turn, int64_t chat_id,
    const struct place *place, int64_t now, struct fault *fault) must_check;

/*
 * *IS: the chat is in STATE (NULL: in any), which may be an alias.  OUT_NEVER,
 * EXIT_INPUT when the flow has no such state.
 */
enum outcome turn_is_in(struct turn *turn, int64_t chat_id, const char *state,
    bool *is, struct fault *fault) must_check;

#endif
