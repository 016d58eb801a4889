/* SPDX-License-Identifier: MIT */
/*
 * Lanes, and the order of the boxes in each layer: again and again each goes
 * to the middle of those it is joined with, and the order with the fewest
 * crossings is kept.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "bot/graph_layout.h"

#define SWEEPS 24
/* Counting crossings takes the square of what is in a layer. */
#define COUNTED_HOPS 20000
#define LANE_STEP 1e6

/* The first layer of GROUP. */
static int
group_top(const struct layout *layout, size_t group)
{
	int top = -1;

	for (size_t i = 0; i < layout->graph->node_count; i++)
		if (layout->graph->nodes[i].group == group &&
		    (top < 0 || layout->boxes[i].layer < top))
			top = layout->boxes[i].layer;
	return top;
}

/* A trigger that only leads into a group from above stands over it. */
static size_t
trigger_lane(const struct layout *layout, size_t node)
{
	const struct graph *graph = layout->graph;
	size_t group = GRAPH_NONE;

	for (size_t i = 0; i < graph->edge_count; i++) {
		size_t to = graph->edges[i].to;

		if (graph->edges[i].from != node)
			continue;
		if (graph->nodes[to].group == GRAPH_NONE ||
		    (group != GRAPH_NONE && graph->nodes[to].group != group))
			return 0;
		group = graph->nodes[to].group;
	}
	if (group == GRAPH_NONE ||
	    layout->boxes[node].layer >= group_top(layout, group))
		return 0;
	return group + 1;
}

static void
lanes_fill(struct layout *layout)
{
	const struct graph *graph = layout->graph;

	for (size_t i = 0; i < graph->node_count; i++)
		layout->boxes[i].lane = graph->nodes[i].group != GRAPH_NONE
		    ? graph->nodes[i].group + 1
		    : graph->nodes[i].trigger ? trigger_lane(layout, i)
					      : 0;
	for (size_t i = graph->node_count; i < layout->box_count; i++) {
		const struct graph_edge *edge =
		    &graph->edges[layout->boxes[i].index];
		size_t from = layout->boxes[edge->from].lane;

		layout->boxes[i].lane =
		    from == layout->boxes[edge->to].lane ? from : 0;
	}
}

static void
rows_fill(struct layout *layout)
{
	size_t count;

	count = (size_t)layout->layer_count;
	layout->rows = mem_alloc((count + 1) * sizeof(*layout->rows));
	layout->row_counts = mem_alloc(
	    (count + 1) * sizeof(*layout->row_counts));
	for (size_t i = 0; i < layout->box_count; i++) {
		int layer = layout->boxes[i].layer;
		size_t *used = &layout->row_counts[layer];

		layout->rows[layer] = mem_array(layout->rows[layer], *used + 1,
		    sizeof(**layout->rows));
		layout->rows[layer][(*used)++] = i;
	}
}

/* By lane, then by place; equal ones stay as they are. */
static void
row_sort(struct layout *layout, int layer)
{
	size_t *row = layout->rows[layer];

	for (size_t i = 1; i < layout->row_counts[layer]; i++) {
		size_t box = row[i], j = i;
		const struct box *one = &layout->boxes[box];

		for (; j > 0; j--) {
			const struct box *other = &layout->boxes[row[j - 1]];

			if (other->lane < one->lane ||
			    (other->lane == one->lane &&
				other->place <= one->place))
				break;
			row[j] = row[j - 1];
		}
		row[j] = box;
	}
}

/* Places as numbers of their rows; lanes stay apart whatever is in them. */
static void
places_number(struct layout *layout)
{
	for (int layer = 0; layer < layout->layer_count; layer++)
		for (size_t i = 0; i < layout->row_counts[layer]; i++) {
			struct box *box =
			    &layout->boxes[layout->rows[layer][i]];

			box->place = (double)box->lane * LANE_STEP + (double)i;
		}
}

/* Moves the boxes of LAYER to the middle of those above or below. */
static void
row_centre(struct layout *layout, int layer, bool down, double *sums,
    double *counts)
{
	int above = down ? layer - 1 : layer;

	for (size_t i = 0; i < layout->row_counts[layer]; i++)
		sums[layout->rows[layer][i]] = counts[layout->rows[layer][i]] =
		    0;
	if (above < 0)
		return;
	for (size_t i = layout->hop_starts[above];
	     i < layout->hop_starts[above + 1]; i++) {
		const struct hop *hop = &layout->hops[layout->hop_order[i]];
		size_t box = down ? hop->lower : hop->upper;

		sums[box] +=
		    layout->boxes[down ? hop->upper : hop->lower].place;
		counts[box]++;
	}
	for (size_t i = 0; i < layout->row_counts[layer]; i++) {
		size_t box = layout->rows[layer][i];

		if (counts[box] > 0)
			layout->boxes[box].place = sums[box] / counts[box];
	}
	row_sort(layout, layer);
	for (size_t i = 0; i < layout->row_counts[layer]; i++) {
		struct box *box = &layout->boxes[layout->rows[layer][i]];

		box->place = (double)box->lane * LANE_STEP + (double)i;
	}
}

/* Crossings between LAYER and the next. */
static size_t
crossings_below(const struct layout *layout, int layer)
{
	const struct box *boxes = layout->boxes;
	size_t first = layout->hop_starts[layer], found = 0;

	for (size_t i = first; i < layout->hop_starts[layer + 1]; i++)
		for (size_t j = first; j < i; j++) {
			const struct hop *a =
			    &layout->hops[layout->hop_order[i]];
			const struct hop *b =
			    &layout->hops[layout->hop_order[j]];

			if ((boxes[a->upper].place - boxes[b->upper].place) *
				(boxes[a->lower].place -
				    boxes[b->lower].place) <
			    0)
				found++;
		}
	return found;
}

static size_t
crossings(const struct layout *layout)
{
	size_t found = 0;

	for (int layer = 0; layer < layout->layer_count; layer++)
		found += crossings_below(layout, layer);
	return found;
}

/* Keeps or brings back the places of all boxes. */
static void
places_copy(struct layout *layout, double *kept, bool back)
{
	for (size_t i = 0; i < layout->box_count; i++) {
		if (back)
			layout->boxes[i].place = kept[i];
		else
			kept[i] = layout->boxes[i].place;
	}
}

static void
rows_sort(struct layout *layout)
{
	for (int layer = 0; layer < layout->layer_count; layer++)
		row_sort(layout, layer);
}

void
layout_order(struct layout *layout)
{
	size_t bytes = (layout->box_count + 1) * sizeof(double);
	double *sums = mem_alloc(bytes), *counts = mem_alloc(bytes);
	double *kept = mem_alloc(bytes);
	bool counting = layout->hop_count <= COUNTED_HOPS;
	size_t fewest = SIZE_MAX, found;

	lanes_fill(layout);
	rows_fill(layout);
	rows_sort(layout);
	places_number(layout);
	for (int sweep = 0; sweep < SWEEPS; sweep++) {
		bool down = sweep % 2 == 0;

		found = counting ? crossings(layout) : fewest - 1;
		if (found < fewest) {
			places_copy(layout, kept, false);
			fewest = found;
		}
		for (int i = 0; i < layout->layer_count; i++)
			row_centre(layout,
			    down ? i : layout->layer_count - 1 - i, down, sums,
			    counts);
	}
	if (!counting || crossings(layout) < fewest)
		places_copy(layout, kept, false);
	places_copy(layout, kept, true);
	rows_sort(layout);
	free(sums);
	free(counts);
	free(kept);
}
