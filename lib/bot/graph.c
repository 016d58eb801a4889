/* SPDX-License-Identifier: MIT */
#include "bot/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/graph_model.h"

#define NOTES_MAX 6
#define LINES_MAX 5

size_t
graph_node_add(struct graph *graph, const char *name, size_t group)
{
	struct graph_node *node;

	if (graph->node_count == graph->node_size) {
		graph->node_size = 2 * graph->node_size + 16;
		graph->nodes = mem_array(graph->nodes, graph->node_size,
		    sizeof(*graph->nodes));
	}
	node = &graph->nodes[graph->node_count];
	*node = (struct graph_node){ .name = mem_dup(name),
		.group = group,
		.notes = json_array(),
		.people = GRAPH_UNKNOWN };
	return graph->node_count++;
}

size_t
graph_node_find(const struct graph *graph, const char *state)
{
	for (size_t i = 0; i < graph->state_count; i++)
		if (strcmp(graph->nodes[i].name, state) == 0)
			return i;
	return GRAPH_NONE;
}

/* Adds LINE to LIST once; the last of MAX lines stands for the others. */
static void
line_add(json_t *list, const char *line, size_t max)
{
	json_t *other;
	size_t i;

	if (line[0] == '\0')
		return;
	json_array_foreach (list, i, other)
		if (strcmp(json_string_value(other), line) == 0)
			return;
	if (json_array_size(list) >= max)
		json_array_set_new(list, max - 1, json_string("…"));
	else
		json_array_append_new(list, json_string(line));
}

void
graph_note_add(struct graph *graph, size_t node, const char *note)
{
	line_add(graph->nodes[node].notes, note, NOTES_MAX);
}

static struct graph_edge *
edge_find(const struct graph *graph, size_t from, size_t to, bool timer)
{
	for (size_t i = 0; i < graph->edge_count; i++) {
		struct graph_edge *edge = &graph->edges[i];

		if (edge->from == from && edge->to == to &&
		    edge->timer == timer)
			return edge;
	}
	return NULL;
}

static struct graph_edge *
edge_new(struct graph *graph, size_t from, size_t to, bool timer)
{
	if (graph->edge_count == graph->edge_size) {
		graph->edge_size = 2 * graph->edge_size + 16;
		graph->edges = mem_array(graph->edges, graph->edge_size,
		    sizeof(*graph->edges));
	}
	graph->edges[graph->edge_count] = (struct graph_edge){ .from = from,
		.to = to,
		.labels = json_array(),
		.timer = timer,
		.people = GRAPH_UNKNOWN };
	return &graph->edges[graph->edge_count++];
}

void
graph_edge_add(struct graph *graph, size_t from, const char *state,
    const char *label, bool timer)
{
	size_t to = graph_node_find(graph, state);
	struct graph_edge *edge;

	if (to == GRAPH_NONE)
		return;
	if (to == from) {
		char *note = mem_printf("↻ %s", label);

		graph_note_add(graph, from, note);
		free(note);
		return;
	}
	edge = edge_find(graph, from, to, timer);
	if (edge == NULL)
		edge = edge_new(graph, from, to, timer);
	line_add(edge->labels, label, LINES_MAX);
	graph->nodes[from].left = true;
	graph->nodes[to].reached = true;
}

void
graph_close(struct graph *graph)
{
	if (graph == NULL)
		return;
	for (size_t i = 0; i < graph->node_count; i++) {
		free(graph->nodes[i].name);
		json_decref(graph->nodes[i].notes);
	}
	for (size_t i = 0; i < graph->edge_count; i++)
		json_decref(graph->edges[i].labels);
	for (size_t i = 0; i < graph->group_count; i++)
		free(graph->groups[i]);
	free(graph->nodes);
	free(graph->edges);
	free(graph->groups);
	free(graph);
}

bool
graph_is_end(const struct graph_node *node)
{
	return !node->trigger && !node->left;
}

void
graph_set_people(struct graph *graph, const char *state, int64_t people)
{
	for (size_t i = 0; i < graph->state_count; i++)
		if (state == NULL || strcmp(graph->nodes[i].name, state) == 0)
			graph->nodes[i].people = people;
}

/* The one trigger that leads to the node TO, or NULL. */
static struct graph_edge *
edge_of_trigger(const struct graph *graph, size_t to)
{
	struct graph_edge *found = NULL;

	for (size_t i = 0; i < graph->edge_count; i++) {
		struct graph_edge *edge = &graph->edges[i];

		if (edge->to != to || !graph->nodes[edge->from].trigger)
			continue;
		if (found != NULL)
			return NULL;
		found = edge;
	}
	return found;
}

void
graph_set_taken(struct graph *graph, const char *from, const char *to,
    int64_t people)
{
	size_t source = graph_node_find(graph, from);
	size_t target = graph_node_find(graph, to);
	struct graph_edge *edge = NULL;

	if (target == GRAPH_NONE || source == target)
		return;
	if (source != GRAPH_NONE)
		edge = edge_find(graph, source, target, false);
	if (edge == NULL && source != GRAPH_NONE)
		edge = edge_find(graph, source, target, true);
	if (edge == NULL)
		edge = edge_of_trigger(graph, target);
	if (edge == NULL)
		return;
	if (edge->people == GRAPH_UNKNOWN)
		edge->people = 0;
	edge->people += people;
}

json_t *
graph_edge_lines(const struct graph_edge *edge)
{
	json_t *lines = json_copy(edge->labels);

	if (edge->people != GRAPH_UNKNOWN) {
		char *taken = mem_printf("%lld %s", (long long)edge->people,
		    edge->people == 1 ? "person" : "people");

		json_array_append_new(lines, json_string(taken));
		free(taken);
	}
	return lines;
}
