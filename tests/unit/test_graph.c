/* SPDX-License-Identifier: MIT */
/* needs: bot base */
/*
 * The picture of a flow: which arrows it has and what stands on them, and
 * that nothing lies on anything else, whatever the flow.
 */
#include "flow_case.h"

#include "bot/graph_layout.h"

/* The arrows as "from -> to: label/label", timers with ~>, one a line. */
static char *
arrows(const struct graph *graph)
{
	struct buf out = BUF_INIT(64U << 10);
	json_t *lines, *line;
	size_t i, j;

	for (i = 0; i < graph->edge_count; i++) {
		const struct graph_edge *edge = &graph->edges[i];

		buf_printf(&out, "%s %s %s:", graph->nodes[edge->from].name,
		    edge->timer ? "~>" : "->", graph->nodes[edge->to].name);
		lines = graph_edge_lines(edge);
		json_array_foreach (lines, j, line)
			buf_printf(&out, "%s%s", j > 0 ? "/" : " ",
			    json_string_value(line));
		json_decref(lines);
		buf_add_char(&out, '\n');
	}
	return buf_take(&out);
}

static void
expect_arrows(const char *patch, const char *wanted)
{
	struct flow *flow = case_flow(patch);
	struct graph *graph = graph_open(flow);
	char *found = arrows(graph);

	assert_string_equal(found, wanted);
	free(found);
	graph_close(graph);
	flow_close(flow);
}

static void
test_arrows(void **state)
{
	(void)state;
	expect_arrows(
	    "{'states':{'first':{'enter':[{'send':'hi','buttons':[[{'text':"
	    "'b','id':'go'}]]}],'on':{'button:go':[{'goto':'second'}],"
	    "'text:maybe':[{'goto':'second'}],'any':[{'send':'hi'}]}}}}",
	    "first -> second: [Go]/“maybe”\n");
	expect_arrows(
	    "{'states':{'first':{'enter':[{'if':{'tag':'vip'},'then':"
	    "[{'goto':'second'}],'else':[{'goto':'third'}]}]}}}",
	    "first -> second: if tag vip\nfirst -> third: else\n");
	expect_arrows("{'states':{'first':{'after':{'5m':[{'goto':'second'}]},"
		      "'enter':[{'schedule':'x','after':'1h','do':"
		      "[{'goto':'third'}]}]}}}",
	    "first ~> third: after 1h: x\nfirst ~> second: after 5m\n");
	expect_arrows(
	    "{'states':{'first':{'ask':{'text':'hi','var':'s','choices':"
	    "[{'id':'a','text':'b'},{'id':'c','text':'bye'},"
	    "{'id':'d','text':'hi'}],'attempts':2,'on_fail':"
	    "[{'goto':'third'}]},'then':[{'when':{'var':'s','eq':'a'},"
	    "'to':'third'},{'to':'second'}]}}}",
	    "first -> third: [Go] [Bye] +1, if s = a/too many failed tries\n"
	    "first -> second: [Go] [Bye] +1, else\n");
	expect_arrows(
	    "{'commands':{'/go':[{'goto':'second'}],'/hi':[{'send':'hi'}]},"
	    "'events':{'paid':{'who':'admin','do':[{'goto':'third'}]}}}",
	    "/go -> second:\nevent paid -> third: admin\n");
	expect_arrows(
	    "{'groups':{'g':{'ttl':'1h','on_expire':[{'goto':'first'}]}},"
	    "'commands':{'/g':[{'goto':'g.a'}]},"
	    "'states':{'g.a':{'on':{'any':[{'goto':'g.a'}]}}}}",
	    "/g -> g.a:\n1h without an answer ~> first:\n");
	expect_arrows(
	    "{'states':{'first':{'ask':{'text':'hi','var':'s','skip':'b'},"
	    "'then':'second'},'second':{'enter':[{'handoff':{'role':'admin',"
	    "'on_end':[{'goto':'third'}]}},{'schedule':'x','at':'{{s}}',"
	    "'offset':'-1d','do':[{'goto':'first'}]}]}}}",
	    "first -> second: s/[Go]\nsecond -> third: operator is done\n"
	    "second ~> first: at {{s}} -1d: x\n");
	expect_arrows(
	    "{'fallback':[{'goto':'second'}],'recurring':{'dawn':{'role':"
	    "'admin','at':'07:00','do':[{'goto':'third'}]},'dusk':{'role':"
	    "'admin','every':'1d','do':[{'send':'hi'}]}}}",
	    "at 07:00: dawn ~> third:\nanything else -> second:\n");
}

