/* SPDX-License-Identifier: MIT */
#include "bot/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
chat_init(struct chat *chat, int64_t id)
{
	memset(chat, 0, sizeof(*chat));
	chat->id = id;
	chat->state = mem_dup("");
	chat->vars = json_object();
	chat->tags = json_object();
	chat->visits = json_object();
	chat->memory = json_object();
}

void
chat_release(struct chat *chat)
{
	free(chat->person.first_name);
	free(chat->person.last_name);
	free(chat->person.username);
	free(chat->person.lang);
	free(chat->state);
	json_decref(chat->vars);
	json_decref(chat->tags);
	json_decref(chat->visits);
	json_decref(chat->memory);
	free(chat->lang);
	free(chat->tz);
	memset(chat, 0, sizeof(*chat));
}
