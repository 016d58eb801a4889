/* SPDX-License-Identifier: MIT */
/*
 * An update of the Bot API (core.telegram.org/bots/api#update), as far as a
 * lead bot needs it.
 */
#ifndef LEADPIPE_UPDATE_H
#define LEADPIPE_UPDATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

/* What we ask Telegram for, of getUpdates and of setWebhook: what a flow can
 * do something with. */
#define UPDATE_KINDS "[\"message\",\"callback_query\",\"my_chat_member\"]"

enum update_kind {
	UPDATE_TEXT,	 /* message with text */
	UPDATE_CONTACT,	 /* message with a contact */
	UPDATE_MEDIA,	 /* message with something else that flows know */
	UPDATE_CALLBACK, /* an inline button was pressed */
	UPDATE_BLOCKED,	 /* the person blocked the bot (my_chat_member) */
	UPDATE_UNBLOCKED,
	UPDATE_MIGRATED, /* group became the supergroup migrate_to */
	UPDATE_OTHER	 /* anything else: kept, nothing is run */
};

struct update {
	json_t *root; /* owned; the strings below are borrowed from it */
	enum update_kind kind;
	int64_t update_id;
	int64_t chat_id;	  /* 0: none */
	const char *chat_type;	  /* private, group, supergroup, channel */
	int64_t message_id, date; /* date: s since the epoch, 0: not said */
	int64_t reply_to; /* message of the chat that it answers, 0: none */
	int64_t from_id;
	const char *first_name, *last_name, *username, *lang;
	const char *text;  /* text, or caption of media */
	const char *media; /* photo, video, voice, document, location */
	const char *callback_id, *callback_data;
	const char *button; /* label of the pressed button, NULL: not known */
	const char *phone;
	int64_t contact_user_id; /* 0: the card is nobody's on Telegram */
	int64_t migrate_to;
};

/* Parses RAW; OUT_NEVER when it is not a JSON object.  Broken UTF-16 escapes
 * are mended, unknown kinds are UPDATE_OTHER. */
enum outcome update_parse(const char *raw, size_t len, struct update *update,
    struct fault *fault) must_check;
void update_release(struct update *update);

#endif
