/* SPDX-License-Identifier: MIT */
/*
 * Stepping of updates.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/broadcasts.h"
#include "store/chats.h"
#include "store/execs.h"
#include "store/updates.h"
#include "telegram/update.h"
#include "turn/chat_io.h"
#include "turn/dialog_take.h"
#include "turn/turn_private.h"

static void
replace_text(char **place, const char *text)
{
	free(*place);
	*place = mem_dup(text);
}

/* People rename themselves: what Telegram says last counts. */
static void
meet_person(struct turn_chat *open, const struct update *update, int64_t now)
{
	struct person *person = &open->chat.person;

	if (update->from_id != 0) {
		person->id = update->from_id;
		replace_text(&person->first_name, update->first_name);
		replace_text(&person->last_name, update->last_name);
		replace_text(&person->username, update->username);
		replace_text(&person->lang, update->lang);
	}
	if (update->chat_type != NULL)
		replace_text(&open->row.type, update->chat_type);
	open->row.seen_at = now;
}

/* What a member of a role writes in reply to a message about a person is for
 * that person: their chat, 0: it is for the bot. */
static int64_t
relayed_to(struct turn *turn, const struct update *update)
{
	if (update->reply_to == 0 || update->kind == UPDATE_CALLBACK)
		return 0;
	return messages_about(turn->db, update->chat_id, update->reply_to);
}

static struct input
input_of(const struct update *update)
{
	switch (update->kind) {
	case UPDATE_CALLBACK:
		return (struct input){ .kind = INPUT_BUTTON,
			.text = update->callback_data,
			.user_id = update->from_id };
	case UPDATE_CONTACT:
		return (struct input){ .kind = INPUT_CONTACT,
			.text = update->phone,
			.user_id = update->contact_user_id };
	case UPDATE_MEDIA:
		return (struct input){ .kind = INPUT_MEDIA,
			.text = update->media,
			.caption = update->text,
			.user_id = update->from_id };
	case UPDATE_TEXT:
	case UPDATE_BLOCKED:
	case UPDATE_UNBLOCKED:
	case UPDATE_MIGRATED:
	case UPDATE_OTHER:
		break;
	}
	return (struct input){ .kind = INPUT_TEXT,
		.text = update->text,
		.user_id = update->from_id };
}

/* What the history says of an update that has no text. */
static const char *
said(const struct update *update)
{
	if (update->kind == UPDATE_CALLBACK)
		return update->button ? update->button : update->callback_data;
	if (update->kind == UPDATE_CONTACT)
		return update->phone;
	if (update->kind == UPDATE_MEDIA && update->text == NULL)
		return update->media;
	return update->text;
}

static bool
is_group(const char *type)
{
	return type != NULL &&
	    (strcmp(type, "group") == 0 || strcmp(type, "supergroup") == 0);
}

/* An operator writes to the person in CHAT_ID: the step is theirs, and only
 * the history of the operator's chat has it too.  What is no text is copied as
 * it is, with its caption. */
static enum outcome
relay(struct turn *turn, const struct update_row *row,
    const struct update *update, int64_t chat_id, int64_t now,
    struct fault *fault)
{
	struct turn_chat open = { 0 };
	const struct effects_origin origin = { .update_row = row->id };
	struct effects_result result = { 0 };
	const struct input input = { .kind = INPUT_OPERATOR,
		.text = update->kind == UPDATE_TEXT ? update->text : NULL,
		.user_id = update->from_id,
		.from_chat = update->chat_id,
		.message_id = update->message_id };
	enum outcome out = messages_received(turn->db, update->chat_id,
	    row->id, update->message_id, said(update), now, fault);

	if (out == OUT_OK)
		out = chats_unblock(turn->db, update->chat_id, now, fault);
	/* Who was forgotten is nobody: the operator is told that the talk is
	 * over. */
	if (out == OUT_OK)
		out = turn_chat_open(turn,
		    chat_id != MESSAGES_FORGOTTEN ? chat_id : 0, &open, fault);
	if (out == OUT_OK)
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, fault);
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

/* The broadcast that was pressed, where that counts, a new reference; NULL: it
 * was none. */
