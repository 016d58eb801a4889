/* SPDX-License-Identifier: MIT */
/*
 * A flow as a picture: its states, the arrows between them and what makes
 * people take each.  What can be met anywhere (a command, an event, the time
 * that a group has) is a trigger with arrows of its own; what stays where it
 * is becomes a note in the state.
 */
#ifndef LEADPIPE_GRAPH_H
#define LEADPIPE_GRAPH_H

#include <stdint.h>

#include "base/buf.h"
#include "bot/flow.h"

struct graph;

/* The graph of FLOW, which must outlive it. */
struct graph *graph_open(const struct flow *flow);
void graph_close(struct graph *graph);

/* How many people are in STATE (NULL: in every one) now; a state of another
 * version is passed over. */
void graph_set_people(struct graph *graph, const char *state, int64_t people);

/* How many people went from one state to another.  Whoever took no arrow that
 * is drawn between the two came by a trigger, if only one leads there. */
void graph_set_taken(struct graph *graph, const char *from, const char *to,
    int64_t people);

/* Appends the picture: the language of Graphviz, or an SVG document that
 * needs no other file and follows the reader's light or dark mode. */
void graph_add_dot(const struct graph *graph, struct buf *out);
void graph_add_svg(const struct graph *graph, struct buf *out);

#endif