/* A split, a handler's failure and what happens on the spot. */
static void
test_notes(void **state)
{
	struct flow *flow = case_flow(
	    "{'roles':{'admin':[7]},'states':{'first':{'enter':["
	    "{'send':'hi','media':'clip'},{'notify':'admin','text':'hi'},"
	    "{'split':'ab','to':{'a':{'weight':1,'do':[{'goto':'second'}]},"
	    "'b':{'weight':3,'do':[]}}},{'lead':{'key':'{{user.id}}','name':'L',"
	    "'crm':'webhook'}},{'goto':'third'}],"
	    "'on':{'any':[{'goto':'first'}]}}}}");
	struct graph *graph = graph_open(flow);
	char *found = arrows(graph), *notes;

	(void)state;
	assert_string_equal(found,
	    "first -> second: ab a: 1\nfirst -> third:\n");
	notes = json_dumps(graph->nodes[graph_node_find(graph, "first")].notes,
	    JSON_COMPACT);
	assert_string_equal(notes,
	    "[\"▣ Hi\",\"✉ → admin\",\"★ lead → webhook\",\"↻ anything\"]");
	free(notes);
	free(found);
	graph_close(graph);
	flow_close(flow);
}

static void
test_numbers(void **state)
{
	struct flow *flow = case_flow(
	    "{'commands':{'/third':[{'goto':'third'}]},'states':{'first':"
	    "{'on':{'any':[{'goto':'second'}]},'after':{'1d':"
	    "[{'goto':'third'}]}}}}");
	struct graph *graph = graph_open(flow);
	char *found;

	(void)state;
	graph_set_people(graph, NULL, 0);
	graph_set_people(graph, "first", 12);
	graph_set_people(graph, "gone", 9);
	graph_set_taken(graph, "first", "second", 7);
	graph_set_taken(graph, "first", "third", 2);
	/* by no arrow that is drawn: by the command */
	graph_set_taken(graph, "second", "third", 3);
	graph_set_taken(graph, "", "third", 1);
	graph_set_taken(graph, "first", "gone", 5);
	found = arrows(graph);
	assert_string_equal(found,
	    "first -> second: anything/7 people\n"
	    "first ~> third: after 1d/2 people\n"
	    "/third -> third: 4 people\n");
	assert_int_equal(graph->nodes[graph_node_find(graph, "first")].people,
	    12);
	assert_int_equal(graph->nodes[graph_node_find(graph, "third")].people,
	    0);
	free(found);
	graph_close(graph);
	flow_close(flow);
}

static void
expect_apart(const struct box *a, const struct box *b)
{
	if (a->x + a->w / 2 <= b->x - b->w / 2 ||
	    b->x + b->w / 2 <= a->x - a->w / 2 || a->y + a->h <= b->y ||
	    b->y + b->h <= a->y)
		return;
	fail_msg("boxes at %d,%d and %d,%d overlap", a->x, a->y, b->x, b->y);
}

static bool
is_inside(const struct frame *frame, const struct box *box)
{
	return box->x - box->w / 2 >= frame->x &&
	    box->x + box->w / 2 <= frame->x + frame->w && box->y >= frame->y &&
	    box->y + box->h <= frame->y + frame->h;
}

static bool
touches(const struct frame *frame, const struct box *box)
{
	return box->x - box->w / 2 < frame->x + frame->w &&
	    box->x + box->w / 2 > frame->x && box->y < frame->y + frame->h &&
	    box->y + box->h > frame->y;
}

static void
expect_frame(const struct layout *layout, size_t group)
{
	const struct graph *graph = layout->graph;
	struct frame frame = layout_frame(layout, group);

	for (size_t i = 0; i < graph->node_count; i++) {
		if (graph->nodes[i].group == group)
			assert_true(is_inside(&frame, &layout->boxes[i]));
		else
			assert_false(touches(&frame, &layout->boxes[i]));
	}
}