static json_t *
pressed_broadcast(struct turn *turn, const struct chat *chat,
    const struct update *update)
{
	json_t *json = NULL;
	char *action;

	if (update->kind != UPDATE_CALLBACK || turn->flow == NULL ||
	    !step_press_is_foreign(turn->flow, chat, update->callback_data))
		return NULL;
	action = broadcasts_action(turn->db, chat->id, update->message_id);
	if (action != NULL)
		json = json_loads(action, 0, NULL);
	free(action);
	return json;
}

/* Somebody wrote or pressed: the conversation goes on. */
static enum outcome
converse(struct turn *turn, const struct update_row *row,
    const struct update *update, int64_t now, struct fault *fault)
{
	struct db *db = turn->db;
	struct turn_chat open = { 0 };
	struct input input = input_of(update);
	const struct effects_origin origin = { .update_row = row->id };
	struct effects_result result = { 0 };
	json_auto_t *pressed = NULL;
	enum outcome out;

	out = dialog_take(turn, update->chat_id, now, fault);
	if (out == OUT_OK)
		out = turn_chat_open(turn, update->chat_id, &open, fault);
	if (out == OUT_OK && open.chat.blocked) {
		out = chats_unblock(db, update->chat_id, now, fault);
		open.chat.blocked = false;
	}
	if (out == OUT_OK)
		out = messages_received(db, update->chat_id, row->id,
		    update->message_id, said(update), now, fault);
	if (out == OUT_OK) {
		meet_person(&open, update, now);
		pressed = pressed_broadcast(turn, &open.chat, update);
		input.data = pressed;
		input.in_group = is_group(open.row.type);
		input.message_id = update->message_id;
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, fault);
	}
	turn_chat_close(&open);
	if (out == OUT_OK && update->callback_id != NULL) {
		turn_notice_add(turn, row->id, update->callback_id,
		    result.notice);
		result.notice = NULL;
	}
	free(result.notice);
	return out;
}

static enum outcome
dispatch(struct turn *turn, const struct update_row *row,
    const struct update *update, int64_t about, int64_t now,
    struct fault *fault)
{
	switch (update->kind) {
	case UPDATE_TEXT:
	case UPDATE_CONTACT:
	case UPDATE_MEDIA:
	case UPDATE_CALLBACK:
		if (update->chat_id == 0)
			return OUT_OK;
		if (about != 0)
			return relay(turn, row, update, about, now, fault);
		return converse(turn, row, update, now, fault);
	case UPDATE_BLOCKED:
		return chats_block(turn->db, update->chat_id,
		    "the person blocked the bot", now, fault);
	case UPDATE_UNBLOCKED:
		return chats_unblock(turn->db, update->chat_id, now, fault);
	case UPDATE_MIGRATED:
		return chats_migrate(turn->db, update->chat_id,
		    update->migrate_to, fault);
	case UPDATE_OTHER:
		return OUT_OK;
	}
	return OUT_OK;
}

/* True when a handler works for the chat: what comes for it waits, but for the
 * news that it has another id, under which the next may come. */
static bool
is_kept(struct turn *turn, const struct update *update, int64_t chat_id)
{
	return chat_id != 0 && update->kind != UPDATE_MIGRATED &&
	    execs_open(turn->db, chat_id);
}

/* Within a savepoint: an event that waited, or an update of Telegram. */
static enum outcome
step_marked(struct turn *turn, const struct update_row *row,
    const struct update *update, int64_t about, int64_t now,
    struct fault *fault)
{
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	if (row->event != NULL) {
		json_auto_t *data =
		    json_loadb(row->raw, row->raw_len, JSON_DECODE_ANY, NULL);
		out = turn_event_step(turn, row->chat_id, row->event, data,
		    now, fault);
	} else {
		out = dispatch(turn, row, update, about, now, fault);
	}
	if (out == OUT_OK)
		return db_unmark(turn->db, fault);
	db_return(turn->db);
	return out;
}

