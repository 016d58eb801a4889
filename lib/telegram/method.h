/* SPDX-License-Identifier: MIT */
/*
 * Methods of the Bot API (core.telegram.org/bots/api#available-methods) that
 * leadpipe calls, and how each may be repeated.
 */
#ifndef LEADPIPE_METHOD_H
#define LEADPIPE_METHOD_H

#include <stdbool.h>
#include <stdint.h>

enum method {
	METHOD_GET_UPDATES,
	METHOD_GET_ME,
	METHOD_GET_WEBHOOK_INFO,
	METHOD_SET_WEBHOOK,
	METHOD_DELETE_WEBHOOK,
	METHOD_ANSWER_CALLBACK_QUERY,
	METHOD_SEND_MESSAGE,
	METHOD_SEND_PHOTO,
	METHOD_SEND_VIDEO,
	METHOD_SEND_DOCUMENT,
	METHOD_SEND_AUDIO,
	METHOD_SEND_VOICE,
	METHOD_SEND_ANIMATION,
	METHOD_SEND_MEDIA_GROUP,
	METHOD_FORWARD_MESSAGE,
	METHOD_COPY_MESSAGE,
	METHOD_EDIT_MESSAGE_TEXT,
	METHOD_DELETE_MESSAGE,
	METHOD_SEND_CHAT_ACTION,
	METHOD_COUNT
};

/* "sendMessage". */
const char *method_name(enum method method);

/* The method called NAME (case-insensitive as on the server), or
 * METHOD_COUNT. */
enum method method_find(const char *name);

/* Doing it twice is the same as doing it once. */
bool method_idempotent(enum method method);

/* The parameter that takes the file ("video"), NULL: none. */
const char *method_file(enum method method);

/* The method that sends media of KIND ("video"), or METHOD_COUNT. */
enum method method_for_media(const char *kind);

/* True for what the outbox may hold: send*, edit*, delete*. */
bool method_deliverable(enum method method);

/*
 * Milliseconds the peer may take to answer: 75 s for sends (the server itself
 * holds one for up to 60 s) plus UPLOAD bytes at 32 kB/s.
 */
int64_t method_patience_ms(enum method method, int64_t upload);

#endif
