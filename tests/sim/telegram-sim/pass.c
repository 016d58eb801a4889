/* SPDX-License-Identifier: MIT */
/* forwardMessage and copyMessage: what is in one chat comes into another. */
#include "call.h"
#include "send.h"
#include "sim.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const struct message *
pass_source(struct call *call)
{
	struct chat *from =
	    chat_find(&call->sim->chats, param_int(call, "from_chat_id", 0));

	return from ? chat_message(from, param_int(call, "message_id", 0))
		    : NULL;
}

void
pass_message(struct call *call)
{
	bool copy = !strcasecmp(call->path, "copyMessage");
	struct chat *chat = send_target(call);
	const struct message *source;
	struct message *message;
	int wait;

	if (!chat)
		return;
	source = pass_source(call);
	if (!source || source->deleted) {
		call_fail(call, 400, "message to %s not found",
		    copy ? "copy" : "forward");
		return;
	}
	wait = flood_take(call->sim, chat, 1);
	if (wait) {
		call_flood(call, wait);
		return;
	}
	/* the chat may be that of the source, whose place then changes */
	struct message kept = *source;

	message = chat_add(call->sim, chat);
	message->kind = kept.kind;
	message->text = kept.text ? text_copy(kept.text) : NULL;
	message->entities = json_incref(kept.entities);
	message->file = kept.file;
	message->contact = json_incref(kept.contact);
	chat_mark(&call->sim->chats, chat, message);
	call->effect = message->id;
	if (copy)
		text_fmt(call_ok(call), "{\"message_id\":%" PRId64 "}",
		    message->id);
	else
		chat_write_message(call->sim, chat, message, call_ok(call));
	call_ok_end(call);
}