/* *CHAT_ID is whose it is, 0: unknown. */
static enum outcome
step_one(struct turn *turn, const struct update_row *row, int64_t now,
    int64_t *chat_id, char **failed_callback, struct fault *fault)
{
	struct update update = { .chat_id = row->chat_id };
	int64_t about = 0, kept;
	enum outcome out = row->event != NULL
	    ? OUT_OK
	    : update_parse(row->raw, row->raw_len, &update, fault);

	turn->looped = 0;
	*chat_id = update.chat_id;
	if (out == OUT_OK)
		about = relayed_to(turn, &update);
	kept = about != 0 ? about : update.chat_id;
	if (out == OUT_OK && is_kept(turn, &update, kept)) {
		update_release(&update);
		return updates_defer(turn->db, row->id, kept, fault);
	}
	if (out == OUT_OK)
		out = step_marked(turn, row, &update, about, now, fault);
	if (out == OUT_OK)
		out = updates_done(turn->db, row->id, *chat_id, now, fault);
	else if (update.callback_id != NULL)
		*failed_callback = mem_dup(update.callback_id);
	if (out == OUT_OK)
		++turn->counts.stepped;
	update_release(&update);
	return out;
}

/* The chats whose update failed in this pass: their later ones wait. */
struct waiting {
	int64_t chats[16];
	size_t count;
};

static bool
waits(const struct waiting *waiting, int64_t chat_id)
{
	for (size_t i = 0; i < waiting->count; i++)
		if (waiting->chats[i] == chat_id)
			return true;
	return false;
}

/* The chat of a raw update without stepping it, 0 when it has none. */
static int64_t
peek_chat(const struct update_row *row)
{
	struct update update;
	struct fault fault;
	int64_t chat_id = row->chat_id;

	if (row->event == NULL &&
	    update_parse(row->raw, row->raw_len, &update, &fault) == OUT_OK) {
		chat_id = update.chat_id;
		update_release(&update);
	}
	return chat_id;
}

static enum outcome
note_failure(struct turn *turn, const struct update_row *row, int64_t chat_id,
    const char *callback_id, int64_t now, const struct fault *why,
    struct waiting *waiting, struct fault *fault)
{
	bool parked;
	/* One that was kept stays with the chat that it was kept for. */
	enum outcome out = updates_failed(turn->db, row->id,
	    row->chat_id != 0 ? row->chat_id : chat_id, why->text, now,
	    &parked, fault);

	if (out != OUT_OK)
		return out;
	++turn->counts.failed;
	if (parked) {
		++turn->counts.parked;
		log_error(
		    "update %lld is parked after %d tries: %s; mend "
		    "with 'leadpipe recover-pending --retry update:%lld'",
		    (long long)row->id, UPDATES_TRIES, why->text,
		    (long long)row->id);
		if (callback_id != NULL)
			turn_notice_add(turn, row->id, callback_id, NULL);
		return turn_leave_circle(turn, now, fault);
	} else if (chat_id != 0) {
		waiting->chats[waiting->count++] = chat_id;
	}
	return OUT_OK;
}

enum outcome
turn_updates(struct turn *turn, int64_t now, int limit, bool *more,
    struct fault *fault)
{
	struct waiting waiting = { .count = 0 };
	struct update_row row = { 0 };
	int stepped = 0;

	*more = false;
	if (turn->flow == NULL)
		return OUT_OK;
	while (updates_next(turn->db, row.id, &row)) {
		char *callback_id = NULL;
		int64_t chat_id;
		struct fault why;

		bool suspect = row.tries > 0;
		if (stepped == limit || (suspect && stepped > 0) ||
		    waiting.count == sizeof waiting.chats / sizeof(int64_t)) {
			*more = true;
			break;
		}
		if (waiting.count > 0 && waits(&waiting, peek_chat(&row))) {
			*more = true;
			continue;
		}
		enum outcome out =
		    step_one(turn, &row, now, &chat_id, &callback_id, &why);
		if (turn_blames_item(turn, out)) {
			out = note_failure(turn, &row, chat_id, callback_id,
			    now, &why, &waiting, fault);
			*more = true;
		} else if (out != OUT_OK) {
			*fault = why;
		}
		free(callback_id);
		if (out == OUT_OK && row.chat_id != 0)
			out = turn_let_go(turn, row.chat_id, fault);
		if (out != OUT_OK)
			return out;
		++stepped;
		if (suspect) {
			*more = true;
			break;
		}
	}
	return db_result(turn->db, fault);
}
