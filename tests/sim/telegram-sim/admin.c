/* SPDX-License-Identifier: MIT */
/* What a test may ask for under /sim/; the list is in main.c. */
#include "call.h"
#include "markup.h"
#include "say.h"
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
admin_refuse(struct call *call, unsigned status, const char *why)
{
	call->status = status;
	text_puts(&call->reply, "{\"ok\":false,\"description\":");
	text_json(&call->reply, why);
	text_puts(&call->reply, "}\n");
}

/* Takes the reference. */
static void
admin_answer(struct call *call, json_t *result)
{
	char *dump = json_dumps(result, JSON_COMPACT);

	call->status = 200;
	text_puts(&call->reply, dump ? dump : "null");
	text_puts(&call->reply, "\n");
	free(dump);
	json_decref(result);
}

static void
admin_update(struct call *call, int64_t update_id)
{
	admin_answer(call,
	    json_pack("{s:b, s:I}", "ok", 1, "update_id",
		(json_int_t)update_id));
}

static void
replace(char **slot, const char *value)
{
	if (!value)
		return;
	free(*slot);
	*slot = text_copy(value);
}

/* The chat of the request, with the names that it brings. */
static struct chat *
admin_chat(struct call *call)
{
	int64_t id = param_int(call, "chat", 0);
	struct chat *chat;

	if (!id) {
		admin_refuse(call, 400, "no chat");
		return NULL;
	}
	chat = chat_open(&call->sim->chats, id);
	replace(&chat->first_name, param_text(call, "first_name"));
	replace(&chat->username, param_text(call, "username"));
	replace(&chat->language, param_text(call, "lang"));
	replace(&chat->type, param_text(call, "chat_type"));
	return chat;
}

static void
admin_say(struct call *call)
{
	struct chat *chat = admin_chat(call);
	const char *text = param_text(call, "text");
	int64_t now = sim_now_ms(call->sim);

	if (!chat)
		return;
	admin_update(call,
	    say_text(call->sim, chat,
		param_int(call, "from", chat->id > 0 ? chat->id : 1),
		text ? text : "", param_int(call, "reply_to", 0),
		param_int(call, "date_ms", now)));
}

static void
admin_contact(struct call *call)
{
	struct chat *chat = admin_chat(call);
	const char *phone = param_text(call, "phone");
	json_t *contact;

	if (!chat)
		return;
	contact = json_pack("{s:s, s:s, s:I}", "phone_number",
	    phone ? phone : "79990000000", "first_name",
	    chat->first_name ? chat->first_name : "User", "user_id",
	    (json_int_t)param_int(call, "user_id", chat->id));
	admin_update(call, say_contact(call->sim, chat, contact));
	json_decref(contact);
}

/* The newest message that offers the button a person means. */
static void
admin_press(struct call *call)
{
	struct chat *chat = admin_chat(call);
	const char *label = param_text(call, "text");
	const char *data = param_text(call, "data");
	const json_t *key;
	size_t i;

	for (i = chat ? chat->len : 0; i-- > 0;) {
		const struct message *message = chat->messages[i];
		const json_t *button =
		    markup_button(message->markup, label, data);

		if (message->deleted || message->user_id)
			continue;
		if (button && json_object_get(button, "callback_data")) {
			admin_update(call,
			    say_press(call->sim, chat, message,
				json_string_value(json_object_get(button,
				    "callback_data"))));
			return;
		}
		key = label ? markup_key(message->markup, label) : NULL;
		if (json_is_true(json_object_get(key, "request_contact"))) {
			admin_contact(call);
			return;
		}
		if (key) {
			admin_update(call,
			    say_text(call->sim, chat, chat->id, label, 0,
				sim_now_ms(call->sim)));
			return;
		}
	}
	if (!chat)
		return;
	if (data && param_true(call, "force"))
		admin_update(call, say_press(call->sim, chat, NULL, data));
	else
		admin_refuse(call, 404, "no such button");
}

static void
admin_block(struct call *call)
{
	struct chat *chat = admin_chat(call);

	if (chat)
		admin_update(call,
		    say_block(call->sim, chat, !strcmp(call->path, "block")));
}

