/* SPDX-License-Identifier: MIT */
/*
 * Where the boxes of each layer lie: as near as can be to the middle of those
 * they are joined with, in the least squares, without changing their order
 * (isotonic regression by pooling adjacent violators).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "bot/graph_layout.h"

#define SWEEPS 60
#define GAP_X 22
#define GAP_Y 34
#define LANE_GAP 44
#define MARGIN 24
#define FRAME_X 14
#define FRAME_TOP 26
#define FRAME_BOTTOM 12
#define PORT_MAX 26 /* between two arrows at a node */

/* What hangs together in a row and moves as one. */
struct pool {
	double sum, weight;
	size_t count;
};

struct wish {
	double *sums, *counts;
};

/* Straight arrows count more than a state in the very middle. */
static double
weight_of(const struct box *box)
{
	return box->kind == BOX_BEND ? 6 : box->kind == BOX_LABEL ? 3 : 1;
}

/* Adds to the wishes of one end of each hop below LAYER. */
static void
wishes_add(const struct layout *layout, struct wish *wish, int layer,
    bool upper)
{
	if (layer < 0)
		return;
	for (size_t i = layout->hop_starts[layer];
	     i < layout->hop_starts[layer + 1]; i++) {
		const struct hop *hop = &layout->hops[layout->hop_order[i]];
		size_t box = upper ? hop->upper : hop->lower;
		const struct box *other =
		    &layout->boxes[upper ? hop->lower : hop->upper];

		if (layout->boxes[box].lane != other->lane)
			continue;
		wish->sums[box] += other->place * weight_of(other);
		wish->counts[box] += weight_of(other);
	}
}

/* Where each box of LAYER would like to be. */
static void
wishes_fill(const struct layout *layout, struct wish *wish, int layer)
{
	for (size_t i = 0; i < layout->row_counts[layer]; i++) {
		size_t box = layout->rows[layer][i];

		wish->sums[box] = wish->counts[box] = 0;
	}
	wishes_add(layout, wish, layer - 1, false);
	wishes_add(layout, wish, layer, true);
}

/* Places COUNT boxes of a row, all of one lane. */
static void
piece_place(struct layout *layout, const size_t *row, size_t count,
    const struct wish *wish)
{
	struct pool *pools = mem_alloc(count * sizeof(*pools));
	int *offsets = mem_alloc(count * sizeof(*offsets));
	size_t used = 0, next = 0;

	for (size_t i = 0; i < count; i++) {
		const struct box *box = &layout->boxes[row[i]];
		double at = wish->counts[row[i]] > 0
		    ? wish->sums[row[i]] / wish->counts[row[i]]
		    : box->place;
		double weight = weight_of(box);

		if (i > 0)
			offsets[i] = offsets[i - 1] + GAP_X +
			    (layout->boxes[row[i - 1]].w + box->w) / 2;
		pools[used++] =
		    (struct pool){ (at - offsets[i]) * weight, weight, 1 };
		while (used > 1 &&
		    pools[used - 2].sum / pools[used - 2].weight >
			pools[used - 1].sum / pools[used - 1].weight) {
			pools[used - 2].sum += pools[used - 1].sum;
			pools[used - 2].weight += pools[used - 1].weight;
			pools[used - 2].count += pools[used - 1].count;
			used--;
		}
	}
	for (size_t i = 0; i < used; i++)
		for (size_t j = 0; j < pools[i].count; j++, next++)
			layout->boxes[row[next]].place = offsets[next] +
			    pools[i].sum / pools[i].weight;
	free(offsets);
	free(pools);
}

static void
row_place(struct layout *layout, int layer, const struct wish *wish)
{
	const size_t *row = layout->rows[layer];
	size_t count = layout->row_counts[layer], first = 0;

	for (size_t i = 1; i <= count; i++)
		if (i == count ||
		    layout->boxes[row[i]].lane !=
			layout->boxes[row[first]].lane) {
			piece_place(layout, row + first, i - first, wish);
			first = i;
		}
}

