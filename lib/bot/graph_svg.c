/* SPDX-License-Identifier: MIT */
/*
 * The picture as SVG.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/graph_layout.h"
#include "bot/markup.h"
#include "bot/person.h"

static const char head[] =
    "<style>\n"
    "text{font-family:system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "font-size:11px;fill:#333;text-anchor:middle}\n"
    ".bg{fill:#fff}\n"
    ".name{font-size:14px;font-weight:600;fill:#111}\n"
    ".mark{font-size:10px;font-weight:600;text-anchor:end}\n"
    ".start .mark{fill:#1b7f3b}.end .mark{fill:#777}.lost .mark{fill:#b25000}"
    "\n"
    ".note{fill:#666}\n"
    ".here{font-size:11px;font-weight:600;fill:#fff}\n"
    ".badge{fill:#1f6feb}.nobody{fill:#8c959f}\n"
    ".state rect.box{fill:#f6f8fa;stroke:#8c959f;stroke-width:1.2}\n"
    ".start rect.box{stroke:#1b7f3b;stroke-width:2.5}\n"
    ".end rect.box{fill:#eceff2;stroke-dasharray:none}\n"
    ".lost rect.box{stroke:#b25000;stroke-dasharray:2 3}\n"
    ".trigger rect.box{fill:#ddf4ff;stroke:#54aeff}\n"
    ".trigger .name{font-size:12px}\n"
    ".group rect{fill:#fff8e5;stroke:#d4a72c;stroke-dasharray:1 0}\n"
    ".group text{text-anchor:start;font-weight:600;fill:#7d5900}\n"
    ".edge{fill:none;stroke:#57606a;stroke-width:1.3}\n"
    ".timer{stroke:#8250df;stroke-dasharray:5 4}\n"
    ".label .taken{font-weight:600;fill:#0550ae}\n"
    ".tip{fill:#57606a}.timertip{fill:#8250df}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#d0d7de}.bg{fill:#0d1117}.name{fill:#f0f6fc}"
    ".note{fill:#9ea7b3}\n"
    ".state rect.box{fill:#161b22;stroke:#6e7681}"
    ".end rect.box{fill:#21262d}\n"
    ".start rect.box{stroke:#3fb950}.start .mark{fill:#3fb950}"
    ".end .mark{fill:#9ea7b3}\n"
    ".lost rect.box{stroke:#db6d28}.lost .mark{fill:#db6d28}\n"
    ".trigger rect.box{fill:#0c2d4d;stroke:#388bfd}\n"
    ".group rect{fill:#1f1a0b;stroke:#9e6a03}.group text{fill:#d4a72c}\n"
    ".edge{stroke:#9ea7b3}.timer{stroke:#a371f7}"
    ".tip{fill:#9ea7b3}.timertip{fill:#a371f7}\n"
    ".label .taken{fill:#79c0ff}\n"
    "}\n"
    "</style>\n"
    "<defs>"
    "<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
    "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
    "<path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker>"
    "<marker id=\"timertip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
    "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
    "<path class=\"timertip\" d=\"M0 0L8 4L0 8z\"/></marker>"
    "</defs>\n";

static void
add_text(struct buf *out, const char *text)
{
	char *clean = person_clean(text, 400);

	markup_escape(clean, out);
	free(clean);
}

static void
add_line(struct buf *out, const char *class, int x, int y, const char *text)
{
	buf_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	add_text(out, text);
	buf_add_text(out, "</text>\n");
}

static void
add_frame(struct buf *out, const struct layout *layout, size_t group)
{
	struct frame frame = layout_frame(layout, group);

	if (frame.w == 0)
		return;
	buf_printf(out,
	    "<g class=\"group\"><rect x=\"%d\" y=\"%d\" width=\"%d\" "
	    "height=\"%d\" rx=\"10\"/>",
	    frame.x, frame.y, frame.w, frame.h);
	add_line(out, "", frame.x + 10, frame.y + 17,
	    layout->graph->groups[group]);
	buf_add_text(out, "</g>\n");
}

/* One curve that leaves and arrives upright. */
struct curve {
	int x0, y0, x1, y1;
};

static void
add_curve(struct buf *out, const struct curve *curve, bool back)
{
	int middle = (curve->y0 + curve->y1) / 2;

	if (back)
		buf_printf(out, "M%d %dC%d %d %d %d %d %d", curve->x1,
		    curve->y1, curve->x1, middle, curve->x0, middle, curve->x0,
		    curve->y0);
	else
		buf_printf(out, "M%d %dC%d %d %d %d %d %d", curve->x0,
		    curve->y0, curve->x0, middle, curve->x1, middle, curve->x1,
		    curve->y1);
}

/* The curve of HOP; where it leaves from something low in a high layer, it
 * goes straight down to the end of the layer before.  No line goes behind
 * words. */
