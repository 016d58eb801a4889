/* SPDX-License-Identifier: MIT */
/*
 * The graph of a flow, read off its states and triggers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/graph_model.h"
#include "bot/model.h"

static size_t
group_of(struct graph *graph, const char *state)
{
	size_t len = strcspn(state, "."), i;

	if (state[len] == '\0')
		return GRAPH_NONE;
	for (i = 0; i < graph->group_count; i++)
		if (strncmp(graph->groups[i], state, len) == 0 &&
		    graph->groups[i][len] == '\0')
			return i;
	graph->groups = mem_array(graph->groups, graph->group_count + 1,
	    sizeof(*graph->groups));
	graph->groups[graph->group_count] = mem_dup_n(state, len);
	return graph->group_count++;
}

static void
on_add(struct graph *graph, size_t node, const char *state, const json_t *on)
{
	json_t *actions;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)on, key, actions) {
		char *label = graph_key_label(graph->flow, state, key);

		graph_actions_add(graph, node, actions, label, false);
		free(label);
	}
}

/* `after` of a state: { "1d": [...] }. */
static void
after_add(struct graph *graph, size_t node, json_t *after)
{
	json_t *actions;
	const char *span;

	json_object_foreach (after, span, actions) {
		char *label = mem_printf("after %s", span);

		graph_actions_add(graph, node, actions, label, true);
		free(label);
	}
}

/* Where an answer leads: a state, or the first of several whose guard holds.
 */
static void
next_add(struct graph *graph, size_t node, const json_t *next,
    const char *label)
{
	json_t *branch;
	size_t i;

	if (json_is_string(next))
		graph_edge_add(graph, node, json_string_value(next), label,
		    false);
	json_array_foreach (next, i, branch) {
		char *guard = graph_guard_label(
		    json_object_get(branch, "when"));
		char *both = json_object_get(branch, "when") != NULL
		    ? mem_printf("%s, if %s", label, guard)
		    : mem_printf("%s, else", label);

		graph_edge_add(graph, node, json_get_text(branch, "to"), both,
		    false);
		free(both);
		free(guard);
	}
}

static void
skip_add(struct graph *graph, size_t node, const char *key, const json_t *then)
{
	char *text = graph_text(graph->flow, key, 20);
	char *label = mem_printf("[%s]", text);

	if (key != NULL)
		next_add(graph, node, then, label);
	free(label);
	free(text);
}

static void
ask_add(struct graph *graph, size_t node, const json_t *ask,
    const json_t *then)
{
	char *text, *label;

	if (ask == NULL)
		return;
	text = graph_text(graph->flow, json_get_text(ask, "text"), 34);
	graph_note_add(graph, node, text);
	free(text);
	label = graph_ask_label(graph->flow, ask);
	next_add(graph, node, then, label);
	free(label);
	skip_add(graph, node, json_get_text(ask, "skip"), then);
	graph_actions_add(graph, node, json_object_get(ask, "on_fail"),
	    "too many failed tries", false);
}

static void
ttl_add(struct graph *graph, size_t node, const json_t *of)
{
	const char *ttl = json_get_text(of, "ttl");
	char *label;

	if (ttl == NULL)
		return;
	label = mem_printf("%s without an answer", ttl);
	graph_actions_add(graph, node, json_object_get(of, "on_expire"), label,
	    true);
	free(label);
}

static void
state_add(struct graph *graph, size_t node, const json_t *state)
{
	const char *name = graph->nodes[node].name;

	graph_actions_add(graph, node, json_object_get(state, "enter"), "",
	    false);
	ask_add(graph, node, json_object_get(state, "ask"),
	    json_object_get(state, "then"));
	on_add(graph, node, name, json_object_get(state, "on"));
	after_add(graph, node, json_object_get(state, "after"));
	ttl_add(graph, node, state);
	graph_actions_add(graph, node, json_object_get(state, "fallback"),
	    "anything else", false);
}

/* A trigger that leads nowhere is not drawn. */
static void
trigger_add(struct graph *graph, const char *name, size_t group,
    const json_t *route, bool timer)
{
	size_t node = graph_node_add(graph, name, group);
	const json_t *actions =
	    json_is_array(route) ? route : json_object_get(route, "do");
	const char *who = json_get_text(route, "who");

	graph->nodes[node].trigger = true;
	if (json_object_get(route, "on_expire") != NULL)
		actions = json_object_get(route, "on_expire");
	graph_actions_add(graph, node, actions, who ? who : "", timer);
	if (graph->nodes[node].left)
		return;
	json_decref(graph->nodes[node].notes);
	free(graph->nodes[node].name);
	graph->node_count--;
}

static void
groups_add(struct graph *graph, const json_t *groups)
{
	for (size_t i = 0; i < graph->group_count; i++) {
		const json_t *group =
		    json_object_get(groups, graph->groups[i]);
		const char *ttl = json_get_text(group, "ttl");
		json_t *actions;
		const char *key;
		char *name;

		if (ttl != NULL) {
			name = mem_printf("%s without an answer", ttl);
			trigger_add(graph, name, i, group, true);
			free(name);
		}
		trigger_add(graph, "anything else", i,
		    json_object_get(group, "fallback"), false);
		json_object_foreach (json_object_get(group, "on"), key,
		    actions) {
			name = graph_key_label(graph->flow, NULL, key);
			trigger_add(graph, name, i, actions, false);
			free(name);
		}
	}
}

static void
triggers_add(struct graph *graph)
{
	const struct flow *flow = graph->flow;
	json_t *route;
	const char *name;

	json_object_foreach (flow->commands, name, route)
		trigger_add(graph, name, GRAPH_NONE, route, false);
	json_object_foreach (flow->events, name, route) {
		char *label = mem_printf("event %s", name);

		trigger_add(graph, label, GRAPH_NONE, route, false);
		free(label);
	}
	json_object_foreach (json_object_get(flow->root, "recurring"), name,
	    route) {
		char *when = graph_when_label(route);
		char *label = mem_printf("%s: %s", when, name);

		trigger_add(graph, label, GRAPH_NONE, route, true);
		free(label);
		free(when);
	}
	trigger_add(graph, "anything else", GRAPH_NONE, flow->fallback, false);
	groups_add(graph, json_object_get(flow->root, "groups"));
}

struct graph *
graph_open(const struct flow *flow)
{
	struct graph *graph = mem_alloc(sizeof(*graph));
	const char *name;
	json_t *state;
	size_t i = 0;

	graph->flow = flow;
	json_object_foreach (flow->states, name, state) {
		size_t node = graph_node_add(graph, name, GRAPH_NONE);

		graph->nodes[node].group = group_of(graph, name);
		graph->nodes[node].start =
		    strcmp(name, flow_start_state(flow)) == 0;
	}
	graph->state_count = graph->node_count;
	json_object_foreach (flow->states, name, state)
		state_add(graph, i++, state);
	triggers_add(graph);
	return graph;
}
