/* SPDX-License-Identifier: MIT */
#include "bot/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/check_part.h"
#include "bot/model.h"

static void
lang_add(json_t *langs, const char *lang)
{
	size_t i;
	json_t *other;

	json_array_foreach (langs, i, other)
		if (strcmp(json_string_value(other), lang) == 0)
			return;
	json_array_append_new(langs, json_string(lang));
}

/* The default first; what is not said is read off the texts. */
static void
langs_read(struct flow *flow)
{
	const json_t *lang = json_object_get(flow->root, "lang");
	json_t *available = json_object_get(lang, "available"), *value;
	const char *first = json_get_text(lang, "default"), *name;
	size_t i;

	flow->langs = json_array();
	if (first != NULL)
		lang_add(flow->langs, first);
	json_array_foreach (available, i, value)
		if (json_is_string(value))
			lang_add(flow->langs, json_string_value(value));
	if (available == NULL)
		json_object_foreach (flow->texts, name, value)
			lang_add(flow->langs, name);
	if (json_array_size(flow->langs) == 0)
		lang_add(flow->langs, "en");
}

static struct flow *
flow_new(json_t *root, const char *bundle, size_t len)
{
	struct flow *flow = mem_alloc(sizeof(*flow));

	flow->root = root;
	flow->states = json_object_get(root, "states");
	flow->commands = json_object_get(root, "commands");
	flow->events = json_object_get(root, "events");
	flow->texts = json_object_get(root, "texts");
	flow->vars = json_object_get(root, "vars");
	flow->media = json_object_get(root, "media");
	flow->fallback = json_object_get(root, "fallback");
	flow->groups = json_object_get(root, "groups");
	flow->recurring = json_object_get(root, "recurring");
	flow->renamed = json_object_get(root, "renamed");
	flow->roles = json_object();
	flow->senders = json_object();
	flow->labels = json_object();
	flow->presses = json_object();
	flow->signals = json_object();
	flow->choices = json_object();
	flow->aliases = json_object();
	flow->settings = json_object();
	langs_read(flow);
	id_digest(bundle, len, flow->hash);
	return flow;
}

enum outcome
flow_open(const char *bundle, size_t len, const struct config *config,
    struct flow **flow, struct findings *findings, struct fault *fault)
{
	size_t before = findings->count, errors;
	const struct finding *first;
	json_error_t error;
	json_t *root;

	*flow = NULL;
	root = json_loadb(bundle, len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		findings_add(findings, "", "%s", error.text);
		findings->list[before].line = error.line;
		findings->list[before].column = error.column;
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the flow is not JSON: line %d: %s", error.line,
		    error.text);
	}
	*flow = flow_new(root, bundle, len);
	check_run(*flow, config, findings, check_flow, root);
	errors = findings_errors(findings, &first);
	if (errors == 0)
		return OUT_OK;
	flow_close(*flow);
	*flow = NULL;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the flow has %zu error%s at '%s': %s", errors,
	    errors == 1 ? "," : "s, the first", first->where, first->text);
}

void
flow_close(struct flow *flow)
{
	size_t i;

	if (flow == NULL)
		return;
	for (i = 0; i < flow->schedule_count; i++) {
		free(flow->schedules[i].name);
		free(flow->schedules[i].pointer);
		free(flow->schedules[i].state);
	}
	free(flow->schedules);
	json_decref(flow->roles);
	json_decref(flow->langs);
	json_decref(flow->senders);
	json_decref(flow->labels);
	json_decref(flow->presses);
	json_decref(flow->signals);
	json_decref(flow->choices);
	json_decref(flow->aliases);
	json_decref(flow->settings);
	json_decref(flow->root);
	free(flow);
}

const char *
flow_id(const struct flow *flow)
{
	return json_get_text(flow->root, "id");
}

const char *
flow_hash(const struct flow *flow)
{
	return flow->hash;
}

const char *
flow_start_state(const struct flow *flow)
{
	return json_get_text(flow->root, "start");
}

bool
flow_has_state(const struct flow *flow, const char *state)
{
	return json_object_get(flow->states, state) != NULL;
}

const char *
flow_state_renamed(const struct flow *flow, const char *name)
{
	const char *now;

	if (flow_has_state(flow, name))
		return json_object_iter_key(
		    json_object_iter_at(flow->states, name));
	now = json_get_text(flow->renamed, name);
	return now && flow_has_state(flow, now) ? now : NULL;
}

