/* SPDX-License-Identifier: MIT */
#include "send.h"
#include "call.h"
#include "entities.h"
#include "markup.h"
#include "sim.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RAW_BYTES 32768
#define TEXT_POINTS 4096
#define CAPTION_POINTS 1024
#define DELETE_MS INT64_C(172800000)

struct chat *
send_target(struct call *call)
{
	struct sim *sim = call->sim;
	struct chat *chat;

	if (!call->chat_id) {
		if (param_text(call, "chat_id") &&
		    param_text(call, "chat_id")[0])
			call_fail(call, 400, "chat not found");
		else
			call_fail(call, 400, "chat_id is empty");
		return NULL;
	}
	chat = chat_find(&sim->chats, call->chat_id);
	if (!chat && sim->settings.open_chats && call->chat_id > 0)
		chat = chat_open(&sim->chats, call->chat_id);
	if (!chat) {
		call_fail(call, 400, "chat not found");
		return NULL;
	}
	if (chat->migrated_to) {
		call_refuse(call, 400,
		    "Bad Request: group chat was upgraded "
		    "to a supergroup chat",
		    chat->migrated_to);
		return NULL;
	}
	if (chat->blocked) {
		call_fail(call, 403,
		    chat->id > 0 ? "bot was blocked by the user"
				 : "bot was kicked from the group chat");
		return NULL;
	}
	return chat;
}

/* White space at both ends is cut off, as the server does. */
static void
plain_trim(struct text *plain)
{
	size_t skip = 0;

	while (plain->len && isspace((unsigned char)plain->at[plain->len - 1]))
		plain->at[--plain->len] = '\0';
	while (skip < plain->len && isspace((unsigned char)plain->at[skip]))
		skip++;
	if (skip) {
		plain->len -= skip;
		memmove(plain->at, plain->at + skip, plain->len + 1);
	}
}

bool
send_format(const char *source, const char *mode, bool caption, char **plain,
    json_t **entities, struct text *why)
{
	struct text out = { 0 }, reason = { 0 };
	bool good = true;

	*entities = mode && mode[0] ? json_array() : NULL;
	if (!*entities)
		text_puts(&out, source);
	else if (!strcasecmp(mode, "html"))
		good = html_parse(source, &out, *entities, &reason);
	else if (!strcasecmp(mode, "markdownv2"))
		good = markdown_parse(source, &out, *entities, &reason);
	else
		text_puts(why, "unsupported parse_mode");
	if (!good)
		text_fmt(why, "can't parse entities: %s", reason.at);
	if (out.at)
		plain_trim(&out);
	if (!why->len && strlen(source) > RAW_BYTES)
		text_puts(why, "text is too long");
	if (!why->len && !caption && !out.len)
		text_puts(why,
		    source[0] ? "text must be non-empty"
			      : "message text is empty");
	if (!why->len &&
	    text_points(out.at) > (caption ? CAPTION_POINTS : TEXT_POINTS))
		text_fmt(why, "message %sis too long",
		    caption ? "caption " : "");
	text_release(&reason);
	*plain = out.at;
	return why->len == 0;
}

/* Text or caption of the call into the message; false: refused. */
static bool
take_text(struct call *call, struct message *draft, bool caption)
{
	const char *source = param_text(call, caption ? "caption" : "text");
	struct text why = { 0 };
	bool bad = false, good;

	if (!source && caption)
		return true;
	good = send_format(source ? source : "",
	    param_text(call, "parse_mode"), caption, &draft->text,
	    &draft->entities, &why);
	if (!good)
		call_fail(call, 400, "%s", why.at);
	text_release(&why);
	if (good && !draft->entities)
		draft->entities = param_json(call,
		    caption ? "caption_entities" : "entities", &bad);
	return good;
}

static void
draft_release(struct message *draft)
{
	free(draft->text);
	json_decref(draft->entities);
	json_decref(draft->markup);
}

/* The draft becomes a message: from here on the effect has happened. */
static struct message *
draft_send(struct call *call, struct chat *chat, struct message *draft)
{
	struct message *message = chat_add(call->sim, chat);

	draft->id = message->id;
	draft->date_ms = message->date_ms;
	*message = *draft;
	chat_mark(&call->sim->chats, chat, message);
	if (!call->effect)
		call->effect = message->id;
	return message;
}

