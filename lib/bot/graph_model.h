/* SPDX-License-Identifier: MIT */
/*
 * What the files of the picture share: the graph, and where its parts lie.
 */
#ifndef LEADPIPE_GRAPH_MODEL_H
#define LEADPIPE_GRAPH_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/graph.h"

#define GRAPH_NONE SIZE_MAX
#define GRAPH_UNKNOWN (-1)

struct graph_node {
	char *name;	/* the state, or what a trigger is called */
	size_t group;	/* index into groups, GRAPH_NONE: in none */
	json_t *notes;	/* lines: what is said and done there */
	int64_t people; /* who are there now, GRAPH_UNKNOWN: not asked */
	bool trigger, start;
	bool left, reached; /* arrows lead on, arrows lead here */
};

/* All arrows of one kind between two nodes are one. */
struct graph_edge {
	size_t from, to;
	json_t *labels; /* lines; empty: it is taken at once */
	bool timer;
	int64_t people;
};

struct graph {
	const struct flow *flow;
	struct graph_node *nodes;
	size_t node_count, node_size;
	struct graph_edge *edges;
	size_t edge_count, edge_size;
	char **groups;
	size_t group_count;
	size_t state_count; /* the first nodes are the states */
};

size_t graph_node_add(struct graph *graph, const char *name, size_t group);
size_t graph_node_find(const struct graph *graph, const char *state);

/* Adds an arrow to STATE, or a line to the one that is there; LABEL may be
 * empty.  What leads back to where it comes from is a note. */
void graph_edge_add(struct graph *graph, size_t from, const char *state,
    const char *label, bool timer);
void graph_note_add(struct graph *graph, size_t node, const char *note);

/* True for a state that nothing leads on from. */
bool graph_is_end(const struct graph_node *node);

/* What the arrow of the `on` key KEY is called: the button's label, the
 * command ...; STATE (NULL: any) is where the button may be.  The caller frees
 * it. */
char *graph_key_label(const struct flow *flow, const char *state,
    const char *key);

/* The arrow of an answer to the question ASK. */
char *graph_ask_label(const struct flow *flow, const json_t *ask);

/* GUARD in a few words; the caller frees it. */
char *graph_guard_label(const json_t *guard);

/* When the schedule ACTION comes: "after 5m", "at 09:00"; the caller frees it.
 */
char *graph_when_label(const json_t *action);

/* The text KEY in the flow's first language, without markup, the values it
 * fills in left out, at most MAX characters.  The caller frees it. */
char *graph_text(const struct flow *flow, const char *key, size_t max);

/* Adds the notes and arrows of a list of actions of NODE, all of them taken
 * because of WHY. */
void graph_actions_add(struct graph *graph, size_t node, const json_t *actions,
    const char *why, bool timer);

/* The lines on an arrow: its labels, and how many took it.  The caller owns
 * the array. */
json_t *graph_edge_lines(const struct graph_edge *edge);

#endif
