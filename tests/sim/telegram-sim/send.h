/* SPDX-License-Identifier: MIT */
/*
 * Methods that put something into a chat or change what is there.
 */
#ifndef TELEGRAM_SIM_SEND_H
#define TELEGRAM_SIM_SEND_H

#include "text.h"

#include <jansson.h>
#include <stdbool.h>

struct call;
struct chat;

void send_message(struct call *call);
void send_media(struct call *call);
void send_album(struct call *call);
void pass_message(struct call *call);
void edit_text(struct call *call);
void delete_message(struct call *call);
void chat_action(struct call *call);

/* The chat that the call names, when it exists and lets us write; NULL when
 * the call was refused. */
struct chat *send_target(struct call *call);

/* Reads markup of `source` as `mode` says; false: the reason is in `why`. */
bool send_format(const char *source, const char *mode, bool caption,
    char **plain, json_t **entities, struct text *why);

#endif
