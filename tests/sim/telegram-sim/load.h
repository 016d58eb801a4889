/* SPDX-License-Identifier: MIT */
/*
 * Messages arriving evenly over a stretch of time, and how long each chat
 * waits for its answer.
 */
#ifndef TELEGRAM_SIM_LOAD_H
#define TELEGRAM_SIM_LOAD_H

#include "timer.h"

#include <jansson.h>
#include <stdint.h>

struct sim;
struct chat;

struct load {
	struct timer timer;
	char *text;
	int64_t messages;
	int64_t chats;
	int64_t first_chat;
	int64_t span_us;
	int64_t started_us;
	int64_t said;
	int64_t lost; /* more open questions than we follow */
	int64_t answered;
	int64_t *waited_us;
	int64_t room;
};

void load_start(struct sim *sim, const json_t *plan);
json_t *load_view(const struct load *load);
void load_answered(struct sim *sim, struct chat *chat);
void load_release(struct sim *sim);

#endif
