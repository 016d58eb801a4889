/* SPDX-License-Identifier: MIT */
#include "turn/turn_broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/audience.h"
#include "bot/text.h"
#include "store/broadcast_run.h"
#include "turn/broadcast_text.h"
#include "turn/chat_io.h"
#include "turn/turn_private.h"

/* People that are looked at in one transaction: answers wait meanwhile. */
#define LOOKS 500

/* What is in the outbox of a broadcast lasts this long. */
#define WINDOW_S 2
#define WINDOW_LEAST 2
#define WINDOW_MOST 2000

/* So many in a row that did not arrive, whoever they are for: it is the
 * message, or Telegram, and each further one would be lost, too. */
#define FAILURES_MOST 20

/* Clocks of several commands hardly differ by more. */
#define CLOCKS_MS 60000

/* A summary has a dozen lines. */
#define SUMMARY_MAX 2000

struct expansion {
	struct turn *turn;
	struct broadcast *broadcast;
	const struct flow *flow; /* with its words */
	json_t *audience;
	int64_t now, room; /* messages that may still be queued */
	int looks;	   /* people that may still be looked at */
	bool moved;	   /* something was done */
};

static int64_t
window_of(const struct broadcast *b, const struct turn_pace *pace)
{
	int64_t per = b->rate;
	int64_t least = b->rate > 0 ? WINDOW_LEAST : pace->slots;

	if (per == 0)
		per = b->paid ? BROADCAST_PAID_PER_SECOND : pace->per_second;
	/* Without a limit. */
	if (per == 0 || per > WINDOW_MOST / WINDOW_S)
		return WINDOW_MOST;
	return per * WINDOW_S > least ? per * WINDOW_S : least;
}

static enum outcome
write_for(struct expansion *x, const struct chat_row *row, struct fault *fault)
{
	const char *not_for = row->blocked_at != 0 ? BROADCAST_BLOCKED
	    : row->unsubscribed_at != 0		   ? BROADCAST_UNSUBSCRIBED
						   : NULL;

	if (not_for == NULL)
		--x->room;
	return broadcast_write(x->turn->db, x->broadcast, row->chat_id,
	    not_for, x->now, fault);
}

/* Who was chosen before it was paused comes first. */
static enum outcome
take_back(struct expansion *x, struct fault *fault)
{
	struct db *db = x->turn->db;
	enum outcome out = OUT_OK;
	int64_t chat_id;

	while (out == OUT_OK && x->room > 0 && x->looks > 0 &&
	    broadcast_back(db, x->broadcast->id, &chat_id)) {
		struct chat_row row;
		--x->looks;
		out = chats_load(db, chat_id, &row, fault);
		if (out == OUT_OK)
			out = write_for(x, &row, fault);
		chat_row_release(&row);
	}
	return out;
}

static enum outcome
look_at(struct expansion *x, struct turn_chat *open, struct fault *fault)
{
	struct broadcast *b = x->broadcast;
	int64_t seen_at = open->row.seen_at;
	struct fault why;

	--x->looks;
	b->cursor = open->row.chat_id;
	/* Who came later is not meant; a time that is still to come was
	 * written by a clock that was wrong. */
	if (open->row.created_at > b->begun_at &&
	    open->row.created_at <= x->now + CLOCKS_MS)
		return OUT_OK;
	++b->looked;
	chat_release(&open->chat);
	if (chat_from_row(&open->chat, &open->row, &why) != OUT_OK) {
		log_error("broadcast '%s' passes over somebody: %s", b->name,
		    why.text);
		return OUT_OK;
	}
	/* By the flow that runs: it knows what states are called now. */
	if (!audience_has(x->turn->flow ? x->turn->flow : x->flow, &open->chat,
		x->audience, seen_at))
		return OUT_OK;
	return write_for(x, &open->row, fault);
}