/* Nothing on top of anything, every arrow whole, all of it on the paper. */
static void
expect_layout(const struct flow *flow)
{
	struct graph *graph = graph_open(flow);
	struct layout layout;

	layout_init(&layout, graph);
	for (size_t i = 0; i < layout.box_count; i++) {
		const struct box *box = &layout.boxes[i];

		assert_true(box->x - box->w / 2 >= 0);
		assert_true(box->x + box->w / 2 <= layout.width);
		assert_true(box->y >= 0 && box->y + box->h <= layout.height);
		for (size_t j = 0; j < i; j++)
			expect_apart(box, &layout.boxes[j]);
	}
	for (size_t i = 0; i < layout.hop_count; i++) {
		const struct hop *hop = &layout.hops[i];

		assert_int_equal(layout.boxes[hop->lower].layer,
		    layout.boxes[hop->upper].layer + 1);
		if (i > 0 && layout.hops[i - 1].edge == hop->edge)
			assert_int_equal(layout.hops[i - 1].lower, hop->upper);
	}
	for (size_t i = 0; i < graph->group_count; i++)
		expect_frame(&layout, i);
	layout_release(&layout);
	graph_close(graph);
}

/* A state's name: of no group, or of one of three. */
static const char *
state_name(unsigned i, char name[24])
{
	static const char *const groups[] = { "", "", "a.", "b.", "c." };

	snprintf(name, 24, "%ss%u", groups[i % 5], i);
	return name;
}

static char *
flow_random(uint64_t *seed, unsigned states)
{
	struct buf out = BUF_INIT(1U << 20);
	char name[24];

	buf_add_text(&out,
	    "{\"leadpipe\":1,\"id\":\"r\",\"start\":\"s0\",\"texts\":{\"en\":"
	    "{\"t\":\"T\"}},\"groups\":{\"a\":{\"ttl\":\"1h\","
	    "\"on_expire\":[{\"goto\":\"s0\"}]}},\"commands\":{");
	for (unsigned i = 0; i < 4; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		buf_printf(&out, "%s\"/c%u\":[{\"goto\":\"%s\"}]",
		    i > 0 ? "," : "", i,
		    state_name((unsigned)(*seed >> 33) % states, name));
	}
	buf_add_text(&out, "},\"states\":{");
	for (unsigned i = 0; i < states; i++) {
		buf_printf(&out, "%s\"%s\":{\"on\":{", i > 0 ? "," : "",
		    state_name(i, name));
		for (unsigned j = 0; j < 3; j++) {
			*seed = *seed * 6364136223846793005u +
			    1442695040888963407u;
			buf_printf(&out,
			    "%s\"text:word %u\":[{\"goto\":\"%s\"}]",
			    j > 0 ? "," : "", j,
			    state_name((unsigned)(*seed >> 33) % states,
				name));
		}
		buf_add_text(&out, "}}");
	}
	buf_add_text(&out, "}}");
	return buf_take(&out);
}

static void
test_layouts(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		char *text = flow_random(&seed, 1 + round % 30);
		struct findings findings = { 0 };
		struct fault fault;
		struct flow *flow;

		if (flow_open(text, strlen(text), NULL, &flow, &findings,
			&fault) != OUT_OK)
			fail_msg("%s", fault.text);
		expect_layout(flow);
		findings_release(&findings);
		flow_close(flow);
		free(text);
	}
}

static size_t
count(const char *text, const char *word)
{
	size_t found = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		found++;
	return found;
}

/* Names and texts of the flow stay text, in both languages. */
static void
test_hostile(void **state)
{
	struct flow *flow = case_flow(
	    "{'states':{'first':{'enter':[{'send':'hi'}],'on':"
	    "{'text:</svg><script>\\u0001\\\\\\'\\u202e':"
	    "[{'goto':'second'}]}}},'texts':{'en':"
	    "{'hi':'&lt;script&gt; \\\\ {{name}} <b>bold</b>'}}}");
	struct graph *graph = graph_open(flow);
	struct buf svg = BUF_INIT(1U << 20), dot = BUF_INIT(1U << 20);

	(void)state;
	graph_add_svg(graph, &svg);
	graph_add_dot(graph, &dot);
	assert_null(strstr(svg.data, "<script"));
	assert_null(strstr(svg.data, "\xe2\x80\xae"));
	assert_null(strchr(svg.data, 1));
	assert_non_null(strstr(svg.data, "&lt;script&gt; \\ … bold"));
	assert_int_equal(count(svg.data, "</svg>"), 1);
	assert_int_equal(count(svg.data, "<g "), count(svg.data, "</g>"));
	assert_int_equal(count(svg.data, "<text"), count(svg.data, "</text>"));
	assert_non_null(strstr(dot.data, "<script> \\\\ … bold"));
	assert_null(strchr(dot.data, 1));
	buf_release(&svg);
	buf_release(&dot);
	graph_close(graph);
	flow_close(flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrows),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_hostile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
