/* SPDX-License-Identifier: MIT */
/*
 * What a token tells without asking anybody.  Apart from the client, so that a
 * command which only reads does not load HTTP.
 */
#ifndef LEADPIPE_TOKEN_H
#define LEADPIPE_TOKEN_H

#include <stdint.h>

/* The bot's id: the digits before the colon of TOKEN; 0 when it is not a
 * token. */
int64_t telegram_bot_id(const char *token);

#endif
