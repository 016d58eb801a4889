/* SPDX-License-Identifier: MIT */
#include "turn/chat_io.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static char *
take(char **text)
{
	char *taken = *text;

	*text = NULL;
	return taken;
}

/* NULL when TEXT is damaged; most chats have an empty object. */
static json_t *
object_of(const char *text)
{
	if (text == NULL || strcmp(text, "{}") == 0)
		return json_object();
	json_t *value = json_loads(text, 0, NULL);
	if (value != NULL && !json_is_object(value)) {
		json_decref(value);
		value = NULL;
	}
	return value;
}

static void
replace_json(json_t **place, json_t *value)
{
	json_decref(*place);
	*place = value;
}

enum outcome
chat_from_row(struct chat *chat, struct chat_row *row, struct fault *fault)
{
	chat_init(chat, row->chat_id);
	chat->person = (struct person){ .id = row->user_id,
		.first_name = take(&row->first_name),
		.last_name = take(&row->last_name),
		.username = take(&row->username),
		.lang = take(&row->user_lang) };
	free(chat->state);
	chat->state = row->state ? take(&row->state) : mem_dup("");
	chat->session = row->session;
	chat->entries = row->entries;
	chat->lang = take(&row->lang);
	chat->tz = take(&row->tz);
	chat->expires_at = row->expires_at;
	chat->handoff_until = row->handoff_until;
	chat->asked_at = row->asked_at;
	chat->blocked = row->blocked_at != 0;
	chat->unsubscribed = row->unsubscribed_at != 0;
	replace_json(&chat->vars, object_of(row->vars));
	replace_json(&chat->tags, object_of(row->tags));
	replace_json(&chat->visits, object_of(row->visits));
	replace_json(&chat->memory, object_of(row->memory));
	if (chat->vars == NULL || chat->tags == NULL || chat->visits == NULL ||
	    chat->memory == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_IO,
		    "the stored variables of chat %lld are not JSON",
		    (long long)row->chat_id);
	return OUT_OK;
}

static void
replace_text(char **place, char *text)
{
	free(*place);
	*place = text;
}

static void
put_object(char **place, const json_t *object)
{
	replace_text(place,
	    json_object_size(object) == 0 ? mem_dup("{}") : json_text(object));
}

void
chat_to_row(struct chat *chat, struct chat_row *row, int64_t now)
{
	row->user_id = chat->person.id;
	replace_text(&row->first_name, take(&chat->person.first_name));
	replace_text(&row->last_name, take(&chat->person.last_name));
	replace_text(&row->username, take(&chat->person.username));
	replace_text(&row->user_lang, take(&chat->person.lang));
	replace_text(&row->state, take(&chat->state));
	row->session = chat->session;
	row->entries = chat->entries;
	replace_text(&row->lang, take(&chat->lang));
	replace_text(&row->tz, take(&chat->tz));
	row->expires_at = chat->expires_at;
	row->handoff_until = chat->handoff_until;
	row->asked_at = chat->asked_at;
	if (!chat->unsubscribed)
		row->unsubscribed_at = 0;
	else if (row->unsubscribed_at == 0)
		row->unsubscribed_at = now;
	put_object(&row->vars, chat->vars);
	put_object(&row->tags, chat->tags);
	put_object(&row->visits, chat->visits);
	put_object(&row->memory, chat->memory);
	if (row->created_at == 0)
		row->created_at = now;
}
