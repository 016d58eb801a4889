/* SPDX-License-Identifier: MIT */
/* sendMediaGroup: all of it or nothing. */
#include "call.h"
#include "send.h"
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALBUM_MOST 10

static const char *
member(const json_t *item, const char *name)
{
	return json_string_value(json_object_get(item, name));
}

/* Photos and videos go together, documents and audio only with their own. */
static bool
kinds_mix(const char *first, const char *other)
{
	bool picture = !strcmp(first, "photo") || !strcmp(first, "video");

	if (picture)
		return !strcmp(other, "photo") || !strcmp(other, "video");
	return !strcmp(first, other) &&
	    (!strcmp(first, "document") || !strcmp(first, "audio"));
}

static bool
item_take(struct call *call, const json_t *item, const char *first,
    struct message *draft, struct text *why)
{
	const char *kind = member(item, "type");
	const char *caption = member(item, "caption");

	if (!kind || !kinds_mix(first, kind)) {
		text_puts(why,
		    "can't use the media of the specified type in "
		    "the album");
		return false;
	}
	draft->file =
	    file_resolve(call, kind, "media", member(item, "media"), why);
	if (!draft->file)
		return false;
	draft->kind = draft->file->kind;
	return !caption ||
	    send_format(caption, member(item, "parse_mode"), true,
		&draft->text, &draft->entities, why);
}

static void
album_write(struct call *call, struct chat *chat, struct message *drafts,
    size_t count)
{
	struct text *out = call_ok(call);
	size_t i;

	call->effects = json_array();
	for (i = 0; i < count; i++) {
		struct message *message = chat_add(call->sim, chat);
		int64_t id = message->id, date_ms = message->date_ms;

		*message = drafts[i];
		message->id = id;
		message->date_ms = date_ms;
		if (!call->effect)
			call->effect = id;
		message->group = call->effect;
		chat_mark(&call->sim->chats, chat, message);
		json_array_append_new(call->effects, json_integer(id));
		text_puts(out, i ? "," : "[");
		chat_write_message(call->sim, chat, message, out);
	}
	text_puts(out, "]");
	call_ok_end(call);
}

static bool
album_take(struct call *call, const json_t *media, struct message *drafts)
{
	const char *first = member(json_array_get(media, 0), "type");
	struct text why = { 0 };
	const json_t *item;
	size_t i;

	json_array_foreach (media, i, item) {
		if (item_take(call, item, first ? first : "", &drafts[i],
			&why))
			continue;
		call_fail(call, 400,
		    "failed to send message #%zu with the "
		    "error message \"%s\"",
		    i + 1, why.at);
		text_release(&why);
		return false;
	}
	return true;
}

void
send_album(struct call *call)
{
	struct message drafts[ALBUM_MOST] = { { 0 } };
	struct chat *chat = send_target(call);
	bool bad = false, sent = false;
	size_t i, count;
	json_t *media;
	int wait;

	if (!chat)
		return;
	media = param_json(call, "media", &bad);
	count = json_array_size(media);
	if (bad || count < 2)
		call_fail(call, 400,
		    bad ? "can't parse media JSON object"
			: "there are not enough media to send as an album");
	else if (count > ALBUM_MOST)
		call_fail(call, 400, "too much messages to send as an album");
	else if (album_take(call, media, drafts)) {
		wait = flood_take(call->sim, chat, (int)count);
		if (wait)
			call_flood(call, wait);
		else
			album_write(call, chat, drafts, count);
		sent = !wait;
	}
	for (i = 0; !sent && i < ALBUM_MOST; i++) {
		free(drafts[i].text);
		json_decref(drafts[i].entities);
	}
	json_decref(media);
}
