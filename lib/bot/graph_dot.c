/* SPDX-License-Identifier: MIT */
/*
 * The picture in the language of Graphviz.
 */
#include <string.h>

#include "base/json.h"
#include "bot/graph_model.h"

static void
add_quoted(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text == '\n' ? ' ' : *text);
	}
}

static void
add_lines(struct buf *out, const json_t *lines)
{
	json_t *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		buf_add_text(out, i > 0 ? "\\n" : "");
		add_quoted(out, json_string_value(line));
	}
}

static void
add_node(struct buf *out, const struct graph_node *node, size_t index)
{
	buf_printf(out, "\tn%zu [label=\"", index);
	add_quoted(out, node->name);
	if (node->people != GRAPH_UNKNOWN)
		buf_printf(out, " (%lld)", (long long)node->people);
	if (json_array_size(node->notes) > 0 && !node->trigger) {
		buf_add_text(out, "\\n");
		add_lines(out, node->notes);
	}
	buf_printf(out, "\"%s%s%s];\n",
	    node->trigger ? ", shape=plaintext" : "",
	    node->start ? ", penwidth=2, color=\"#2e7d32\"" : "",
	    graph_is_end(node) ? ", peripheries=2" : "");
}

static void
add_group(struct buf *out, const struct graph *graph, size_t group)
{
	buf_printf(out, "\tsubgraph cluster_%zu {\n\tlabel=\"", group);
	add_quoted(out, graph->groups[group]);
	buf_add_text(out, "\";\n");
	for (size_t i = 0; i < graph->node_count; i++)
		if (graph->nodes[i].group == group)
			add_node(out, &graph->nodes[i], i);
	buf_add_text(out, "\t}\n");
}

void
graph_add_dot(const struct graph *graph, struct buf *out)
{
	buf_add_text(out,
	    "digraph flow {\n"
	    "\tnode [shape=box, style=rounded, fontname=sans];\n"
	    "\tedge [fontname=sans, fontsize=10];\n");
	for (size_t i = 0; i < graph->group_count; i++)
		add_group(out, graph, i);
	for (size_t i = 0; i < graph->node_count; i++)
		if (graph->nodes[i].group == GRAPH_NONE)
			add_node(out, &graph->nodes[i], i);
	for (size_t i = 0; i < graph->edge_count; i++) {
		const struct graph_edge *edge = &graph->edges[i];
		json_t *lines = graph_edge_lines(edge);

		buf_printf(out, "\tn%zu -> n%zu [label=\"", edge->from,
		    edge->to);
		add_lines(out, lines);
		buf_printf(out, "\"%s];\n",
		    edge->timer ? ", style=dashed" : "");
		json_decref(lines);
	}
	buf_add_text(out, "}\n");
}
