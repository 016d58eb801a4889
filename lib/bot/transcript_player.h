/* SPDX-License-Identifier: MIT */
/*
 * What the files of the transcript player share.
 */
#ifndef LEADPIPE_TRANSCRIPT_PLAYER_H
#define LEADPIPE_TRANSCRIPT_PLAYER_H

#include <stdint.h>

#include "bot/chat.h"
#include "bot/effect.h"
#include "bot/step.h"
#include "bot/transcript.h"

/* One chat of the play. */
struct actor {
	struct chat chat;
	char *payload; /* of their next /start, NULL: none */
	json_t *shown; /* array: what they were shown, the oldest first */
	json_t *held;  /* array: what waits because they blocked the bot */
	json_t *said;  /* array: [role, text, wall ms], both ways, likewise */
	size_t read;   /* how many of these earlier exchanges have had */
};

struct timer;

struct player {
	struct flow *flow;
	const struct transcript_host *host;
	struct transcript_result *result;
	struct actor **actors;
	size_t actor_count;
	struct actor *speaker; /* whose lines these are, NULL: nobody yet */
	struct timer *timers;
	size_t timer_count;
	json_t *leads;	  /* array: those that no line has taken yet */
	json_t *notices;  /* array: texts, likewise */
	json_t *stubs;	  /* object: handler to what it writes, null: fails */
	json_t *expected; /* array: [line, chat, pattern, who] so far */
	json_t *made_up;  /* object: role to the member that we gave it */
	char *input;	  /* the last one, as it was written */
	int64_t now, next_id;
	size_t heard; /* of the stepping actor's `said`: before this step */
	int line, input_line;
};

/* Adds a failure at LINE and returns its diff, borrowed. */
json_t *player_fail(struct player *player, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The present line cannot be played. */
void player_refuse(struct player *player, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The chat ID, a new one when it is met for the first time. */
struct actor *player_actor(struct player *player, int64_t id, bool *fresh);

/* The chat of a role or with an id; NULL: there is none. */
struct actor *player_find(struct player *player, const char *who);

/* Gives ROLE the member ID instead of the one made up; false: the flow has no
 * such role. */
bool player_join(struct player *player, const char *role, int64_t id);

/* ACTOR's history has TEXT (NULL: nothing) of ROLE: user, assistant or
 * operator. */
void player_note(struct player *player, struct actor *actor, const char *role,
    const char *text);

/* ACTOR sees MESSAGE (taken). */
void player_show(struct player *player, struct actor *actor, json_t *message);

/* Steps INPUT on ACTOR with all that follows at once. */
void player_step(struct player *player, struct actor *actor,
    const struct input *input);

/* The lines that let something happen: REST follows the first word. */
void play_input(struct player *player, const char *rest);
void play_event(struct player *player, const char *rest);
void play_user(struct player *player, const char *rest);
void play_exec(struct player *player, const char *rest);
void play_span(struct player *player, const char *rest);
void play_until(struct player *player, const char *rest);
void play_outage(struct player *player, const char *rest);
void play_block(struct player *player, const char *rest);
void play_unblock(struct player *player, const char *rest);

/* The lines that say what is expected. */
void play_said(struct player *player, const char *rest);
void play_to(struct player *player, const char *rest);
void play_check(struct player *player, const char *rest);
void play_lead(struct player *player, const char *rest);
void play_notice(struct player *player, const char *rest);

/* Compares what an exchange said with what was expected of it, and begins the
 * next. */
void exchange_end(struct player *player);

#endif
