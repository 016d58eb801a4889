/* SPDX-License-Identifier: MIT */
#include "bot/graph_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define BEND_WIDTH 8

/* Width of TEXT in hundredths of its size, by the widest of the usual fonts:
 * we cannot measure, and too much room is better than too little. */
static int
text_width(const char *text)
{
	int width = 0;
	uint32_t c;

	while ((c = utf8_next(&text)) != 0) {
		if (c >= 0x1100 && c != 0x2026)
			width += c >= 0x2000 && c < 0x2e80 ? 90 : 105;
		else if (c < 0x80 && strchr(" .,:;!|ijlIft()[]/'", (int)c))
			width += 40;
		else if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c < 0x430) ||
		    c == 'm' || c == 'w' || c == 0x436 || c == 0x448 ||
		    c == 0x449 || c == 0x44e)
			width += 82;
		else
			width += 65;
	}
	return width;
}

static int
lines_width(const json_t *lines, int size)
{
	int widest = 0;
	json_t *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		int width = text_width(json_string_value(line)) * size / 100;

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void
node_measure(const struct graph_node *node, struct box *box)
{
	int notes = lines_width(node->notes, 11);
	int head = text_width(node->name) * 14 / 100;

	if (node->people != GRAPH_UNKNOWN)
		head += 56;
	if (node->start || graph_is_end(node) || !node->reached)
		head += 52;
	box->w = (notes > head ? notes : head) + 24;
	box->h = LAYOUT_HEAD +
	    LAYOUT_LINE * (int)json_array_size(node->notes) +
	    (json_array_size(node->notes) > 0 ? 6 : 2);
	if (node->trigger) {
		box->w = head + 26;
		box->h = LAYOUT_HEAD;
	}
}

static size_t
box_add(struct layout *layout, enum box_kind kind, size_t index, int layer)
{
	if (layout->box_count == layout->box_size) {
		layout->box_size = 2 * layout->box_size + 32;
		layout->boxes = mem_array(layout->boxes, layout->box_size,
		    sizeof(*layout->boxes));
	}
	layout->boxes[layout->box_count] = (struct box){ .kind = kind,
		.index = index,
		.layer = layer,
		.w = BEND_WIDTH };
	return layout->box_count++;
}

static void
hop_add(struct layout *layout, size_t upper, size_t lower, size_t edge)
{
	if (layout->hop_count == layout->hop_size) {
		layout->hop_size = 2 * layout->hop_size + 32;
		layout->hops = mem_array(layout->hops, layout->hop_size,
		    sizeof(*layout->hops));
	}
	layout->hops[layout->hop_count++] =
	    (struct hop){ .upper = upper, .lower = lower, .edge = edge };
}

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* Turns around the edges that close a circle (depth first). */
static void
flip_from(struct layout *layout, size_t node, enum mark *marks, double *next)
{
	const struct graph *graph = layout->graph;

	marks[node] = MARK_OPEN;
	layout->boxes[node].place = (*next)++;
	for (size_t i = 0; i < graph->edge_count; i++) {
		size_t to = graph->edges[i].to;

		if (graph->edges[i].from != node)
			continue;
		if (marks[to] == MARK_OPEN)
			layout->flipped[i] = true;
		else if (marks[to] == MARK_NEW)
			flip_from(layout, to, marks, next);
	}
	marks[node] = MARK_DONE;
}

static void
edges_flip(struct layout *layout)
{
	const struct graph *graph = layout->graph;
	enum mark *marks = mem_alloc(graph->node_count * sizeof(*marks) + 1);
	double next = 0;

	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < graph->node_count; i++)
			if (marks[i] == MARK_NEW &&
			    (pass == 2 ||
				(pass == 0 ? graph->nodes[i].start
					   : graph->nodes[i].trigger)))
				flip_from(layout, i, marks, &next);
	free(marks);
}

static void
edge_ends(const struct layout *layout, size_t edge, size_t *upper,
    size_t *lower)
{
	const struct graph_edge *of = &layout->graph->edges[edge];
	bool flipped = layout->flipped[edge];

	*upper = flipped ? of->to : of->from;
	*lower = flipped ? of->from : of->to;
}

