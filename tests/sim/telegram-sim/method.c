/* SPDX-License-Identifier: MIT */
/* The bot's methods: which there are, and what is done around each. */
#include "call.h"
#include "callback.h"
#include "send.h"
#include "sim.h"
#include "spec.h"
#include "webhook.h"

#include <stdlib.h>
#include <string.h>

static void
get_me(struct call *call)
{
	struct text *out = call_ok(call);

	sim_write_bot(call->sim, out);
	out->len--;
	text_puts(out,
	    ",\"can_join_groups\":true,"
	    "\"can_read_all_group_messages\":false,"
	    "\"supports_inline_queries\":false,"
	    "\"can_connect_to_business\":false,"
	    "\"has_main_web_app\":false}");
	call_ok_end(call);
}

static const struct method {
	const char *name;
	void (*run)(struct call *call);
	bool answers; /* a person sees it as an answer */
} methods[] = {
	{ "getUpdates", updates_get, false },
	{ "sendMessage", send_message, true },
	{ "answerCallbackQuery", callback_answer, false },
	{ "forwardMessage", pass_message, true },
	{ "copyMessage", pass_message, true },
	{ "sendPhoto", send_media, true },
	{ "sendVideo", send_media, true },
	{ "sendDocument", send_media, true },
	{ "sendAudio", send_media, true },
	{ "sendVoice", send_media, true },
	{ "sendAnimation", send_media, true },
	{ "sendMediaGroup", send_album, true },
	{ "editMessageText", edit_text, false },
	{ "deleteMessage", delete_message, false },
	{ "sendChatAction", chat_action, false },
	{ "getMe", get_me, false },
	{ "getWebhookInfo", webhook_info, false },
	{ "setWebhook", webhook_set, false },
	{ "deleteWebhook", webhook_delete, false },
};

static const struct method *
method_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcasecmp(methods[i].name, name))
			return &methods[i];
	return NULL;
}

static void
method_count(struct sim *sim, const char *name)
{
	json_t *count = json_object_get(sim->counts, name);

	if (count)
		json_integer_set(count, json_integer_value(count) + 1);
	else
		json_object_set_new(sim->counts, name, json_integer(1));
}

static void
method_answered(struct call *call)
{
	struct chat *chat = chat_find(&call->sim->chats, call->chat_id);

	if (chat)
		load_answered(call->sim, chat);
}

static void
method_refuse(struct call *call, bool known)
{
	if (call->token_status == 401)
		call_fail(call, 401, "%s", "");
	else if (call->token_status)
		call_fail(call, 404, "%s", "");
	else if (!known)
		call_fail(call, 404, "method not found");
}

void
method_run(struct call *call)
{
	struct sim *sim = call->sim;
	const struct method *method = method_find(call->path);
	json_t *problems = NULL;

	call->begun = true;
	call->seq = ++sim->next_seq;
	call->chat_id = param_int(call, "chat_id", 0);
	if (method) {
		free(call->path);
		call->path = text_copy(method->name);
	}
	method_count(sim, call->path);
	if (sim->settings.validate && method)
		problems = spec_check(sim, call);
	if (!call->fault.kind && !call->token_status)
		call->fault = fault_match(&sim->faults, call->path,
		    call->chat_id, false);
	record_request(call, problems);
	if (problems)
		spec_count(sim, problems);
	json_decref(problems);
	if (!call->status)
		method_refuse(call, method != NULL);
	if (!call->status && method->answers)
		method_answered(call);
	if (!call->status && (!call->fault.kind || call->fault.effect))
		method->run(call);
	if (call->fault.kind)
		fault_spoil(call);
	if (call->status)
		call_settle(call);
}
