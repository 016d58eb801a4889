/* SPDX-License-Identifier: MIT */
/*
 * The limits of the FAQ: about 30 messages a second for the bot, one a second
 * in a chat with a short burst, 20 a minute in a group.
 */
#ifndef TELEGRAM_SIM_FLOOD_H
#define TELEGRAM_SIM_FLOOD_H

#include <stdint.h>

struct sim;
struct chat;

struct flood {
	int64_t arrival_ms;
	int64_t refused;
};

/* Seconds to wait before `count` messages may go to the chat; 0: now, and
 * they are counted. */
int flood_take(struct sim *sim, struct chat *chat, int count);

#endif
