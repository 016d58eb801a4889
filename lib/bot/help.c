/* SPDX-License-Identifier: MIT */
#include "bot/route.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/markup.h"
#include "bot/text.h"

#define MESSAGE_MAX 4096

bool
route_help(struct run *run)
{
	struct buf plain = BUF_INIT(64U << 10), out = BUF_INIT(128U << 10);
	struct effect *message;
	const char *command;
	json_t *route;

	json_object_foreach (run->flow->commands, command, route) {
		const char *key = json_get_text(route, "help");
		char *text;

		if (key == NULL || !route_open(run, route))
			continue;
		text = text_label(run->flow, run->chat, key);
		buf_printf(&plain, "%s%s: %s", plain.len > 0 ? "\n" : "",
		    command, text ? text : "");
		free(text);
	}
	if (plain.len == 0) {
		buf_release(&plain);
		return false;
	}
	plain.data[utf8_prefix(plain.data, MESSAGE_MAX)] = '\0';
	markup_escape(plain.data, &out);
	message = effects_add(run->effects, EFFECT_MESSAGE, run->chat->id);
	message->method = mem_dup("sendMessage");
	message->params =
	    json_pack("{ss,ss}", "text", out.data, "parse_mode", "HTML");
	message->plain = buf_take(&plain);
	buf_release(&out);
	return true;
}
