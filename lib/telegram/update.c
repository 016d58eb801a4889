/* SPDX-License-Identifier: MIT */
#include "telegram/update.h"

#include <string.h>

#include "base/json.h"

/* "At most 52 significant bits" is what the Bot API promises of its ids. */
#define ID_LIMIT (INT64_C(1) << 52)

/* An animation carries a document too, a venue a location: the more telling
 * member comes first. */
static const char *const media_kinds[] = { "photo", "video", "voice",
	"animation", "audio", "document", "sticker", "location" };

static int64_t
id_of(const json_t *object, const char *key)
{
	int64_t id = json_get_int(object, key, 0);

	return id > -ID_LIMIT && id < ID_LIMIT ? id : 0;
}

/* Member KEY when it is an object; everything below takes NULL for one. */
static const json_t *
object_of(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	return json_is_object(member) ? member : NULL;
}

static void
read_chat(struct update *update, const json_t *chat)
{
	update->chat_id = id_of(chat, "id");
	update->chat_type = json_get_text(chat, "type");
	if (!update->chat_type)
		update->chat_type = update->chat_id < 0 ? "group" : "private";
}

static void
read_from(struct update *update, const json_t *from)
{
	update->from_id = id_of(from, "id");
	update->first_name = json_get_text(from, "first_name");
	update->last_name = json_get_text(from, "last_name");
	update->username = json_get_text(from, "username");
	update->lang = json_get_text(from, "language_code");
}

static const char *
media_of(const json_t *message)
{
	const json_t *member;
	size_t i;

	for (i = 0; i < sizeof(media_kinds) / sizeof(*media_kinds); i++) {
		member = json_object_get(message, media_kinds[i]);
		if (json_object_size(member) + json_array_size(member) > 0)
			return media_kinds[i];
	}
	return NULL;
}

/* Both service messages of a migration mean the same; which chat they are in
 * says which id is the old one. */
static bool
read_migration(struct update *update, const json_t *message)
{
	int64_t to = id_of(message, "migrate_to_chat_id");
	int64_t from = id_of(message, "migrate_from_chat_id");

	if (to) {
		update->migrate_to = to;
	} else if (from) {
		update->migrate_to = update->chat_id;
		update->chat_id = from;
	}
	return update->migrate_to != 0;
}

static enum update_kind
read_message(struct update *update, const json_t *message)
{
	const json_t *contact = object_of(message, "contact");

	read_chat(update, object_of(message, "chat"));
	read_from(update, object_of(message, "from"));
	update->message_id = id_of(message, "message_id");
	update->date = id_of(message, "date");
	update->reply_to =
	    id_of(object_of(message, "reply_to_message"), "message_id");
	if (!update->chat_id)
		return UPDATE_OTHER;
	if (read_migration(update, message))
		return UPDATE_MIGRATED;
	update->text = json_get_text(message, "text");
	if (update->text && *update->text)
		return UPDATE_TEXT;
	update->phone = json_get_text(contact, "phone_number");
	if (update->phone && *update->phone) {
		update->contact_user_id = id_of(contact, "user_id");
		return UPDATE_CONTACT;
	}
	update->media = media_of(message);
	update->text = json_get_text(message, "caption");
	return update->media ? UPDATE_MEDIA : UPDATE_OTHER;
}

/* The label of the button in the message that carries DATA: people remember
 * what they pressed, not what it stands for. */
static const char *
button_label(const json_t *message, const char *data)
{
	const json_t *markup = json_object_get(message, "reply_markup");
	const json_t *row, *button;
	size_t i, j;

	json_array_foreach (json_object_get(markup, "inline_keyboard"), i, row)
		json_array_foreach (row, j, button) {
			const char *other =
			    json_get_text(button, "callback_data");
			if (other != NULL && strcmp(other, data) == 0)
				return json_get_text(button, "text");
		}
	return NULL;
}

static enum update_kind
read_callback(struct update *update, const json_t *query)
{
	const json_t *message = object_of(query, "message");

	read_from(update, object_of(query, "from"));
	read_chat(update, object_of(message, "chat"));
	/* A button below an inline message or one that the bot may no longer
	 * see: the person's own chat is where to answer. */
	if (!update->chat_id)
		update->chat_id = update->from_id;
	/* The date in there is the message's, not that of the press. */
	update->message_id = id_of(message, "message_id");
	update->callback_id = json_get_text(query, "id");
	update->callback_data = json_get_text(query, "data");
	if (!update->callback_data)
		update->callback_data = "";
	update->button = button_label(json_object_get(query, "message"),
	    update->callback_data);
	return update->callback_id && update->chat_id ? UPDATE_CALLBACK
						      : UPDATE_OTHER;
}

static enum update_kind
read_membership(struct update *update, const json_t *change)
{
	const json_t *member = object_of(change, "new_chat_member");
	const char *status = json_get_text(member, "status");

	read_chat(update, object_of(change, "chat"));
	read_from(update, object_of(change, "from"));
	update->date = id_of(change, "date");
	if (!update->chat_id || !status)
		return UPDATE_OTHER;
	if (strcmp(status, "kicked") == 0 || strcmp(status, "left") == 0)
		return UPDATE_BLOCKED;
	if (strcmp(status, "member") == 0 ||
	    strcmp(status, "administrator") == 0)
		return UPDATE_UNBLOCKED;
	if (strcmp(status, "restricted") == 0)
		return json_get_bool(member, "is_member", true)
		    ? UPDATE_UNBLOCKED
		    : UPDATE_BLOCKED;
	return UPDATE_OTHER;
}

static const struct {
	const char *name;
	enum update_kind (*read)(struct update *, const json_t *);
} readers[] = {
	{ "message", read_message },
	{ "callback_query", read_callback },
	{ "my_chat_member", read_membership },
};

enum outcome
update_parse(const char *raw, size_t len, struct update *update,
    struct fault *fault)
{
	struct json_slice text = { raw, len }, id;
	const json_t *member;
	json_error_t error;
	size_t i;

	memset(update, 0, sizeof(*update));
	update->kind = UPDATE_OTHER;
	update->root = json_parse(text, &error);
	if (!json_is_object(update->root)) {
		bool array = update->root != NULL;

		update_release(update);
		if (json_member(text, "update_id", &id))
			(void)json_int(id, &update->update_id);
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "an update is not a JSON object: %s",
		    array ? "it is something else" : error.text);
	}
	update->update_id = id_of(update->root, "update_id");
	for (i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		member = object_of(update->root, readers[i].name);
		if (member) {
			update->kind = readers[i].read(update, member);
			break;
		}
	}
	return OUT_OK;
}

void
update_release(struct update *update)
{
	json_decref(update->root);
	memset(update, 0, sizeof(*update));
	update->kind = UPDATE_OTHER;
}
