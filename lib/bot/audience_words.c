/* SPDX-License-Identifier: MIT */
#include "bot/audience_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/audience.h"
#include "bot/checker.h"
#include "bot/model.h"
#include "bot/text.h"
#include "bot/type.h"

/* More parts than this nobody can tell apart. */
#define PARTS_MAX 10000

struct making {
	const struct flow *flow;
	json_t *guards; /* all of them must hold */
	json_t *strange;
	struct fault *fault;
};

static void
must_hold(struct making *m, json_t *guard)
{
	json_array_append_new(m->guards, guard);
}

/* The tags that VALUE, a part of the flow or a guard, gives or asks for. */
static void
tags_add(json_t *tags, const json_t *value)
{
	const json_t *tag = json_object_get(value, "tag");
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(tag))
		json_object_set_new(tags, json_string_value(tag), json_true());
	json_array_foreach (tag, i, child)
		if (json_is_string(child))
			json_object_set_new(tags, json_string_value(child) + 1,
			    json_true());
	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		tags_add(tags, child);
	json_array_foreach (value, i, child)
		tags_add(tags, child);
}

/* Adds to the strange those of ASKED that the flow never gives. */
static void
tags_judge(struct making *m, const json_t *asked)
{
	json_t *known = json_object(), *tags = json_object(), *value;
	const char *tag, *near;

	tags_add(known, m->flow->root);
	tags_add(tags, asked);
	json_object_foreach (tags, tag, value) {
		if (json_object_get(known, tag) != NULL)
			continue;
		near = check_nearest(tag, known);
		json_object_set_new(m->strange, tag,
		    near ? json_string(near) : json_incref(known));
	}
	json_decref(tags);
	json_decref(known);
}

static enum outcome
take_tags(struct making *m, const struct opt_texts *tags, bool have)
{
	for (int i = 0; i < tags->count; i++) {
		json_t *tag = json_pack("{ss}", "tag", tags->list[i]);

		if (!name_fits(tags->list[i], NAME_ID) || tag == NULL) {
			json_decref(tag);
			return fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
			    "'%.64s' is no tag: %s", tags->list[i],
			    name_rule(NAME_ID));
		}
		must_hold(m, have ? tag : json_pack("{so}", "not", tag));
	}
	return OUT_OK;
}

/* Adds the states of the group NAME; false when there is none. */
static bool
group_add(const struct flow *flow, const char *name, json_t *states)
{
	size_t len = strlen(name), before = json_array_size(states);
	const char *state;
	json_t *value;

	json_object_foreach (flow->states, state, value)
		if (strncmp(state, name, len) == 0 && state[len] == '.')
			json_array_append_new(states, json_string(state));
	return json_array_size(states) > before;
}

/* All that a state or a group may be called. */
static json_t *
places(const struct flow *flow)
{
	json_t *known = json_copy(flow->states), *value;
	const char *state;

	json_object_update_missing(known, flow->aliases);
	json_object_foreach (flow->states, state, value) {
		char *group = mem_dup_n(state, strcspn(state, "."));

		if (json_object_get(known, group) == NULL)
			json_object_set_new(known, group, json_true());
		free(group);
	}
	return known;
}

static enum outcome
take_states(struct making *m, const struct opt_texts *names)
{
	json_t *states = json_array(), *known;
	enum outcome out = OUT_OK;

	for (int i = 0; i < names->count && out == OUT_OK; i++) {
		const char *state = flow_state_called(m->flow, names->list[i]);

		if (state != NULL)
			json_array_append_new(states, json_string(state));
		if (group_add(m->flow, names->list[i], states) ||
		    state != NULL)
			continue;
		known = places(m->flow);
		out = check_lacks(m->flow, "state", names->list[i], known,
		    m->fault);
		json_decref(known);
	}
	if (json_array_size(states) > 0 && out == OUT_OK)
		must_hold(m, json_pack("{sO}", "state", states));
	json_decref(states);
	return out;
}

static enum outcome
take_value(struct making *m, const char *name, const char *text)
{
	const json_t *var = json_object_get(m->flow->vars, name);
	json_t *value;

	if (var == NULL)
		return check_lacks(m->flow, "variable", name, m->flow->vars,
		    m->fault);
	if (text == NULL || text[0] == '\0') {
		must_hold(m,
		    json_pack("{sssb}", "var", name, "set", text == NULL));
		return OUT_OK;
	}
	value = type_read(var, NULL, text);
	if (value == NULL)
		return fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' is no value of the variable '%s', which is of "
		    "the type %s",
		    text, name, type_name(var));
	must_hold(m, json_pack("{ssso}", "var", name, "eq", value));
	return OUT_OK;
}

