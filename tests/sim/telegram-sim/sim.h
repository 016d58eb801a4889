/* SPDX-License-Identifier: MIT */
/*
 * The whole simulator in one thread: everything below is touched only from
 * the event loop in main.c, so nothing is locked.
 */
#ifndef TELEGRAM_SIM_SIM_H
#define TELEGRAM_SIM_SIM_H

#include "callback.h"
#include "chat.h"
#include "fault.h"
#include "flood.h"
#include "load.h"
#include "media.h"
#include "record.h"
#include "timer.h"
#include "updates.h"
#include "webhook.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct settings {
	const char *token;
	int64_t latency_us;
	int64_t query_life_ms; /* answerCallbackQuery after that: 400 */
	int64_t upload_rate;   /* bytes a second that are read; 0: all */
	bool validate;
	bool quirks;	 /* same offset again: 3 s, one update */
	bool open_chats; /* every positive chat id is known */
	bool flood;
	bool local;	  /* a server of one's own: webhooks on http */
	int64_t retry_ms; /* a webhook is tried again no later; 0: as is */
	bool quiet;
};

struct sim {
	struct settings settings;
	struct timers timers;
	struct record record;
	struct chats chats;
	struct files files;
	struct updates updates;
	struct webhook webhook;
	struct callbacks callbacks;
	struct faults faults;
	struct flood flood_state;
	struct load load;
	json_t *spec;
	json_t *counts; /* method -> requests */
	int64_t clock_offset_ms;
	int64_t next_message;
	int64_t next_seq;
	int64_t problems; /* found by spec.c */
};

/* The simulator's wall clock, shifted by /sim/clock. */
int64_t sim_now_ms(const struct sim *sim);

/* Forgets chats, updates, files, faults and counts; ids go on. */
void sim_reset(struct sim *sim);

/* The digits before the colon of our token. */
int64_t sim_bot_id(const struct sim *sim);

/* The bot as a User object. */
void sim_write_bot(const struct sim *sim, struct text *out);

#endif