/* How far the box at INDEX of a row may move to either side. */
static void
room_of(const struct layout *layout, int layer, size_t index, double room[2])
{
	const size_t *row = layout->rows[layer];
	const struct box *box = &layout->boxes[row[index]];

	room[0] = -1e9;
	room[1] = 1e9;
	for (size_t side = 0; side < 2; side++) {
		size_t at = side == 0 ? index - 1 : index + 1;
		const struct box *other;
		double apart;

		if (at >= layout->row_counts[layer])
			continue;
		other = &layout->boxes[row[at]];
		apart = (box->w + other->w) / 2.0 + GAP_X;
		if (other->lane == box->lane)
			room[side] = other->place +
			    (side == 0 ? apart : -apart);
	}
}

static size_t
index_in_row(const struct layout *layout, size_t box)
{
	int layer = layout->boxes[box].layer;
	size_t i = 0;

	while (layout->rows[layer][i] != box)
		i++;
	return i;
}

/* Puts the boxes between the hops FIRST and LAST of an arrow on one line. */
static void
run_align(struct layout *layout, size_t first, size_t last,
    const double room[2])
{
	double middle = 0;

	for (size_t i = first; i < last; i++)
		middle += layout->boxes[layout->hops[i].lower].place;
	middle /= (double)(last - first);
	middle = middle < room[0] ? room[0]
	    : middle > room[1]	  ? room[1]
				  : middle;
	for (size_t i = first; i < last; i++)
		layout->boxes[layout->hops[i].lower].place = middle;
}

/* Makes long arrows straight for as long as there is room. */
static void
arrows_straighten(struct layout *layout)
{
	double both[2] = { -1e9, 1e9 }, room[2];
	size_t first = 0;

	for (size_t i = 0; i < layout->hop_count; i++) {
		size_t box = layout->hops[i].lower;
		double low, high;

		if (layout->boxes[box].kind == BOX_NODE) {
			if (i > first)
				run_align(layout, first, i, both);
			first = i + 1;
			both[0] = -1e9;
			both[1] = 1e9;
			continue;
		}
		room_of(layout, layout->boxes[box].layer,
		    index_in_row(layout, box), room);
		low = room[0] > both[0] ? room[0] : both[0];
		high = room[1] < both[1] ? room[1] : both[1];
		if (low > high) {
			run_align(layout, first, i, both);
			first = i;
			low = room[0];
			high = room[1];
		}
		both[0] = low;
		both[1] = high;
	}
}

static void
rows_place(struct layout *layout)
{
	size_t bytes = (layout->box_count + 1) * sizeof(double);
	struct wish wish = { mem_alloc(bytes), mem_alloc(bytes) };

	for (size_t i = 0; i < layout->box_count; i++)
		layout->boxes[i].place = 0;
	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (int i = 0; i < layout->layer_count; i++) {
			int layer =
			    sweep % 2 == 0 ? i : layout->layer_count - 1 - i;

			wishes_fill(layout, &wish, layer);
			row_place(layout, layer, &wish);
		}
	arrows_straighten(layout);
	for (size_t i = 0; i < layout->box_count; i++)
		layout->boxes[i].x = (int)layout->boxes[i].place;
	free(wish.sums);
	free(wish.counts);
}

/* Puts the lanes side by side; empty ones take no room. */
static void
lanes_place(struct layout *layout)
{
	int left = MARGIN;

	for (size_t lane = 0; lane <= layout->graph->group_count; lane++) {
		int from = 0, to = 0;
		bool used = false;

		for (size_t i = 0; i < layout->box_count; i++) {
			const struct box *box = &layout->boxes[i];
			int half = box->w / 2;

			if (box->lane != lane)
				continue;
			if (!used || box->x - half < from)
				from = box->x - half;
			if (!used || box->x + half > to)
				to = box->x + half;
			used = true;
		}
		for (size_t i = 0; i < layout->box_count; i++)
			if (layout->boxes[i].lane == lane)
				layout->boxes[i].x += left - from;
		if (used)
			left += to - from + LANE_GAP;
	}
	layout->width = left - LANE_GAP + MARGIN;
}

