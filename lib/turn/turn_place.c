/* SPDX-License-Identifier: MIT */
#include "turn/turn_place.h"

#include <stdlib.h>
#include <string.h>

#include "bot/view.h"
#include "store/execs.h"
#include "turn/turn_private.h"

/* What others know of the person, Telegram tells when they write. */
static enum outcome
meet(struct turn *turn, int64_t chat_id, struct turn_chat *open,
    struct fault *fault)
{
	enum outcome out = turn_chat_open(turn, chat_id, open, fault);

	if (out == OUT_OK && chat_id < 0 && !open->row.exists)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "chat %lld is a group: groups become known when the bot "
		    "is added to them",
		    (long long)chat_id);
	if (out == OUT_OK && !open->row.exists)
		open->chat.person.id = chat_id;
	return out == OUT_OK ? turn_has_flow(turn, fault) : out;
}

enum outcome
turn_place(struct turn *turn, int64_t chat_id, const struct place *place,
    int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };
	json_auto_t *data = json_pack("{s:O*, s:I, s:b}", "vars", place->vars,
	    "ttl_ms", (json_int_t)place->ttl_ms, "enter", place->enter);
	const struct input input = { .kind = INPUT_PLACE,
		.text = place->state ? place->state : "",
		.data = data };
	enum outcome out = place->introduce
	    ? meet(turn, chat_id, &open, fault)
	    : turn_chat_known(turn, chat_id, &open, fault);

	/* It would go on from where it was suspended, wherever it is put. */
	if (out == OUT_OK && execs_open(turn->db, chat_id))
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "a handler works for chat %lld: try again when it is "
		    "done; 'leadpipe show-chat %lld' shows it",
		    (long long)chat_id, (long long)chat_id);
	if (out == OUT_OK)
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, fault);
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

enum outcome
turn_is_in(struct turn *turn, int64_t chat_id, const char *state, bool *is,
    struct fault *fault)
{
	struct turn_chat open = { 0 };
	const char *wanted = NULL, *now;
	enum outcome out = turn_chat_open(turn, chat_id, &open, fault);

	if (out == OUT_OK && state != NULL)
		out = turn_has_flow(turn, fault);
	if (out == OUT_OK && state != NULL)
		out = view_state(turn->flow, state, &wanted, fault);
	if (out == OUT_OK && wanted != NULL) {
		now = flow_state_renamed(turn->flow, open.chat.state);
		*is = now != NULL && strcmp(now, wanted) == 0;
	} else {
		*is = open.chat.state != NULL && open.chat.state[0] != '\0';
	}
	turn_chat_close(&open);
	return out;
}
