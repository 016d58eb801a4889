/* SPDX-License-Identifier: MIT */
/*
 * What the alerts remember from one healthcheck to the next.  It is kept in a
 * file of its own (alert_file.h), so that they work when the database does
 * not.
 */
#ifndef LEADPIPE_ALERT_STATE_H
#define LEADPIPE_ALERT_STATE_H

#include <jansson.h>

#include "ops/check.h"

/* More letters an hour than this are a storm. */
#define ALERTS_AN_HOUR 20

/*
 * A verdict that is bad, or was lately.
 *
 *   told OK -> (bad for a while) -> told BAD -> (well for a while) -> told OK
 */
struct alert_trouble {
	char *key;		    /* of health_key() */
	enum check_state now, told; /* as it is, as people know it */
	char *text, *remedy;	    /* of when it was bad last */
	int64_t since;		    /* wall ms */
	int64_t seen_at;	    /* bad last; 0: never */
	int64_t up_at;		    /* worse than told since; 0: it is not */
	int64_t quiet_at;	    /* no more so since */
	int64_t down_at;	    /* better than told since; 0: it is not */
	int64_t told_at;	    /* the last letter about it, 0: none */
	int64_t eased;		    /* how often it got better lately */
	/* Not kept: what this healthcheck makes of it. */
	enum check_state was;
	bool changed, judged, held; /* held: another one explains it */
};

/* Who is still to get a letter. */
struct alert_chat {
	char *id;		/* a number or @channel */
	int64_t tries, next_at; /* next_at: wall ms */
	int64_t lost;		/* tries that may have arrived */
	bool sending;		/* marked before it leaves */
};

struct alert_letter {
	int64_t at;
	char *text;
	int64_t commanded; /* runs of LEADPIPE_ALERT_COMMAND with it */
	bool heard;	   /* somebody has it */
	bool cried;	   /* stderr has it */
	struct alert_chat *chats;
	size_t chat_count;
};

struct alert_state {
	int64_t saves; /* of two copies the one with more is right */
	struct alert_trouble *troubles;
	size_t trouble_count;
	struct alert_letter *letters; /* the oldest first */
	size_t letter_count;
	int64_t sent[ALERTS_AN_HOUR]; /* when letters were written */
	int64_t sent_count;
	int64_t held_worse, held_better, held_from; /* not told yet */
	int64_t wait_until; /* of Telegram's retry_after, wall ms */
	int64_t ping_at;    /* last heartbeat */
};

/* The trouble called KEY, made when there is none; valid until the next. */
struct alert_trouble *alert_trouble(struct alert_state *state,
    const char *key);
void alert_trouble_drop(struct alert_state *state, size_t index);

/* A new letter of TEXT, which is taken over; valid until the next. */
struct alert_letter *alert_letter_add(struct alert_state *state, int64_t now,
    char *text);
void alert_letter_drop(struct alert_state *state, size_t index);
void alert_chat_add(struct alert_letter *letter, const char *id, size_t len);
void alert_chat_drop(struct alert_letter *letter, size_t index);

/* As JSON and back.  Whatever is no state of ours is passed over; times that
 * are still to come (the clock was set back) become NOW. */
json_t *alert_state_json(const struct alert_state *state);
void alert_state_read(struct alert_state *state, const json_t *json,
    int64_t now);
void alert_state_release(struct alert_state *state);

#endif
