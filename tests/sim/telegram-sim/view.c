/* SPDX-License-Identifier: MIT */
/* Chats and messages as objects of the Bot API, and as a person sees them. */
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
write_name(const struct chat *chat, struct text *out)
{
	text_puts(out, ",\"first_name\":");
	text_json(out, chat->first_name ? chat->first_name : "User");
	if (chat->username) {
		text_puts(out, ",\"username\":");
		text_json(out, chat->username);
	}
}

void
chat_write(const struct chat *chat, struct text *out)
{
	text_fmt(out, "{\"id\":%" PRId64, chat->id);
	if (chat->id > 0) {
		write_name(chat, out);
	} else {
		text_puts(out, ",\"title\":");
		text_json(out, chat->first_name ? chat->first_name : "Group");
	}
	text_puts(out, ",\"type\":");
	text_json(out, chat->type);
	text_puts(out, "}");
}

void
chat_write_user(const struct chat *chat, int64_t id, struct text *out)
{
	text_fmt(out, "{\"id\":%" PRId64 ",\"is_bot\":false", id);
	if (chat->id > 0)
		write_name(chat, out);
	else
		text_puts(out, ",\"first_name\":\"Member\"");
	if (chat->language) {
		text_puts(out, ",\"language_code\":");
		text_json(out, chat->language);
	}
	text_puts(out, "}");
}

static void
write_member(struct text *out, const char *name, const json_t *value)
{
	char *dump = json_dumps(value, JSON_COMPACT);

	text_fmt(out, ",\"%s\":", name);
	text_ascii(out, dump ? dump : "null");
	free(dump);
}

static bool
message_is_text(const struct message *message)
{
	return !strcmp(message->kind, "text");
}

void
chat_write_message(const struct sim *sim, const struct chat *chat,
    const struct message *message, struct text *out)
{
	bool text = message_is_text(message);

	text_fmt(out, "{\"message_id\":%" PRId64 ",\"from\":", message->id);
	if (message->user_id)
		chat_write_user(chat, message->user_id, out);
	else
		sim_write_bot(sim, out);
	text_puts(out, ",\"chat\":");
	chat_write(chat, out);
	text_fmt(out, ",\"date\":%" PRId64, message->date_ms / 1000);
	if (message->edits)
		text_fmt(out, ",\"edit_date\":%" PRId64,
		    sim_now_ms(sim) / 1000);
	if (message->group)
		text_fmt(out, ",\"media_group_id\":\"%" PRId64 "\"",
		    message->group);
	if (message->file)
		file_write(message->file, out);
	if (message->contact)
		write_member(out, "contact", message->contact);
	if (message->reply_to)
		text_fmt(out,
		    ",\"reply_to_message\":{\"message_id\":%" PRId64
		    ",\"date\":%" PRId64 "}",
		    message->reply_to, message->date_ms / 1000);
	if (message->migrate_to)
		text_fmt(out, ",\"migrate_to_chat_id\":%" PRId64,
		    message->migrate_to);
	if (message->migrate_from)
		text_fmt(out, ",\"migrate_from_chat_id\":%" PRId64,
		    message->migrate_from);
	if (message->text) {
		text_puts(out, text ? ",\"text\":" : ",\"caption\":");
		text_json(out, message->text);
	}
	if (json_array_size(message->entities))
		write_member(out, text ? "entities" : "caption_entities",
		    message->entities);
	/* the server returns inline keyboards only */
	if (json_object_get(message->markup, "inline_keyboard"))
		write_member(out, "reply_markup", message->markup);
	text_puts(out, "}");
}

/* Rows of buttons; a reply keyboard may hold bare strings. */
static json_t *
view_rows(const json_t *rows)
{
	json_t *seen = json_array(), *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		json_t *line = json_array();

		json_array_foreach (row, j, button)
			json_array_append(line, button);
		json_array_append_new(seen, line);
	}
	return seen;
}

static json_t *
view_message(const struct message *message)
{
	json_t *seen = json_object();
	const json_t *inline_rows, *keyboard;

	json_object_set_new(seen, "message_id", json_integer(message->id));
	json_object_set_new(seen, "from",
	    json_string(message->user_id ? "user" : "bot"));
	json_object_set_new(seen, "at", json_integer(message->date_ms));
	json_object_set_new(seen, "kind", json_string(message->kind));
	if (message->text)
		json_object_set_new(seen, "text", json_string(message->text));
	if (message->file)
		json_object_set_new(seen, "media",
		    json_pack("{s:s, s:s, s:s, s:I}", "kind",
			message->file->kind, "file_id", message->file->id,
			"file_name",
			message->file->name ? message->file->name : "", "size",
			(json_int_t)message->file->size));
	if (message->contact)
		json_object_set(seen, "contact", message->contact);
	inline_rows = json_object_get(message->markup, "inline_keyboard");
	keyboard = json_object_get(message->markup, "keyboard");
	if (inline_rows)
		json_object_set_new(seen, "buttons", view_rows(inline_rows));
	if (keyboard)
		json_object_set_new(seen, "keyboard", view_rows(keyboard));
	if (json_is_true(json_object_get(message->markup, "remove_keyboard")))
		json_object_set_new(seen, "remove_keyboard", json_true());
	if (message->deleted)
		json_object_set_new(seen, "deleted", json_true());
	if (message->edits)
		json_object_set_new(seen, "edited",
		    json_integer(message->edits));
	return seen;
}

json_t *
chat_view(const struct chat *chat)
{
	json_t *seen = json_array();
	size_t i;

	for (i = 0; i < chat->len; i++)
		json_array_append_new(seen, view_message(chat->messages[i]));
	return seen;
}