static void
layers_place(struct layout *layout)
{
	size_t count = (size_t)layout->layer_count + 1;
	int top = MARGIN + FRAME_TOP;

	layout->tops = mem_alloc(count * sizeof(*layout->tops));
	layout->sizes = mem_alloc(count * sizeof(*layout->sizes));
	for (size_t i = 0; i < layout->box_count; i++) {
		int layer = layout->boxes[i].layer;

		if (layout->boxes[i].h > layout->sizes[layer])
			layout->sizes[layer] = layout->boxes[i].h;
	}
	for (int i = 0; i < layout->layer_count; i++) {
		layout->tops[i] = top;
		top += layout->sizes[i] + GAP_Y;
	}
	for (size_t i = 0; i < layout->box_count; i++)
		layout->boxes[i].y = layout->tops[layout->boxes[i].layer];
	layout->height = top - GAP_Y + FRAME_BOTTOM + MARGIN;
}

/* Where the hop leaves or arrives at a node that others share. */
static int
port_of(const struct layout *layout, size_t hop, bool upper)
{
	const struct hop *one = &layout->hops[hop];
	size_t node = upper ? one->upper : one->lower;
	const struct box *box = &layout->boxes[node];
	int here = layout->boxes[upper ? one->lower : one->upper].x;
	int before = 0, count = 0, step, layer;

	if (box->kind != BOX_NODE)
		return box->x;
	layer = layout->boxes[one->upper].layer;
	for (size_t i = layout->hop_starts[layer];
	     i < layout->hop_starts[layer + 1]; i++) {
		size_t index = layout->hop_order[i];
		const struct hop *other = &layout->hops[index];
		int x = layout->boxes[upper ? other->lower : other->upper].x;

		if ((upper ? other->upper : other->lower) != node)
			continue;
		count++;
		if (x < here || (x == here && index < hop))
			before++;
	}
	step = (box->w - 20) / (count > 1 ? count : 1);
	step = step > PORT_MAX ? PORT_MAX : step;
	return box->x + before * step - (count - 1) * step / 2;
}

void
layout_place(struct layout *layout)
{
	rows_place(layout);
	lanes_place(layout);
	layers_place(layout);
	for (size_t i = 0; i < layout->hop_count; i++) {
		layout->hops[i].x_upper = port_of(layout, i, true);
		layout->hops[i].x_lower = port_of(layout, i, false);
	}
}

struct frame
layout_frame(const struct layout *layout, size_t group)
{
	const struct graph *graph = layout->graph;
	int top = -1, bottom = 0, left = 0, right = 0;
	int first = -1, last = -1;

	for (size_t i = 0; i < graph->node_count; i++)
		if (graph->nodes[i].group == group) {
			int layer = layout->boxes[i].layer;

			first = first < 0 || layer < first ? layer : first;
			last = layer > last ? layer : last;
		}
	if (first < 0)
		return (struct frame){ 0, 0, 0, 0 };
	for (size_t i = 0; i < layout->box_count; i++) {
		const struct box *box = &layout->boxes[i];

		if (box->lane != group + 1 || box->layer < first ||
		    box->layer > last)
			continue;
		if (top < 0 || box->x - box->w / 2 < left)
			left = box->x - box->w / 2;
		if (top < 0 || box->x + box->w / 2 > right)
			right = box->x + box->w / 2;
		top = layout->tops[first];
		bottom = layout->tops[last] + layout->sizes[last];
	}
	return (struct frame){ left - FRAME_X, top - FRAME_TOP,
		right - left + 2 * FRAME_X,
		bottom - top + FRAME_TOP + FRAME_BOTTOM };
}
