/* SPDX-License-Identifier: MIT */
/*
 * Taking over does not talk to Redis, which who only steps need not bring.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/variable.h"
#include "store/dialogs.h"
#include "turn/dialog_take.h"
#include "turn/turn_private.h"

/* Only what the flow has, and can hold, is taken over. */
static json_t *
known_vars(const struct flow *flow, const json_t *data)
{
	json_t *vars = json_object(), *value;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)data, name, value)
		if (variable_takes(flow, name, value))
			json_object_set(vars, name, value);
	return vars;
}

/* In a hash a number is a text. */
static bool
is_same(const json_t *ours, const json_t *theirs)
{
	char *text;
	bool same;

	if (ours == NULL || !json_is_string(theirs) || json_is_string(ours))
		return json_equal(ours, theirs);
	text = json_text(ours);
	same = strcmp(text, json_string_value(theirs)) == 0;
	free(text);
	return same;
}

/* They are there already: whoever wrote that was killed before it was noted,
 * and timers that began with it go on. */
static bool
is_there(const struct dialog_sync *sync, const struct turn_chat *open,
    const struct dialog *dialog, const json_t *vars)
{
	const char *state = flow_state_called(sync->turn->flow, dialog->state);
	const char *name;
	json_t *value;

	if (!open->row.exists || strcmp(open->chat.state, state) != 0)
		return false;
	json_object_foreach ((json_t *)(uintptr_t)vars, name, value)
		if (!is_same(json_object_get(open->chat.vars, name), value))
			return false;
	return true;
}

static enum outcome
place(struct dialog_sync *sync, const struct dialog *dialog, json_t *vars,
    int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };
	json_auto_t *data = json_pack("{s:O*, s:b}", "vars", vars, "asked", 1);
	const struct input input = { .kind = INPUT_PLACE,
		.text = dialog->state,
		.data = data };
	enum outcome out =
	    turn_chat_open(sync->turn, dialog->chat_id, &open, fault);

	if (out == OUT_OK && !open.row.exists) {
		open.row.type = mem_dup("private");
		open.row.seen_at = now;
	}
	if (out == OUT_OK && !is_there(sync, &open, dialog, vars))
		out = turn_step(sync->turn, sync->turn->flow, &open, &input,
		    &origin, now, &result, fault);
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

/* The state is there; a value that is none of its variable's is not worth the
 * dialog. */
static enum outcome
place_or_reduce(struct dialog_sync *sync, const struct dialog *dialog,
    int64_t now, struct fault *fault)
{
	json_auto_t *vars = known_vars(sync->turn->flow, dialog->data);
	enum outcome out = place(sync, dialog, vars, now, fault);

	if (out == OUT_NEVER && fault->code == EXIT_INPUT) {
		log_warning("chat %lld: what another program knows does not "
			    "fit: %s",
		    (long long)dialog->chat_id, fault->text);
		out = place(sync, dialog, NULL, now, fault);
	}
	return out;
}

/* STATE is none of the flow's, or stands for what cannot be read: it stays
 * there. */
static enum outcome
leave(struct dialog_sync *sync, const struct dialog *dialog, const char *state,
    int64_t now, struct fault *fault)
{
	const char *why = dialog->state != NULL
	    ? "no state of the flow has this alias"
	    : "there is nothing that could be read";
	enum outcome out = dialogs_agree(sync->turn->db, dialog->chat_id,
	    dialog->digest, state, now, fault);

	if (out != OUT_OK)
		return out;
	++sync->counts.unknown;
	log_event(LOG_WARNING, "dialog_unknown", "chat=%lld state=%s text=%s",
	    (long long)dialog->chat_id, log_quote(state), log_quote(why));
	return OUT_OK;
}

static enum outcome
take_over(struct dialog_sync *sync, const struct dialog *dialog, int64_t now,
    struct fault *fault)
{
	enum outcome out = place_or_reduce(sync, dialog, now, fault);

	if (out == OUT_OK)
		out = dialogs_agree(sync->turn->db, dialog->chat_id,
		    dialog->digest, NULL, now, fault);
	if (out != OUT_OK)
		return out;
	++sync->counts.taken;
	log_event(LOG_INFO, "dialog_taken_over", "chat=%lld state=%s",
	    (long long)dialog->chat_id, log_quote(dialog->state));
	return OUT_OK;
}

enum outcome
dialog_adopt(struct dialog_sync *sync, const struct dialog *dialog,
    int64_t now, struct fault *fault)
{
	struct turn *turn = sync->turn;
	const char *state = dialog->state;

	if (turn->flow == NULL)
		return db_result(turn->db, fault);
	if (state == NULL && dialog->form != DIALOG_STRANGE)
		return dialogs_vanished(turn->db, dialog->chat_id, fault);
	if (dialogs_agreed(turn->db, dialog->chat_id, dialog->digest))
		return db_result(turn->db, fault);
	if (state == NULL) {
		char *strange = mem_printf("(%s)", dialog->strange);
		enum outcome out = leave(sync, dialog, strange, now, fault);
		free(strange);
		return out;
	}
	return flow_state_called(turn->flow, state) != NULL
	    ? take_over(sync, dialog, now, fault)
	    : leave(sync, dialog, state, now, fault);
}

enum outcome
dialog_take(struct turn *turn, int64_t chat_id, int64_t now,
    struct fault *fault)
{
	struct dialog_sync *sync = turn->dialogs;

	for (int i = 0; sync != NULL && i < sync->count; i++)
		if (sync->asked[i].chat_id == chat_id)
			return dialog_adopt(sync, &sync->asked[i], now, fault);
	return OUT_OK;
}