/* Groups have ids below zero. */
static enum outcome
go_on(struct expansion *x, struct fault *fault)
{
	struct broadcast *b = x->broadcast;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && !b->through && x->room > 0 && x->looks > 0) {
		struct turn_chat open = { 0 };
		out =
		    chats_load_next(x->turn->db, b->cursor, &open.row, fault);
		chat_init(&open.chat, open.row.chat_id);
		if (out == OUT_OK && open.row.exists)
			out = look_at(x, &open, fault);
		else if (out == OUT_OK && --x->looks >= 0)
			b->through = true;
		turn_chat_close(&open);
	}
	return out;
}

/* Also of words that this program cannot read. */
static const char *
lang_of(struct turn *turn, const struct broadcast *b, const struct chat *chat)
{
	const struct flow *flow = turn_old_flow(turn, b->flow);

	if (flow == NULL)
		flow = turn->flow;
	return flow != NULL ? text_lang(flow, chat) : "en";
}

/* In the language of the one who reads it. */
static enum outcome
tell(struct turn *turn, const struct broadcast *b, int64_t chat_id,
    int64_t now, struct fault *fault)
{
	struct buf words = BUF_INIT(SUMMARY_MAX);
	struct turn_chat open = { 0 };
	struct broadcast_counts counts;
	enum outcome out = turn_chat_open(turn, chat_id, &open, fault);

	/* Somebody whose row is damaged still has a language. */
	if (out == OUT_OK || turn_blames_item(turn, out))
		out = broadcasts_count(turn->db, b->id, &counts, fault);
	if (out != OUT_OK) {
		turn_chat_close(&open);
		return out;
	}
	broadcast_text_in(&words, lang_of(turn, b, &open.chat), b, &counts);
	char *text = buf_take(&words);
	json_auto_t *said = json_pack("{s:s}", "text", text);
	char *params = json_text(said);
	struct message message = { .chat_id = chat_id,
		.priority = PRIORITY_ALERT,
		.policy = POLICY_RESEND,
		.method = "sendMessage",
		.params = params,
		.text = text,
		.created_at = now,
		.expire_at = now + TURN_ANSWER_LIFE_MS };
	out =
	    messages_add(turn->db, &message, open.row.blocked_at != 0, fault);
	free(params);
	free(text);
	turn_chat_close(&open);
	return out;
}

/* One who cannot be told does not keep the broadcast from its end. */
static enum outcome
tell_admins(struct turn *turn, const struct broadcast *b, int64_t now,
    struct fault *fault)
{
	const char *at = config_get_or(turn->config, "ADMIN_IDS", "");
	enum outcome out = OUT_OK;

	while (*at != '\0' && out == OUT_OK) {
		size_t len = strcspn(at, ", \t");
		char *who = mem_printf("%.*s", (int)len, at);
		struct fault why;
		int64_t chat_id;

		if (*who == '\0')
			out = OUT_OK;
		else if (chats_resolve(turn->db, who, &chat_id, &why) ==
			OUT_OK &&
		    chats_known(turn->db, chat_id, &why) == OUT_OK)
			out = tell(turn, b, chat_id, now, fault);
		else
			log_warning("ADMIN_IDS: how broadcast '%s' went is "
				    "not told: %s",
			    b->name, why.text);
		free(who);
		at += len + (at[len] != '\0');
	}
	return out;
}

/* Somebody has to look at it before anybody else gets it. */
static enum outcome
stop(struct expansion *x, const char *why, struct fault *fault)
{
	struct broadcast *b = x->broadcast;
	enum outcome out = broadcasts_pause(x->turn->db, b->id, why, x->now,
	    &x->moved, fault);

	if (out != OUT_OK || !x->moved)
		return out;
	log_error("broadcast '%s' is paused: %s; mend it, then 'leadpipe "
		  "send-broadcast --resume %lld'",
	    b->name, why, (long long)b->id);
	b->state = BROADCAST_PAUSED;
	b->reason = why;
	return tell_admins(x->turn, b, x->now, fault);
}

