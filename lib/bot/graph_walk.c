/* SPDX-License-Identifier: MIT */
/*
 * The notes and arrows that the actions of a flow are in its picture.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/graph_model.h"

#define NOTE_MAX 34

/* Whose notes and arrows are added. */
struct place {
	struct graph *graph;
	size_t node;
	bool timer;
};

static void list_add(const struct place *place, const json_t *actions,
    const char *why);

/* The actions at KEY of ACTION, taken because of WHY and of REASON. */
static void
branch_add(const struct place *place, const json_t *action, const char *key,
    const char *why, const char *reason)
{
	char *both = mem_printf("%s%s%s", why,
	    why[0] != '\0' && reason[0] != '\0' ? ", " : "", reason);

	list_add(place, json_object_get(action, key), both);
	free(both);
}

static void
add_if(const struct place *place, const json_t *action, const char *why)
{
	char *guard = graph_guard_label(json_object_get(action, "if"));
	char *reason = mem_printf("if %s", guard);

	branch_add(place, action, "then", why, reason);
	branch_add(place, action, "else", why, "else");
	free(reason);
	free(guard);
}

static void
add_send(const struct place *place, const json_t *action, const char *why)
{
	const char *media = json_get_text(action, "media");
	char *text, *note;

	(void)why;
	text = graph_text(place->graph->flow, json_get_text(action, "send"),
	    NOTE_MAX);
	note = mem_printf("%s%s", media ? "▣ " : "", text);
	if (!place->timer && !place->graph->nodes[place->node].trigger)
		graph_note_add(place->graph, place->node, note);
	free(note);
	free(text);
}

static void
add_schedule(const struct place *place, const json_t *action, const char *why)
{
	struct place later = *place;
	char *when = graph_when_label(action);
	char *label =
	    mem_printf("%s: %s", when, json_get_text(action, "schedule"));

	(void)why;
	later.timer = true;
	list_add(&later, json_object_get(action, "do"), label);
	graph_note_add(place->graph, place->node, label);
	free(label);
	free(when);
}

static void
add_exec(const struct place *place, const json_t *action, const char *why)
{
	const json_t *exec = json_object_get(action, "exec");
	const char *program = json_string_value(
	    json_array_get(json_object_get(exec, "run"), 0));
	char *note = mem_printf("⚙ %s", program ? program : "?");
	char *reason = mem_printf("%s fails", program ? program : "it");

	graph_note_add(place->graph, place->node, note);
	branch_add(place, exec, "on_error", why, reason);
	free(reason);
	free(note);
}

static void
add_lead(const struct place *place, const json_t *action, const char *why)
{
	const char *crm =
	    json_get_text(json_object_get(action, "lead"), "crm");
	char *note =
	    mem_printf("★ lead%s%s", crm ? " → " : "", crm ? crm : "");

	(void)why;
	graph_note_add(place->graph, place->node, note);
	free(note);
}

static void
add_notify(const struct place *place, const json_t *action, const char *why)
{
	char *note = mem_printf("✉ → %s", json_get_text(action, "notify"));

	(void)why;
	graph_note_add(place->graph, place->node, note);
	free(note);
}

static void
add_handoff(const struct place *place, const json_t *action, const char *why)
{
	const json_t *handoff = json_object_get(action, "handoff");
	const char *role = json_get_text(handoff, "role");
	char *note = mem_printf("☎ → %s", role ? role : "operator");

	graph_note_add(place->graph, place->node, note);
	branch_add(place, handoff, "on_end", why, "operator is done");
	free(note);
}

static void
add_split(const struct place *place, const json_t *action, const char *why)
{
	const char *name;
	json_t *variant;

	json_object_foreach (json_object_get(action, "to"), name, variant) {
		char *reason = mem_printf("%s %s: %lld",
		    json_get_text(action, "split"), name,
		    (long long)json_get_int(variant, "weight", 0));

		branch_add(place, variant, "do", why, reason);
		free(reason);
	}
}

static void
add_goto(const struct place *place, const json_t *action, const char *why)
{
	graph_edge_add(place->graph, place->node,
	    json_get_text(action, "goto"), why, place->timer);
}

static void
list_add(const struct place *place, const json_t *actions, const char *why)
{
	static const struct {
		const char *verb;
		void (
		    *add)(const struct place *, const json_t *, const char *);
	} verbs[] = {
		{ "goto", add_goto },
		{ "send", add_send },
		{ "if", add_if },
		{ "schedule", add_schedule },
		{ "exec", add_exec },
		{ "lead", add_lead },
		{ "notify", add_notify },
		{ "handoff", add_handoff },
		{ "split", add_split },
	};
	json_t *action;
	size_t i, j;

	json_array_foreach (actions, i, action)
		for (j = 0; j < sizeof(verbs) / sizeof(verbs[0]); j++)
			if (json_object_get(action, verbs[j].verb) != NULL) {
				verbs[j].add(place, action, why);
				break;
			}
}

void
graph_actions_add(struct graph *graph, size_t node, const json_t *actions,
    const char *why, bool timer)
{
	const struct place place = { graph, node, timer };

	list_add(&place, actions, why);
}
