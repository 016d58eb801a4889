/* SPDX-License-Identifier: MIT */
/*
 * The queue of updates that wait for getUpdates, and getUpdates itself.
 */
#ifndef TELEGRAM_SIM_UPDATES_H
#define TELEGRAM_SIM_UPDATES_H

#include "timer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct call;

struct update {
	int64_t id;
	int64_t expires_ms; /* on the simulator's clock */
	char *body;
	size_t len;
	int64_t chat;	  /* whose order it keeps; 0: nobody's */
	int64_t retry_us; /* webhook.c: not brought before */
	int tries;
	bool busy;
};

struct updates {
	struct update *items;
	size_t head;
	size_t tail;
	size_t room;
	size_t bytes;
	int64_t soonest_ms; /* nothing expires before */
	int64_t next_id;
	json_t *allowed;      /* NULL: the default set */
	struct call *waiting; /* the one long poll */
	int waiting_limit;
	int64_t last_offset;
	int64_t last_start_us;
	int64_t next_conflict_us;
	int64_t confirmed;
	int64_t expired;
	int64_t refused;
};

/* Queues `{"update_id":N,\n` + rest; the kind is the first name in rest.
 * The new id; 0 when the real server would not have queued it. date_ms is
 * the date of the message, from which its life counts. */
int64_t updates_push(struct sim *sim, const char *rest, size_t len,
    int64_t date_ms);

void updates_get(struct call *call);

/* Ends the waiting long poll with 409 and the reason. */
void updates_conflict(struct sim *sim, const char *why);

/* The client of a waiting long poll has gone. */
void updates_forget(struct sim *sim, const struct call *call);

void updates_allow(struct sim *sim, const struct call *call);

/* The waiting update of that id, or NULL; taken out as delivered. */
struct update *updates_find(struct sim *sim, int64_t id);
void updates_drop(struct sim *sim, struct update *update);
size_t updates_pending(struct sim *sim);

/* A week of silence: the queue is empty and the ids start elsewhere. */
void updates_restart(struct sim *sim, int64_t next_id);
void updates_release(struct updates *updates);

#endif