static void
admin_migrate(struct call *call)
{
	struct chat *chat = admin_chat(call);
	int64_t to = param_int(call, "to", 0);

	if (chat && to)
		admin_update(call,
		    say_migrate(call->sim, chat,
			chat_open(&call->sim->chats, to)));
	else if (chat)
		admin_refuse(call, 400, "where to");
}

/* The body as it is, with the id put after its first brace. */
static void
admin_raw(struct call *call)
{
	const char *from =
	    memchr(call->body.at ? call->body.at : "", '{', call->body.len);

	if (!from) {
		admin_refuse(call, 400, "no object");
		return;
	}
	from++;
	admin_update(call,
	    updates_push(call->sim, from,
		call->body.len - (size_t)(from - call->body.at),
		sim_now_ms(call->sim)));
}

static void
admin_load(struct call *call)
{
	if (call->post)
		load_start(call->sim, call->params);
	admin_answer(call, load_view(&call->sim->load));
}

static void
admin_fault(struct call *call)
{
	if (fault_add(&call->sim->faults, call->params))
		admin_answer(call, json_pack("{s:b}", "ok", 1));
	else
		admin_refuse(call, 400, "unknown kind of fault");
}

static void
admin_restart_ids(struct call *call)
{
	updates_restart(call->sim, param_int(call, "next", 0));
	admin_answer(call,
	    json_pack("{s:b, s:I}", "ok", 1, "next",
		(json_int_t)call->sim->updates.next_id));
}

static void
admin_clock(struct call *call)
{
	struct sim *sim = call->sim;

	sim->clock_offset_ms =
	    param_int(call, "offset_ms", sim->clock_offset_ms);
	admin_answer(call,
	    json_pack("{s:b, s:I}", "ok", 1, "now_ms",
		(json_int_t)sim_now_ms(sim)));
}

static void
admin_chats(struct call *call)
{
	const char *id = strchr(call->path, '/');
	struct chat *chat;
	int64_t at, last;

	if (id) {
		chat = chat_find(&call->sim->chats, strtoll(id + 1, NULL, 10));
		admin_answer(call, chat ? chat_view(chat) : json_array());
		return;
	}
	last = param_int(call, "to", 0);
	for (at = param_int(call, "from", 1); at <= last; at++)
		chat_open(&call->sim->chats, at);
	admin_answer(call,
	    json_pack("{s:I}", "chats", (json_int_t)call->sim->chats.len));
}

static void
admin_stats(struct call *call)
{
	struct sim *sim = call->sim;

	admin_answer(call,
	    json_pack("{s:O, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
		      " s:I, s:I, s:o, s:o, s:b}",
		"methods", sim->counts, "messages",
		(json_int_t)sim->next_message, "duplicates",
		(json_int_t)sim->chats.duplicates, "problems",
		(json_int_t)sim->problems, "pending",
		(json_int_t)updates_pending(sim), "confirmed",
		(json_int_t)sim->updates.confirmed, "expired",
		(json_int_t)sim->updates.expired, "flooded",
		(json_int_t)sim->flood_state.refused, "uploads",
		(json_int_t)sim->files.uploads, "uploads_repeated",
		(json_int_t)sim->files.repeated, "files",
		files_view(&sim->files), "webhook",
		webhook_view(&sim->webhook), "polling",
		sim->updates.waiting != NULL));
}

static void
admin_reset(struct call *call)
{
	sim_reset(call->sim);
	record_reset(call->sim);
	admin_answer(call, json_pack("{s:b}", "ok", 1));
}

void
admin_run(struct call *call)
{
	static const struct {
		const char *path;
		void (*run)(struct call *call);
	} asks[] = {
		{ "say", admin_say },
		{ "press", admin_press },
		{ "contact", admin_contact },
		{ "block", admin_block },
		{ "unblock", admin_block },
		{ "raw", admin_raw },
		{ "migrate", admin_migrate },
		{ "load", admin_load },
		{ "fault", admin_fault },
		{ "restart_ids", admin_restart_ids },
		{ "clock", admin_clock },
		{ "chats", admin_chats },
		{ "stats", admin_stats },
		{ "reset", admin_reset },
	};
	size_t i, len = strcspn(call->path, "/");

	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		if (strlen(asks[i].path) == len &&
		    !strncmp(asks[i].path, call->path, len)) {
			asks[i].run(call);
			return;
		}
	}
	admin_refuse(call, 404, "nothing of that name under /sim/");
}
