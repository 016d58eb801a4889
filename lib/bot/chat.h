/* SPDX-License-Identifier: MIT */
/*
 * What the engine knows of one chat.  The engine reads and changes this and
 * nothing else; who loads and stores it is not its business.
 */
#ifndef LEADPIPE_CHAT_H
#define LEADPIPE_CHAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The person on the other side, as Telegram described them last. */
struct person {
	int64_t id;
	char *first_name, *last_name, *username;
	char *lang; /* IETF tag of their client, or NULL */
};

struct chat {
	int64_t id;
	struct person person;
	char *state;	    /* "" before the first input */
	int64_t session;    /* grows on each entry of a group */
	int64_t entries;    /* states entered so far, all together */
	json_t *vars;	    /* object: name to value */
	json_t *tags;	    /* object: tag to true */
	json_t *visits;	    /* object: state to [times entered, value of
			     `entries` at the last entry] */
	char *lang;	    /* chosen by the person; NULL: from person.lang */
	char *tz;	    /* NULL: the flow's */
	int64_t expires_at; /* TTL of the state, wall ms, 0: none */
	int64_t handoff_until; /* automation paused, wall ms, 0: not */
	int64_t asked_at; /* an open question that waits for the press of an
			     inline button was asked, wall ms, 0: none */
	json_t *memory;	  /* object: the engine's own (open question, timers);
			     stored as it is */
	bool blocked, unsubscribed;
	const char *reading; /* language of what is being rendered for somebody
				else, NULL: the person's; not stored */
};

/* An empty chat that has seen nothing. */
void chat_init(struct chat *chat, int64_t id);
void chat_release(struct chat *chat);

#endif
