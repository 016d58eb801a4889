/* SPDX-License-Identifier: MIT */
/*
 * Chats and what a person would see in them, oldest first.
 */
#ifndef TELEGRAM_SIM_CHAT_H
#define TELEGRAM_SIM_CHAT_H

#include "text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;
struct file;

struct message {
	int64_t id;
	int64_t date_ms;
	int64_t user_id;  /* who wrote it; 0: the bot */
	const char *kind; /* text, photo, video, contact ... */
	char *text;	  /* or the caption, after parsing */
	json_t *entities;
	json_t *markup;
	struct file *file;
	int64_t group;	  /* of an album */
	int64_t reply_to; /* message of the chat that it answers */
	json_t *contact;
	int64_t migrate_to; /* service messages */
	int64_t migrate_from;
	bool deleted;
	int edits;
};

struct chat {
	int64_t id;
	char *type;
	char *first_name;
	char *username;
	char *language;
	bool blocked;
	int64_t migrated_to; /* the supergroup; 0: none */
	struct message **messages;
	size_t len;
	size_t room;
	int64_t bucket_at_ms; /* flood.c: theoretical arrival time */
	int64_t asked_us[4];  /* load.c: arrivals not yet answered */
	int asked;
	struct chat *next;
};

struct chats {
	struct chat **slots;
	size_t room;
	size_t len;
	uint64_t *prints; /* what was said where, as hashes */
	size_t prints_room;
	size_t prints_len;
	int64_t duplicates;
};

struct chat *chat_find(const struct chats *chats, int64_t id);
struct chat *chat_open(struct chats *chats, int64_t id);

/* A message at the end of the chat; its id is given here. */
struct message *chat_add(struct sim *sim, struct chat *chat);
struct message *chat_message(const struct chat *chat, int64_t id);

/* Counts the effect as a duplicate when the chat has had one like it. */
void chat_mark(struct chats *chats, const struct chat *chat,
    const struct message *message);

void chats_release(struct chats *chats);

/* As objects of the Bot API. */
void chat_write(const struct chat *chat, struct text *out);
void chat_write_user(const struct chat *chat, int64_t id, struct text *out);
void chat_write_message(const struct sim *sim, const struct chat *chat,
    const struct message *message, struct text *out);

/* What a person sees, for GET /sim/chats/ID. */
json_t *chat_view(const struct chat *chat);

#endif
