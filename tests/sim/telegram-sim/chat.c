/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static size_t
chat_slot(const struct chats *chats, int64_t id)
{
	return (size_t)((uint64_t)id * UINT64_C(11400714819323198485) >> 20) &
	    (chats->room - 1);
}

struct chat *
chat_find(const struct chats *chats, int64_t id)
{
	struct chat *chat;

	if (!chats->room)
		return NULL;
	for (chat = chats->slots[chat_slot(chats, id)]; chat;
	     chat = chat->next)
		if (chat->id == id)
			return chat;
	return NULL;
}

static void
chats_grow(struct chats *chats)
{
	struct chat **old = chats->slots;
	size_t i, room = chats->room;

	chats->room = room ? room * 2 : 256;
	chats->slots = text_alloc(chats->room, sizeof(*chats->slots));
	for (i = 0; i < room; i++) {
		while (old[i]) {
			struct chat *chat = old[i];
			size_t slot = chat_slot(chats, chat->id);

			old[i] = chat->next;
			chat->next = chats->slots[slot];
			chats->slots[slot] = chat;
		}
	}
	free(old);
}

struct chat *
chat_open(struct chats *chats, int64_t id)
{
	struct chat *chat = chat_find(chats, id);
	size_t slot;

	if (chat)
		return chat;
	if (chats->len >= chats->room)
		chats_grow(chats);
	chat = text_alloc(1, sizeof(*chat));
	chat->id = id;
	chat->type = text_copy(id > 0 ? "private"
		: id < -1000000000000 ? "supergroup"
				      : "group");
	slot = chat_slot(chats, id);
	chat->next = chats->slots[slot];
	chats->slots[slot] = chat;
	chats->len++;
	return chat;
}

struct message *
chat_add(struct sim *sim, struct chat *chat)
{
	struct message *message = text_alloc(1, sizeof(*message));

	if (chat->len == chat->room) {
		size_t room = chat->room ? chat->room * 2 : 4;
		struct message **more = text_alloc(room, sizeof(*more));

		if (chat->len)
			memcpy(more, chat->messages,
			    chat->len * sizeof(*more));
		free(chat->messages);
		chat->messages = more;
		chat->room = room;
	}
	chat->messages[chat->len++] = message;
	message->id = ++sim->next_message;
	message->date_ms = sim_now_ms(sim);
	return message;
}

struct message *
chat_message(const struct chat *chat, int64_t id)
{
	size_t i = chat->len;

	while (i-- > 0)
		if (chat->messages[i]->id == id)
			return chat->messages[i];
	return NULL;
}

/* True when the set had the hash already. */
static bool
print_add(uint64_t *set, size_t room, uint64_t hash)
{
	size_t at = (size_t)hash & (room - 1);

	for (; set[at]; at = (at + 1) & (room - 1))
		if (set[at] == hash)
			return true;
	set[at] = hash;
	return false;
}

void
chat_mark(struct chats *chats, const struct chat *chat,
    const struct message *message)
{
	uint64_t hash = text_hash(HASH_START, &chat->id, sizeof(chat->id));
	size_t i;

	hash = text_hash(hash, message->kind, strlen(message->kind));
	if (message->text)
		hash = text_hash(hash, message->text, strlen(message->text));
	if (message->file)
		hash = text_hash(hash, &message->file->hash,
		    sizeof(message->file->hash));
	if (chats->prints_len * 2 >= chats->prints_room) {
		size_t room = chats->prints_room ? chats->prints_room * 2
						 : 1024;
		uint64_t *more = text_alloc(room, sizeof(*more));

		for (i = 0; i < chats->prints_room; i++)
			if (chats->prints[i])
				print_add(more, room, chats->prints[i]);
		free(chats->prints);
		chats->prints = more;
		chats->prints_room = room;
	}
	if (print_add(chats->prints, chats->prints_room, hash | 1))
		chats->duplicates++;
	else
		chats->prints_len++;
}

static void
chat_release(struct chat *chat)
{
	size_t i;

	for (i = 0; i < chat->len; i++) {
		struct message *message = chat->messages[i];

		free(message->text);
		json_decref(message->entities);
		json_decref(message->markup);
		json_decref(message->contact);
		free(message);
	}
	free(chat->messages);
	free(chat->type);
	free(chat->first_name);
	free(chat->username);
	free(chat->language);
	free(chat);
}

void
chats_release(struct chats *chats)
{
	size_t i;

	for (i = 0; i < chats->room; i++) {
		while (chats->slots[i]) {
			struct chat *chat = chats->slots[i];

			chats->slots[i] = chat->next;
			chat_release(chat);
		}
	}
	free(chats->slots);
	free(chats->prints);
	*chats = (struct chats){ 0 };
}