static void
add_hop(struct buf *out, const struct layout *layout, const struct hop *hop,
    bool back)
{
	const struct box *upper = &layout->boxes[hop->upper];
	const struct box *lower = &layout->boxes[hop->lower];
	int bottom = layout->tops[upper->layer] + layout->sizes[upper->layer];
	const struct curve down = { hop->x_upper, upper->y + upper->h,
		hop->x_upper, bottom };
	const struct curve on = { hop->x_upper, bottom, hop->x_lower,
		lower->y };

	if (back)
		add_curve(out, &on, back);
	if (down.y1 > down.y0)
		add_curve(out, &down, back);
	if (!back)
		add_curve(out, &on, back);
}

/* Draws the edge whose hops begin at FIRST; returns the hop after them. */
static size_t
add_edge(struct buf *out, const struct layout *layout, size_t first)
{
	const struct graph *graph = layout->graph;
	size_t edge = layout->hops[first].edge, i;
	const struct graph_edge *of = &graph->edges[edge];
	bool back = layout->flipped[edge];
	size_t end = first;

	while (end < layout->hop_count && layout->hops[end].edge == edge)
		end++;
	buf_printf(out,
	    "<path class=\"edge%s\" marker-end=\"url(#%s)\" data-from=\"",
	    of->timer ? " timer" : "", of->timer ? "timertip" : "tip");
	add_text(out, graph->nodes[of->from].name);
	buf_add_text(out, "\" data-to=\"");
	add_text(out, graph->nodes[of->to].name);
	buf_add_text(out, "\" d=\"");
	for (i = first; i < end; i++)
		add_hop(out, layout,
		    &layout->hops[back ? end - 1 - (i - first) : i], back);
	buf_add_text(out, "\"/>\n");
	return end;
}

static void
add_label(struct buf *out, const struct layout *layout, const struct box *box)
{
	const struct graph_edge *edge = &layout->graph->edges[box->index];
	json_t *lines = graph_edge_lines(edge), *line;
	size_t i;

	buf_add_text(out, "<g class=\"label\">\n");
	json_array_foreach (lines, i, line)
		add_line(out, i < json_array_size(edge->labels) ? "" : "taken",
		    box->x, box->y + 13 + LAYOUT_LINE * (int)i,
		    json_string_value(line));
	buf_add_text(out, "</g>\n");
	json_decref(lines);
}

/* How many are here, at the right end of the name. */
static void
add_badge(struct buf *out, const struct box *box, int64_t people)
{
	int right = box->x + box->w / 2;

	buf_printf(out,
	    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"48\" "
	    "height=\"18\" rx=\"9\"/>"
	    "<text class=\"here\" x=\"%d\" y=\"%d\">%lld"
	    "<title>people who are here now</title></text>\n",
	    people > 0 ? "badge" : "nobody", right - 52, box->y + 5,
	    right - 28, box->y + 18, (long long)people);
}

static void
add_node(struct buf *out, const struct graph_node *node, const struct box *box)
{
	const char *mark = node->trigger ? NULL
	    : node->start		 ? "start"
	    : !node->reached		 ? "lost"
	    : graph_is_end(node)	 ? "end"
					 : NULL;
	int left = box->x - box->w / 2, right = left + box->w;
	int badge = node->people != GRAPH_UNKNOWN ? 56 : 0;
	int marks = mark != NULL ? 44 : 0;
	json_t *note;
	size_t i;

	buf_printf(out,
	    "<g class=\"%s%s%s\"><rect class=\"box\" x=\"%d\" y=\"%d\" "
	    "width=\"%d\" height=\"%d\" rx=\"%d\"/>\n",
	    node->trigger ? "trigger" : "state", mark ? " " : "",
	    mark ? mark : "", left, box->y, box->w, box->h,
	    node->trigger ? box->h / 2 : 6);
	add_line(out, "name", box->x - (badge + marks) / 2, box->y + 18,
	    node->name);
	if (mark != NULL)
		add_line(out, "mark", right - 10 - badge, box->y + 18,
		    mark[0] == 'l' ? "unused" : mark);
	if (badge > 0)
		add_badge(out, box, node->people);
	if (!node->trigger)
		json_array_foreach (node->notes, i, note)
			add_line(out, "note", box->x,
			    box->y + LAYOUT_HEAD + 12 + LAYOUT_LINE * (int)i,
			    json_string_value(note));
	buf_add_text(out, "</g>\n");
}

void
graph_add_svg(const struct graph *graph, struct buf *out)
{
	struct layout layout;
	size_t i;

	layout_init(&layout, graph);
	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" viewBox=\"0 0 %d %d\">\n<title>",
	    layout.width, layout.height, layout.width, layout.height);
	add_text(out, flow_id(graph->flow));
	buf_printf(out,
	    "</title>\n%s<rect class=\"bg\" width=\"%d\" "
	    "height=\"%d\"/>\n",
	    head, layout.width, layout.height);
	for (i = 0; i < graph->group_count; i++)
		add_frame(out, &layout, i);
	for (i = 0; i < layout.hop_count;)
		i = add_edge(out, &layout, i);
	for (i = graph->node_count; i < layout.box_count; i++)
		if (layout.boxes[i].kind == BOX_LABEL)
			add_label(out, &layout, &layout.boxes[i]);
	for (i = 0; i < graph->node_count; i++)
		add_node(out, &graph->nodes[i], &layout.boxes[i]);
	buf_add_text(out, "</svg>\n");
	layout_release(&layout);
}