static enum outcome
take_vars(struct making *m, const struct opt_texts *vars)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < vars->count && out == OUT_OK; i++) {
		size_t len = strcspn(vars->list[i], "=");
		char *name = mem_dup_n(vars->list[i], len);

		out = take_value(m, name,
		    vars->list[i][len] == '=' ? vars->list[i] + len + 1
					      : NULL);
		free(name);
	}
	return out;
}

static enum outcome
take_langs(struct making *m, const struct opt_texts *langs, json_t *audience)
{
	json_t *list = json_array(), *known, *value;
	enum outcome out = OUT_OK;
	size_t j;

	for (int i = 0; i < langs->count && out == OUT_OK; i++) {
		const char *lang = text_lang_find(m->flow, langs->list[i]);

		if (lang != NULL) {
			json_array_append_new(list, json_string(lang));
			continue;
		}
		known = json_object();
		json_array_foreach (m->flow->langs, j, value)
			json_object_set_new(known, json_string_value(value),
			    json_true());
		out = check_lacks(m->flow, "language", langs->list[i], known,
		    m->fault);
		json_decref(known);
	}
	if (json_array_size(list) > 0)
		json_object_set(audience, "lang", list);
	json_decref(list);
	return out;
}

static enum outcome
take_guard(struct making *m, const char *text)
{
	json_error_t error;
	json_t *guard;

	if (text == NULL)
		return OUT_OK;
	guard = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(guard)) {
		json_decref(guard);
		return fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "--if is no guard such as '{\"tag\": \"vip\"}'%s%s",
		    guard ? "" : ": ", guard ? "" : error.text);
	}
	must_hold(m, guard);
	return OUT_OK;
}

/* The number at *AT, which it moves on behind it; 0: none that can be. */
static int
take_number(const char **at)
{
	char *end;
	long number = **at >= '0' && **at <= '9' ? strtol(*at, &end, 10) : 0;

	if (number < 1 || number > PARTS_MAX)
		return 0;
	*at = end;
	return (int)number;
}

static enum outcome
take_part(struct making *m, const char *text, json_t *audience)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	const char *at = colon ? colon + 1 : "";
	enum outcome out = OUT_OK;
	int from, to, of;
	char *name;

	if (text == NULL)
		return OUT_OK;
	name = mem_dup_n(text, colon ? (size_t)(colon - text) : 0);
	from = to = take_number(&at);
	if (*at == '-') {
		at++;
		to = take_number(&at);
	}
	at += *at == '/';
	of = take_number(&at);
	if (!name_fits(name, NAME_IDENT) || from < 1 || to < from || of < to ||
	    *at != '\0')
		out = fault_set(m->fault, OUT_NEVER, EXIT_INPUT,
		    "'%.64s' is no part such as spring:1/2, the first half of "
		    "the experiment 'spring', or spring:3-10/10",
		    text);
	else
		json_object_set_new(audience, "part",
		    json_pack("{sssisisi}", "name", name, "from", from - 1,
			"to", to, "of", of));
	free(name);
	return out;
}

static void
take_times(const struct audience_words *words, int64_t start_at,
    json_t *audience)
{
	if (words->seen_within_ms >= 0)
		json_object_set_new(audience, "seen_after",
		    json_integer(start_at - words->seen_within_ms));
	if (words->not_seen_ms >= 0)
		json_object_set_new(audience, "seen_before",
		    json_integer(start_at - words->not_seen_ms));
}

static void
put_guard(json_t *guards, json_t *audience)
{
	size_t count = json_array_size(guards);

	if (count == 1)
		json_object_set(audience, "guard", json_array_get(guards, 0));
	else if (count > 1)
		json_object_set_new(audience, "guard",
		    json_pack("{sO}", "all", guards));
}

enum outcome
audience_make(const struct flow *flow, const struct audience_words *words,
    int64_t start_at, json_t **audience, json_t **strange, struct fault *fault)
{
	struct making m = { flow, json_array(), json_object(), fault };
	json_t *made = json_object();
	enum outcome out = take_tags(&m, &words->tags, true);

	if (out == OUT_OK)
		out = take_tags(&m, &words->no_tags, false);
	if (out == OUT_OK)
		out = take_states(&m, &words->states);
	if (out == OUT_OK)
		out = take_vars(&m, &words->vars);
	if (out == OUT_OK)
		out = take_guard(&m, words->guard);
	if (out == OUT_OK)
		out = take_langs(&m, &words->langs, made);
	if (out == OUT_OK)
		out = take_part(&m, words->part, made);
	take_times(words, start_at, made);
	put_guard(m.guards, made);
	tags_judge(&m, m.guards);
	json_decref(m.guards);
	*audience = made;
	*strange = m.strange;
	return out;
}
