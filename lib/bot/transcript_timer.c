/* SPDX-License-Identifier: MIT */
/*
 * What is due in a transcript, and when.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/recur.h"
#include "bot/transcript_timer.h"

/* Steps of one wait: what recurs every second for a year is a mistake. */
#define TIMERS_MAX 20000

static size_t
timer_index(const struct player *player, int64_t chat_id, const char *name)
{
	size_t i = 0;

	while (i < player->timer_count &&
	    (player->timers[i].chat_id != chat_id ||
		strcmp(player->timers[i].name, name) != 0))
		i++;
	return i;
}

const struct timer *
player_timer(const struct player *player, int64_t chat_id, const char *name)
{
	size_t i = timer_index(player, chat_id, name);

	return i < player->timer_count ? &player->timers[i] : NULL;
}

static void
timer_remove(struct player *player, size_t index)
{
	free(player->timers[index].name);
	free(player->timers[index].pointer);
	player->timers[index] = player->timers[--player->timer_count];
}

void
player_add_timer(struct player *player, const struct effect *effect)
{
	size_t i = timer_index(player, effect->chat_id, effect->text);

	if (i < player->timer_count) {
		if (!effect->replace && !effect->again)
			return;
		timer_remove(player, i);
	}
	player->timers = mem_array(player->timers, player->timer_count + 1,
	    sizeof(*player->timers));
	player->timers[player->timer_count++] =
	    (struct timer){ .chat_id = effect->chat_id,
		    .due_at = effect->due_at,
		    .expire_at = effect->expire_at,
		    .entries = effect->entries,
		    .name = mem_dup(effect->text),
		    .pointer = mem_dup(effect->pointer) };
}

void
player_recur(struct player *player, const struct actor *actor)
{
	struct effects effects = { 0 };

	recur_plan(player->flow, &actor->chat, player->now, &effects);
	for (size_t i = 0; i < effects.count; i++)
		player_add_timer(player, &effects.list[i]);
	effects_release(&effects);
}

void
player_cancel_timer(struct player *player, const struct effect *effect)
{
	size_t i = timer_index(player, effect->chat_id, effect->text);

	if (i < player->timer_count &&
	    (effect->pointer == NULL ||
		strcmp(player->timers[i].pointer, effect->pointer) == 0))
		timer_remove(player, i);
}

/* Whether TIMER of CHAT is still wanted, as it is asked before it runs. */
static bool
timer_holds(const struct player *player, const struct timer *timer,
    const struct chat *chat)
{
	if (recur_is(timer->name) &&
	    !recur_holds(player->flow, chat, timer->name))
		return false;
	return step_is_timer(timer->name) ||
	    (!chat->unsubscribed &&
		!step_unless(player->flow, chat, timer->name, timer->pointer,
		    timer->entries));
}

/* Runs the timer at INDEX, which is due. */
static void
timer_run(struct player *player, size_t index)
{
	struct timer timer = player->timers[index];
	struct actor *actor = player_actor(player, timer.chat_id, NULL);
	const struct input input = {
		.kind = step_is_timer(timer.name) ? INPUT_TIMER
						  : INPUT_SCHEDULE,
		.text = timer.pointer,
		.name = timer.name,
		.entries = timer.entries,
		.due_at = timer.due_at,
		.late = timer.expire_at < player->now,
	};

	player->timers[index] = player->timers[--player->timer_count];
	if (timer_holds(player, &timer, &actor->chat))
		player_step(player, actor, &input);
	free(timer.name);
	free(timer.pointer);
}

/* True when the chat of TIMER, which is due, cannot have it now. */
static bool
timer_waits(struct player *player, struct timer *timer)
{
	const struct chat *chat =
	    &player_actor(player, timer->chat_id, NULL)->chat;

	if (chat->blocked)
		timer->not_before = INT64_MAX;
	else if (step_paused(chat, player->now))
		timer->not_before = chat->handoff_until;
	else
		return false;
	return true;
}

static int64_t
timer_at(const struct timer *timer)
{
	return timer->not_before > timer->due_at ? timer->not_before
						 : timer->due_at;
}

/* The timer that is due first, and until then. */
static struct timer *
timer_next(const struct player *player, int64_t until)
{
	struct timer *next = NULL;

	for (size_t i = 0; i < player->timer_count; i++) {
		struct timer *timer = &player->timers[i];

		if (timer_at(timer) <= until &&
		    (next == NULL || timer_at(timer) < timer_at(next)))
			next = timer;
	}
	return next;
}

void
player_wait(struct player *player, int64_t until)
{
	struct timer *timer;

	for (int run = 0; !player->result->broken &&
	     (timer = timer_next(player, until)) != NULL;
	     run++) {
		if (run == TIMERS_MAX) {
			player_refuse(player,
			    "more than %d things are due until then",
			    TIMERS_MAX);
			return;
		}
		if (timer_at(timer) > player->now)
			player->now = timer_at(timer);
		if (!timer_waits(player, timer))
			timer_run(player, (size_t)(timer - player->timers));
	}
	player->now = until;
}

void
player_release_timers(struct player *player, const struct actor *actor)
{
	for (size_t i = 0; i < player->timer_count; i++)
		if (player->timers[i].chat_id == actor->chat.id)
			player->timers[i].not_before = 0;
	player_wait(player, player->now);
}