static enum outcome
stop_failing(struct expansion *x, struct fault *fault)
{
	char *last = broadcast_failure(x->turn->db, x->broadcast->id);
	char *why = mem_printf("%lld in a row failed, the last one: %s",
	    (long long)x->broadcast->failures, last);
	enum outcome out = stop(x, why, fault);

	free(why);
	free(last);
	return out;
}

static enum outcome
finish(struct expansion *x, struct fault *fault)
{
	struct broadcast *b = x->broadcast;

	if (!broadcast_finish(x->turn->db, b->id, x->now))
		return db_result(x->turn->db, fault);
	x->moved = true;
	b->state = BROADCAST_FINISHED;
	b->finished_at = x->now;
	log_event(LOG_INFO, "broadcast", "id=%lld state=finished",
	    (long long)b->id);
	return tell_admins(x->turn, b, x->now, fault);
}

static enum outcome
expand(struct expansion *x, struct fault *fault)
{
	struct turn *turn = x->turn;
	struct broadcast *b = x->broadcast;
	enum outcome out = OUT_OK;

	x->audience = json_loads(b->audience, 0, NULL);
	if (b->state == BROADCAST_SCHEDULED)
		out = broadcast_begin(turn->db, b, x->now, fault);
	if (out == OUT_OK)
		out = take_back(x, fault);
	if (out == OUT_OK)
		out = go_on(x, fault);
	x->moved = x->looks < LOOKS;
	if (out == OUT_OK && x->moved)
		out = broadcast_moved(turn->db, b, x->now, fault);
	json_decref(x->audience);
	if (out != OUT_OK || !b->through || x->looks == 0 ||
	    broadcast_waiting(turn->db, b->id) > 0)
		return out;
	return finish(x, fault);
}

/* In lots: to take the next one each time that one is sent would cost a change
 * of its row each time. */
static int64_t
room_for(struct turn *turn, const struct broadcast *b,
    const struct turn_pace *pace)
{
	int64_t waiting = broadcast_waiting(turn->db, b->id);
	int64_t window = window_of(b, pace);

	return waiting * 2 > window ? 0 : window - waiting;
}

static enum outcome
serve(struct expansion *x, const struct turn_pace *pace, struct fault *fault)
{
	const struct broadcast *b = x->broadcast;

	x->flow = turn_old_flow(x->turn, b->flow);
	if (x->flow == NULL)
		return stop(x,
		    "the flow with its words cannot be run by this program",
		    fault);
	if (b->failures >= FAILURES_MOST)
		return stop_failing(x, fault);
	x->room = room_for(x->turn, b, pace);
	return x->room > 0 ? expand(x, fault) : OUT_OK;
}

/* The first one behind AFTER for which something can be done; *MOVED: it
 * was. */
static enum outcome
serve_next(struct turn *turn, const struct turn_pace *pace, int64_t after,
    int64_t now, bool *moved, struct fault *fault)
{
	enum outcome out = OUT_OK;
	struct broadcast b;

	*moved = false;
	while (out == OUT_OK && !*moved &&
	    broadcast_due(turn->db, now, after, &b)) {
		struct expansion x = { .turn = turn,
			.broadcast = &b,
			.now = now,
			.looks = LOOKS };
		turn->broadcast = after = b.id;
		out = serve(&x, pace, fault);
		*moved = x.moved;
	}
	return out;
}

enum outcome
turn_broadcasts(struct turn *turn, const struct turn_pace *pace, int64_t now,
    bool *more, int64_t *next_at, struct fault *fault)
{
	int64_t last = turn->broadcast;
	enum outcome out;

	*more = false;
	if (!broadcast_wanted(turn->db, now, next_at, &turn->pays))
		return db_result(turn->db, fault);
	/* Each of several gets its turn. */
	out = serve_next(turn, pace, last, now, more, fault);
	if (out == OUT_OK && !*more && last != 0)
		out = serve_next(turn, pace, 0, now, more, fault);
	return out == OUT_OK ? db_result(turn->db, fault) : out;
}

bool
turn_pays(const struct turn *turn)
{
	return turn->pays;
}
