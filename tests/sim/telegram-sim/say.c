/* SPDX-License-Identifier: MIT */
#include "say.h"
#include "call.h"
#include "callback.h"
#include "sim.h"

#include <inttypes.h>
#include <string.h>

static int64_t
say_message(struct sim *sim, struct chat *chat, struct message *message)
{
	struct text body = { 0 };
	int64_t id;

	text_puts(&body, "\"message\":");
	chat_write_message(sim, chat, message, &body);
	text_puts(&body, "}");
	id = updates_push(sim, body.at, body.len, message->date_ms);
	text_release(&body);
	return id;
}

/* A leading command, as the server marks it. */
static json_t *
command_entity(const char *text)
{
	size_t len;

	if (text[0] != '/')
		return NULL;
	len = strcspn(text, " \n");
	return json_pack("[{s:i, s:I, s:s}]", "offset", 0, "length",
	    (json_int_t)len, "type", "bot_command");
}

int64_t
say_text(struct sim *sim, struct chat *chat, int64_t user_id, const char *text,
    int64_t reply_to, int64_t date_ms)
{
	struct message *message = chat_add(sim, chat);

	message->kind = "text";
	message->user_id = user_id;
	message->text = text_copy(text);
	message->entities = command_entity(text);
	message->date_ms = date_ms;
	message->reply_to = reply_to;
	return say_message(sim, chat, message);
}

int64_t
say_contact(struct sim *sim, struct chat *chat, json_t *contact)
{
	struct message *message = chat_add(sim, chat);

	message->kind = "contact";
	message->user_id = chat->id;
	message->contact = json_incref(contact);
	return say_message(sim, chat, message);
}

int64_t
say_press(struct sim *sim, struct chat *chat, const struct message *message,
    const char *data)
{
	struct text body = { 0 };
	int64_t id, query = callback_open(sim);

	text_fmt(&body,
	    "\"callback_query\":{\"id\":\"%" PRId64 "\",\"from\":", query);
	chat_write_user(chat, chat->id, &body);
	if (message) {
		text_puts(&body, ",\"message\":");
		chat_write_message(sim, chat, message, &body);
	}
	text_fmt(&body,
	    ",\"chat_instance\":\"%" PRId64 "\",\"data\":", chat->id * 7919);
	text_json(&body, data);
	text_puts(&body, "}}");
	id = updates_push(sim, body.at, body.len, sim_now_ms(sim));
	text_release(&body);
	return id;
}

static void
write_member(const struct sim *sim, const char *name, int gone,
    struct text *out)
{
	text_fmt(out, ",\"%s\":{\"user\":", name);
	sim_write_bot(sim, out);
	text_fmt(out, ",\"status\":\"%s\"", gone ? "kicked" : "member");
	text_puts(out, gone ? ",\"until_date\":0}" : "}");
}

int64_t
say_block(struct sim *sim, struct chat *chat, int blocked)
{
	struct text body = { 0 };
	int64_t id, now = sim_now_ms(sim);

	text_puts(&body, "\"my_chat_member\":{\"chat\":");
	chat_write(chat, &body);
	text_puts(&body, ",\"from\":");
	chat_write_user(chat, chat->id, &body);
	text_fmt(&body, ",\"date\":%" PRId64, now / 1000);
	write_member(sim, "old_chat_member", chat->blocked, &body);
	write_member(sim, "new_chat_member", blocked, &body);
	text_puts(&body, "}}");
	chat->blocked = blocked;
	id = updates_push(sim, body.at, body.len, now);
	text_release(&body);
	return id;
}

int64_t
say_migrate(struct sim *sim, struct chat *group, struct chat *supergroup)
{
	struct message *message = chat_add(sim, group);

	message->kind = "service";
	message->user_id = 1;
	message->migrate_to = supergroup->id;
	say_message(sim, group, message);
	group->migrated_to = supergroup->id;
	message = chat_add(sim, supergroup);
	message->kind = "service";
	message->user_id = 1;
	message->migrate_from = group->id;
	return say_message(sim, supergroup, message);
}
