/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of a picture lie: layers from top to bottom (Sugiyama et
 * al., 1981), an arrow's words in layers between those of the states, so that
 * nothing ever lies on top of anything; each group in a lane of its own, so
 * that its frame holds nothing else.
 */
#ifndef LEADPIPE_GRAPH_LAYOUT_H
#define LEADPIPE_GRAPH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/graph_model.h"

enum box_kind { BOX_NODE, BOX_LABEL, BOX_BEND };

struct box {
	enum box_kind kind;
	size_t index; /* of the node or the edge */
	int layer;
	size_t lane;	/* 0: of no group, else the group + 1 */
	int x, y, w, h; /* x: the middle, y: the top */
	double place;	/* while they are put in order, then x */
};

/* A piece of an arrow, from one layer to the next; those of an edge follow one
 * another. */
struct hop {
	size_t upper, lower, edge;
	int x_upper, x_lower; /* where it leaves and arrives */
};

struct layout {
	const struct graph *graph;
	struct box *boxes; /* the first are the nodes */
	size_t box_count, box_size;
	struct hop *hops;
	size_t hop_count, hop_size;
	size_t *hop_order,
	    *hop_starts;   /* hops by the layer of their upper end:
					   where each layer's begin */
	bool *flipped;	   /* edges that lead up */
	int *tops, *sizes; /* of the layers */
	size_t **rows;	   /* boxes of the layers, from left to right */
	size_t *row_counts;
	int layer_count, width, height;
};

/* A frame around a group. */
struct frame {
	int x, y, w, h;
};

#define LAYOUT_LINE 15 /* height of a line of small text */
#define LAYOUT_HEAD 26 /* height of a node's name */

/* Lays out GRAPH; released by layout_release(). */
void layout_init(struct layout *layout, const struct graph *graph);
void layout_release(struct layout *layout);

struct frame layout_frame(const struct layout *layout, size_t group);

/* Gives each box its lane and puts those of a layer in order. */
void layout_order(struct layout *layout);

/* Fills in x, y and the ends of the hops. */
void layout_place(struct layout *layout);

#endif
