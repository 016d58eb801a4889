/* SPDX-License-Identifier: MIT */
/*
 * reply_markup: what the server refuses, and which button a person means.
 */
#ifndef TELEGRAM_SIM_MARKUP_H
#define TELEGRAM_SIM_MARKUP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct call;

/* Reads and checks the call's reply_markup into *markup (NULL when there is
 * none; a new reference). False when the call was refused. */
bool markup_take(struct call *call, int64_t chat_id, json_t **markup);

/* The inline button with this label or this data; NULL when there is none. */
const json_t *markup_button(const json_t *markup, const char *label,
    const char *data);

/* The key of a reply keyboard with this label (an object or a bare string). */
const json_t *markup_key(const json_t *markup, const char *label);

#endif