const char *
flow_state_called(const struct flow *flow, const char *name)
{
	const char *state = flow_state_renamed(flow, name);

	return state ? state : json_get_text(flow->aliases, name);
}

const char *
flow_state_abroad(const struct flow *flow, const char *state)
{
	const json_t *alias =
	    json_object_get(json_object_get(flow->states, state), "alias");
	const char *name = json_string_value(
	    json_is_array(alias) ? json_array_get(alias, 0) : alias);

	return name ? name : state;
}

const json_t *
flow_group_of(const struct flow *flow, const char *state)
{
	const char *dot = strchr(state, '.');

	return dot
	    ? json_object_getn(flow->groups, state, (size_t)(dot - state))
	    : NULL;
}

const json_t *
flow_choice(const struct flow *flow, const char *var, const char *id)
{
	return json_object_get(json_object_get(flow->choices, var), id);
}

const char *
flow_handlers(const struct flow *flow)
{
	return json_get_text(flow->root, "handlers");
}

const char *
flow_setting(const struct flow *flow, const char *name)
{
	return json_get_text(flow->settings, name);
}

const char *
flow_zone(const struct flow *flow)
{
	const char *zone = json_get_text(flow->root, "tz");

	return zone ? zone : "UTC";
}

bool
flow_has_event(const struct flow *flow, const char *event)
{
	return json_object_get(flow->signals, event) != NULL;
}

size_t
flow_schedules(const struct flow *flow, const char *name, const char **pointer)
{
	size_t i, count = 0;

	for (i = 0; i < flow->schedule_count; i++) {
		if (strcmp(flow->schedules[i].name, name) != 0)
			continue;
		if (count++ == 0 && pointer != NULL)
			*pointer = flow->schedules[i].pointer;
	}
	return count;
}

const struct schedule *
flow_schedule_at(const struct flow *flow, const char *pointer)
{
	size_t i;

	for (i = 0; i < flow->schedule_count; i++)
		if (strcmp(flow->schedules[i].pointer, pointer) == 0)
			return &flow->schedules[i];
	return NULL;
}

const struct schedule *
flow_schedule_named(const struct flow *flow, const char *name,
    const char *pointer)
{
	const struct schedule *schedule =
	    pointer ? flow_schedule_at(flow, pointer) : NULL;
	const char *moved = NULL;

	if (schedule != NULL &&
	    (name == NULL || strcmp(schedule->name, name) == 0))
		return schedule;
	if (name == NULL || flow_schedules(flow, name, &moved) != 1)
		return NULL;
	return flow_schedule_at(flow, moved);
}

bool
flow_has_schedule(const struct flow *flow, const char *name,
    const char *pointer)
{
	return flow_schedule_named(flow, name, pointer) != NULL;
}

const struct schedule *
flow_schedule_of(const struct flow *flow, const json_t *action)
{
	size_t i;

	for (i = 0; i < flow->schedule_count; i++)
		if (flow->schedules[i].action == action)
			return &flow->schedules[i];
	return NULL;
}

void
state_hash(const char *state, char hash[STATE_HASH_SIZE])
{
	uint64_t full = id_hash(state, strlen(state));

	snprintf(hash, STATE_HASH_SIZE, "%05x",
	    (unsigned)((full ^ full >> 20 ^ full >> 40) & 0xfffff));
}

bool
flow_in_role(const struct flow *flow, const char *role, int64_t person)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, person);
	return json_object_get(json_object_get(flow->roles, role), id) != NULL;
}

const char *const media_kinds[] = { "photo", "video", "document", "voice",
	"animation", "audio", NULL };

const char *
media_kind_find(const char *name)
{
	size_t i = 0;

	while (media_kinds[i] != NULL && strcmp(media_kinds[i], name) != 0)
		i++;
	return media_kinds[i];
}

bool
flow_media(const struct flow *flow, const char *name, struct flow_media *media)
{
	const json_t *entry = json_object_get(flow->media, name);
	size_t i;

	for (i = 0; media_kinds[i] != NULL; i++) {
		const char *path = json_get_text(entry, media_kinds[i]);

		if (path == NULL)
			continue;
		media->kind = media_kinds[i];
		media->path = path;
		media->digest = json_get_text(entry, "digest");
		media->spoiler = json_get_bool(entry, "spoiler", false);
		return true;
	}
	return false;
}