static void
send_draft(struct call *call, struct chat *chat, struct message *draft)
{
	struct message *message;
	int wait;

	if (!markup_take(call, chat->id, &draft->markup)) {
		draft_release(draft);
		return;
	}
	wait = flood_take(call->sim, chat, 1);
	if (wait) {
		call_flood(call, wait);
		draft_release(draft);
		return;
	}
	message = draft_send(call, chat, draft);
	chat_write_message(call->sim, chat, message, call_ok(call));
	call_ok_end(call);
}

void
send_message(struct call *call)
{
	struct message draft = { .kind = "text" };
	struct chat *chat = send_target(call);

	if (!chat)
		return;
	if (!take_text(call, &draft, false)) {
		draft_release(&draft);
		return;
	}
	send_draft(call, chat, &draft);
}

void
send_media(struct call *call)
{
	struct message draft = { 0 };
	struct chat *chat = send_target(call);
	struct text why = { 0 };
	char field[16];
	size_t i;

	if (!chat)
		return;
	/* sendPhoto takes its file from "photo" */
	for (i = 0; call->path[4 + i] && i < sizeof(field) - 1; i++)
		field[i] = (char)tolower((unsigned char)call->path[4 + i]);
	field[i] = '\0';
	draft.file =
	    file_resolve(call, field, field, param_text(call, field), &why);
	if (!draft.file) {
		call_fail(call, 400, "%s", why.at);
		text_release(&why);
		return;
	}
	draft.kind = draft.file->kind;
	if (!take_text(call, &draft, true)) {
		draft_release(&draft);
		return;
	}
	send_draft(call, chat, &draft);
}

void
edit_text(struct call *call)
{
	struct message draft = { 0 }, *message;
	struct chat *chat = send_target(call);
	bool same;

	if (!chat)
		return;
	message = chat_message(chat, param_int(call, "message_id", 0));
	if (!message || message->deleted) {
		call_fail(call, 400, "message to edit not found");
		return;
	}
	if (message->user_id) {
		call_fail(call, 400, "message can't be edited");
		return;
	}
	if (strcmp(message->kind, "text")) {
		call_fail(call, 400,
		    "there is no text in the message to "
		    "edit");
		return;
	}
	if (!take_text(call, &draft, false) ||
	    !markup_take(call, chat->id, &draft.markup)) {
		draft_release(&draft);
		return;
	}
	same = !strcmp(message->text, draft.text) &&
	    (json_equal(message->markup, draft.markup) ||
		(!message->markup && !draft.markup));
	if (same) {
		call_fail(call, 400,
		    "message is not modified: specified new "
		    "message content and reply markup are exactly the "
		    "same as a current content and reply markup of the "
		    "message");
		draft_release(&draft);
		return;
	}
	draft_release(message);
	message->text = draft.text;
	message->entities = draft.entities;
	message->markup = draft.markup;
	message->edits++;
	call->effect = message->id;
	chat_write_message(call->sim, chat, message, call_ok(call));
	call_ok_end(call);
}

void
delete_message(struct call *call)
{
	struct chat *chat = send_target(call);
	struct message *message;

	if (!chat)
		return;
	message = chat_message(chat, param_int(call, "message_id", 0));
	if (!message || message->deleted) {
		call_fail(call, 400, "message to delete not found");
		return;
	}
	if (sim_now_ms(call->sim) - message->date_ms > DELETE_MS) {
		call_fail(call, 400, "message can't be deleted");
		return;
	}
	message->deleted = true;
	call->effect = message->id;
	call_true(call);
}

void
chat_action(struct call *call)
{
	static const char *const actions[] = { "typing", "upload_photo",
		"record_video", "upload_video", "record_voice", "upload_voice",
		"upload_document", "choose_sticker", "find_location",
		"record_video_note", "upload_video_note" };
	const char *action = param_text(call, "action");
	size_t i;

	if (!send_target(call))
		return;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (action && !strcmp(action, actions[i])) {
			call_true(call);
			return;
		}
	}
	call_fail(call, 400, "Wrong parameter action in request");
}
