/* SPDX-License-Identifier: MIT */
/*
 * Time in a transcript, and what is due.
 */
#ifndef LEADPIPE_TRANSCRIPT_TIMER_H
#define LEADPIPE_TRANSCRIPT_TIMER_H

#include "bot/transcript_player.h"

struct timer {
	int64_t chat_id, due_at, expire_at, entries;
	int64_t not_before; /* held until then */
	char *name, *pointer;
};

/* Makes the timers of the recurring tasks that ACTOR is to have. */
void player_recur(struct player *player, const struct actor *actor);

/* Lets time pass until then, with what is due meanwhile. */
void player_wait(struct player *player, int64_t until);

/* What was held back from ACTOR is due now. */
void player_release_timers(struct player *player, const struct actor *actor);

void player_add_timer(struct player *player, const struct effect *effect);
void player_cancel_timer(struct player *player, const struct effect *effect);

/* The timer NAME of the chat, or NULL. */
const struct timer *player_timer(const struct player *player, int64_t chat_id,
    const char *name);

/* True when TIMER is due WHEN: "in 5m", "at 23:00", "" for any time. */
bool timer_is_due(const struct player *player, const struct timer *timer,
    const char *when);

/* AT as the clocks of the flow show it; the caller frees it. */
char *time_text(const struct player *player, int64_t at);

#endif