/* Each node below all that lead to it, every second layer. */
static void
layers_fill(struct layout *layout)
{
	const struct graph *graph = layout->graph;
	bool moved = true;
	size_t upper, lower;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < graph->edge_count; i++) {
			edge_ends(layout, i, &upper, &lower);
			if (layout->boxes[lower].layer >=
			    layout->boxes[upper].layer + 2)
				continue;
			layout->boxes[lower].layer =
			    layout->boxes[upper].layer + 2;
			moved = true;
		}
	}
}

/* What nothing leads to goes down to what it leads to. */
static void
sources_sink(struct layout *layout)
{
	const struct graph *graph = layout->graph;
	size_t upper, lower;

	for (size_t node = 0; node < graph->node_count; node++) {
		int layer = -1;
		bool source = !graph->nodes[node].start;

		for (size_t i = 0; i < graph->edge_count; i++) {
			edge_ends(layout, i, &upper, &lower);
			if (lower == node)
				source = false;
			if (upper == node &&
			    (layer < 0 ||
				layout->boxes[lower].layer - 2 < layer))
				layer = layout->boxes[lower].layer - 2;
		}
		if (source && layer >= 0)
			layout->boxes[node].layer = layer;
	}
}

/* The boxes and hops of an edge; its words stand near to where it comes
 * from. */
static void
edge_lay(struct layout *layout, size_t edge)
{
	json_t *lines = graph_edge_lines(&layout->graph->edges[edge]);
	size_t upper, lower, last, box;
	int from, to, words;

	edge_ends(layout, edge, &upper, &lower);
	from = layout->boxes[upper].layer;
	to = layout->boxes[lower].layer;
	words = json_array_size(lines) == 0 ? -1
	    : layout->flipped[edge]	    ? to - 1
					    : from + 1;
	last = upper;
	for (int layer = from + 1; layer < to; layer++) {
		box = box_add(layout, layer == words ? BOX_LABEL : BOX_BEND,
		    edge, layer);
		if (layer == words) {
			layout->boxes[box].w = lines_width(lines, 11) + 12;
			layout->boxes[box].h =
			    LAYOUT_LINE * (int)json_array_size(lines) + 4;
		}
		hop_add(layout, last, box, edge);
		last = box;
	}
	hop_add(layout, last, lower, edge);
	json_decref(lines);
}

static size_t
layer_of(const struct layout *layout, size_t hop)
{
	return (size_t)layout->boxes[layout->hops[hop].upper].layer;
}

/* Sorts the hops by layer: a row is looked at again and again. */
static void
hops_sort(struct layout *layout)
{
	size_t layers = 1, *next;

	for (size_t i = 0; i < layout->box_count; i++)
		if ((size_t)layout->boxes[i].layer >= layers)
			layers = (size_t)layout->boxes[i].layer + 1;
	layout->layer_count = (int)layers;
	layout->hop_order = mem_alloc(
	    (layout->hop_count + 1) * sizeof(*layout->hop_order));
	layout->hop_starts = mem_alloc(
	    (layers + 1) * sizeof(*layout->hop_starts));
	next = mem_alloc((layers + 1) * sizeof(*next));
	for (size_t i = 0; i < layout->hop_count; i++)
		layout->hop_starts[layer_of(layout, i) + 1]++;
	for (size_t i = 0; i < layers; i++) {
		layout->hop_starts[i + 1] += layout->hop_starts[i];
		next[i] = layout->hop_starts[i];
	}
	for (size_t i = 0; i < layout->hop_count; i++)
		layout->hop_order[next[layer_of(layout, i)]++] = i;
	free(next);
}

void
layout_init(struct layout *layout, const struct graph *graph)
{
	*layout = (struct layout){ .graph = graph };
	layout->flipped = mem_alloc(graph->edge_count + 1);
	for (size_t i = 0; i < graph->node_count; i++) {
		size_t box = box_add(layout, BOX_NODE, i, 0);

		node_measure(&graph->nodes[i], &layout->boxes[box]);
	}
	edges_flip(layout);
	layers_fill(layout);
	sources_sink(layout);
	for (size_t i = 0; i < graph->edge_count; i++)
		edge_lay(layout, i);
	hops_sort(layout);
	layout_order(layout);
	layout_place(layout);
}

void
layout_release(struct layout *layout)
{
	for (int i = 0; i < layout->layer_count; i++)
		free(layout->rows[i]);
	free(layout->rows);
	free(layout->row_counts);
	free(layout->boxes);
	free(layout->hops);
	free(layout->hop_order);
	free(layout->hop_starts);
	free(layout->flipped);
	free(layout->tops);
	free(layout->sizes);
}
