/* SPDX-License-Identifier: MIT */
/*
 * What is inside of a flow.  Only lib/bot sees this.  All of it is made when
 * the flow is loaded; a step only looks things up.
 */
#ifndef LEADPIPE_MODEL_H
#define LEADPIPE_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"
#include "bot/chat.h"
#include "bot/flow.h"

struct schedule {
	char *name, *pointer;
	char *state; /* in which it is written, NULL: outside of states */
	json_t *action;
};

struct flow {
	json_t *root;
	json_t *states, *commands, *events, *texts, *vars, *media, *fallback;
	json_t *groups, *recurring, *renamed;
	json_t *roles;	  /* owned: role to { "id": true } */
	json_t *langs;	  /* owned: array of languages, the default first */
	json_t *senders;  /* owned: hash of a state's name to the name */
	json_t *labels;	  /* owned: label of a reply keyboard to an array of
			    [button id, state or null, its `when`] */
	json_t *presses;  /* owned: id of a button to an array of
			    [state or null, its `when`] */
	json_t *signals;  /* owned: names of the events it knows, to true */
	json_t *choices;  /* owned: variable to { id: choice } */
	json_t *aliases;  /* owned: what others call a state, to its name */
	json_t *settings; /* owned: "$NAME" to what the configuration said */
	struct schedule *schedules;
	size_t schedule_count;
	char hash[ID_DIGEST_SIZE];
};

/* The schedule at POINTER, or NULL. */
const struct schedule *flow_schedule_at(const struct flow *flow,
    const char *pointer);

/* The schedule that was made as NAME (NULL: any) at POINTER; a new version may
 * have moved it.  NULL when it is gone, or is there more than once. */
const struct schedule *flow_schedule_named(const struct flow *flow,
    const char *name, const char *pointer);

/* The schedule made of ACTION. */
const struct schedule *flow_schedule_of(const struct flow *flow,
    const json_t *action);

/* What the bot calls a state in callback data, so that a button outlives flow
 * versions: 5 hexadecimal digits of its name. */
#define STATE_HASH_SIZE 6
void state_hash(const char *state, char hash[STATE_HASH_SIZE]);

/* The group that STATE belongs to by its name, or NULL. */
const json_t *flow_group_of(const struct flow *flow, const char *state);

/* The choice of the variable VAR whose id is ID, as the question that asks it
 * writes it; NULL when no question has it. */
const json_t *flow_choice(const struct flow *flow, const char *var,
    const char *id);

/* The kinds of media, as members of its entry; ends with NULL. */
extern const char *const media_kinds[];

/* The kind called NAME, or NULL. */
const char *media_kind_find(const char *name);

/* True when ROLE of FLOW holds the person. */
bool flow_in_role(const struct flow *flow, const char *role, int64_t person);

#endif
