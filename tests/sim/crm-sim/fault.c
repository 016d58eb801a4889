/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "call.h"

#include <stdio.h>
#include <string.h>

enum effect { NEVER, ALWAYS, EITHER };

static const struct {
	const char *name;
	enum effect effect;
} kinds[FAULT_KINDS] = {
	[FAULT_NONE] = { "", ALWAYS },
	[FAULT_DROP] = { "drop", NEVER },
	[FAULT_REPLY_LOST] = { "reply_lost", ALWAYS },
	[FAULT_RESET] = { "reset", ALWAYS },
	[FAULT_CUT] = { "cut", ALWAYS },
	[FAULT_HANG] = { "hang", ALWAYS },
	[FAULT_LATE] = { "late", ALWAYS },
	[FAULT_TRUNCATED] = { "truncated", ALWAYS },
	[FAULT_EMPTY] = { "empty", ALWAYS },
	[FAULT_GARBAGE] = { "garbage", ALWAYS },
	[FAULT_BAD_ITEM] = { "bad_item", NEVER },
	[FAULT_401] = { "401", NEVER },
	[FAULT_402] = { "402", NEVER },
	[FAULT_403] = { "403", NEVER },
	[FAULT_403HTML] = { "403html", NEVER },
	[FAULT_404HTML] = { "404html", NEVER },
	[FAULT_429] = { "429", NEVER },
	[FAULT_429HTML] = { "429html", NEVER },
	[FAULT_500] = { "500", EITHER },
	[FAULT_502HTML] = { "502html", EITHER },
	[FAULT_503HTML] = { "503html", EITHER },
	[FAULT_504HTML] = { "504html", EITHER },
	[FAULT_SYSTEM_ERROR] = { "system_error", EITHER },
	[FAULT_ERROR] = { "error", NEVER },
};

const char *
fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

/* "429" and 429 are the same kind. */
static enum fault_kind
kind_of(const json_t *value)
{
	const char *name = json_string_value(value);
	char number[24];
	int i;

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%d",
		    (int)json_integer_value(value));
		name = number;
	}
	for (i = 1; name && i < FAULT_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return (enum fault_kind)i;
	return FAULT_NONE;
}

bool
fault_add(struct faults *faults, const json_t *rule)
{
	json_t *copy;

	if (!kind_of(json_object_get(rule, "kind")))
		return false;
	copy = json_deep_copy(rule);
	json_object_set_new(copy, "skip",
	    json_integer(member_int(rule, "nth", 1) - 1));
	json_object_set_new(copy, "left",
	    json_integer(member_int(rule, "times",
		json_object_get(rule, "probability") ? 0 : 1)));
	if (!faults->rules)
		faults->rules = json_array();
	json_array_append_new(faults->rules, copy);
	return true;
}

bool
fault_chaos(struct faults *faults, const json_t *chaos)
{
	const json_t *kind;
	size_t i;

	json_array_foreach (json_object_get(chaos, "kinds"), i, kind)
		if (!kind_of(kind))
			return false;
	json_decref(faults->deck);
	faults->deck = NULL;
	json_decref(faults->chaos);
	faults->chaos = json_deep_copy(chaos);
	return true;
}

void
faults_release(struct faults *faults)
{
	json_decref(faults->rules);
	json_decref(faults->chaos);
	json_decref(faults->deck);
	*faults = (struct faults){ 0 };
}

static bool
fits(const json_t *rule, const char *verb, const char *path)
{
	const char *part = member_text(rule, "path");
	const char *wanted = member_text(rule, "verb");

	return (!part || strstr(path, part)) &&
	    (!wanted || !strcmp(wanted, verb));
}

static struct fault_hit
hit_make(enum fault_kind kind, const json_t *rule, bool effect)
{
	struct fault_hit hit = { .kind = kind, .effect = effect };

	hit.ms = member_int(rule, "ms", 35000);
	hit.retry_after = member_int(rule, "retry_after", 1);
	hit.item = member_int(rule, "item", 0);
	hit.rule = rule;
	return hit;
}

static double
probability_of(const json_t *rule, const char *name, double absent)
{
	const json_t *value = json_object_get(rule, name);

	return json_is_number(value) ? json_number_value(value) : absent;
}

/* What only reads comes more often than what creates. */
static double
chaos_probability(const json_t *chaos, const char *verb)
{
	double any = probability_of(chaos, "probability", 0);

	return strcmp(verb, "GET") ? any : probability_of(chaos, "reads", any);
}

/* A used-up rule stays, with -1 left: its answer may still be on its way. */
static bool
rule_hits(json_t *rule, struct chance *chance)
{
	int64_t skip = member_int(rule, "skip", 0);
	int64_t left = member_int(rule, "left", 0);

	if (left < 0 ||
	    !chance_hits(chance, probability_of(rule, "probability", 1)))
		return false;
	if (skip > 0) {
		json_object_set_new(rule, "skip", json_integer(skip - 1));
		return false;
	}
	if (left)
		json_object_set_new(rule, "left",
		    json_integer(left == 1 ? -1 : left - 1));
	return true;
}

/* As from a shuffled deck: none comes again before all have come. */
static enum fault_kind
chaos_draw(struct faults *faults, struct chance *chance)
{
	enum fault_kind kind;
	size_t at;

	if (!json_array_size(faults->deck)) {
		json_decref(faults->deck);
		faults->deck = json_copy(
		    json_object_get(faults->chaos, "kinds"));
	}
	at = (size_t)chance_below(chance,
	    (int64_t)json_array_size(faults->deck));
	kind = kind_of(json_array_get(faults->deck, at));
	json_array_remove(faults->deck, at);
	return kind;
}

static struct fault_hit
chaos_match(struct faults *faults, struct chance *chance)
{
	enum fault_kind kind = chaos_draw(faults, chance);
	bool effect = kinds[kind].effect == ALWAYS ||
	    (kinds[kind].effect == EITHER && chance_hits(chance, 0.5));

	return hit_make(kind, faults->chaos, effect);
}

struct fault_hit
fault_match(struct faults *faults, struct chance *chance, const char *verb,
    const char *path)
{
	const json_t *effect;
	enum fault_kind kind;
	json_t *rule;
	size_t i;

	json_array_foreach (faults->rules, i, rule) {
		if (!fits(rule, verb, path) || !rule_hits(rule, chance))
			continue;
		faults->hits++;
		kind = kind_of(json_object_get(rule, "kind"));
		effect = json_object_get(rule, "effect");
		return hit_make(kind, rule,
		    effect ? json_is_true(effect)
			   : kinds[kind].effect == ALWAYS);
	}
	if (!faults->chaos || !fits(faults->chaos, verb, path) ||
	    !chance_hits(chance, chaos_probability(faults->chaos, verb)))
		return (struct fault_hit){ .effect = true };
	faults->hits++;
	return chaos_match(faults, chance);
}
