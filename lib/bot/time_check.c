/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/template.h"
#include "bot/when.h"

#define TIMES_MAX 1000
#define EVERY_MIN_MS 60000

static void
check_clock(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_CLOCK);
}

void
check_quiet(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "from", check_clock, true },
		{ "to", check_clock, true },
		{ NULL, NULL, false },
	};
	const char *from = json_get_text(value, "from");
	const char *to = json_get_text(value, "to");

	check_members(check, value, members);
	if (from != NULL && to != NULL && strcmp(from, to) == 0)
		check_add(check, "'from' and 'to' are the same time");
}

static void
check_own_quiet(struct check *check, json_t *value)
{
	if (!json_is_false(value))
		check_quiet(check, value);
}

static void
check_at(struct check *check, json_t *value)
{
	const char *at = json_string_value(value);

	if (at == NULL || !when_at_fits(at))
		check_shape(check,
		    "must be a time of day such as \"10:00\", a date such as "
		    "\"2027-03-01 10:00\", or a template that becomes one");
	else if (strstr(at, "{{") != NULL)
		template_check(check, at, PLACE_PLAIN);
	else if (!when_at_real(at))
		check_add(check, "there is no such day");
}

static void
check_offset(struct check *check, json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || strchr("+-", text[0]) == NULL || text[0] == '\0' ||
	    !name_fits(text + 1, NAME_SPAN))
		check_shape(check,
		    "must be + or - and a span, such as \"-1d\" or \"+2h\"");
}

static void
check_day(struct check *check, json_t *value)
{
	check_word(check, value, when_days);
}

static void
check_days(struct check *check, json_t *value)
{
	json_t *seen = json_object(), *day;
	size_t i;

	check_list(check, value, check_day);
	check_count(check, value, 1, 7);
	json_array_foreach (value, i, day) {
		const char *name = json_string_value(day);

		if (name != NULL && json_object_get(seen, name) != NULL)
			check_shape(check, "'%s' is there twice", name);
		if (name != NULL)
			json_object_set_new(seen, name, json_true());
	}
	json_decref(seen);
}

static void
check_every(struct check *check, json_t *value)
{
	const char *text = check_name(check, value, NAME_SPAN);
	int64_t ms;

	if (text != NULL && clock_parse_span(text, &ms) == 0 &&
	    ms < EVERY_MIN_MS)
		check_add(check, "must be a minute or more");
}

static void
check_times(struct check *check, json_t *value)
{
	check_whole(check, value, 1, TIMES_MAX);
}

static void
check_cancel_on_one(struct check *check, json_t *value)
{
	const struct flow *flow = check->flow;
	const char *text = json_string_value(value), *name;

	name = text ? strchr(text, ':') : NULL;
	if (name != NULL && strncmp(text, "state:", 6) == 0 &&
	    name_fits(++name, NAME_STATE)) {
		if (json_object_get(flow->states, name) == NULL)
			check_unknown(check, "state", name, flow->states);
	} else if (name != NULL && strncmp(text, "command:", 8) == 0 &&
	    name_fits(++name, NAME_COMMAND)) {
		if (json_object_get(flow->commands, name) == NULL &&
		    strcmp(name, "/start") != 0)
			check_unknown(check, "command", name, flow->commands);
	} else if (name != NULL && strncmp(text, "event:", 6) == 0 &&
	    name_fits(++name, NAME_IDENT)) {
		json_object_set_new(flow->signals, name, json_true());
	} else if (text == NULL || strcmp(text, "reply") != 0) {
		check_shape(check,
		    "must be \"state:NAME\", \"event:NAME\", "
		    "\"command:/NAME\" or \"reply\"");
	}
}

static void
check_cancel_on(struct check *check, json_t *value)
{
	check_list(check, value, check_cancel_on_one);
}

static void
check_if_exists(struct check *check, json_t *value)
{
	static const char *const words[] = { "keep", "replace", NULL };

	check_word(check, value, words);
}

static void
schedule_add(struct check *check, json_t *action)
{
	struct flow *flow = check->flow;
	const char *name = json_get_text(action, "schedule");
	struct schedule *schedule;

	if (name == NULL)
		return;
	flow->schedules = mem_array(flow->schedules, flow->schedule_count + 1,
	    sizeof(*flow->schedules));
	schedule = &flow->schedules[flow->schedule_count++];
	schedule->name = mem_dup(name);
	schedule->pointer = mem_dup(check->path.data);
	schedule->state = mem_dup(check->state);
	schedule->action = action;
}

static void
times_check(struct check *check, const json_t *action)
{
	const char *at = json_get_text(action, "at");
	bool after = json_object_get(action, "after") != NULL;

	if (at == NULL && !after && json_object_get(action, "every") == NULL)
		check_shape(check, "when? give it 'after', 'at' or 'every'");
	if (at != NULL && after && when_at_fits(at) &&
	    !name_fits(at, NAME_CLOCK))
		check_add(check,
		    "'after' goes with a time of day in 'at'; a date is moved "
		    "by 'offset'");
}

void
check_schedule(struct check *check, json_t *action)
{
	static const struct member members[] = {
		{ "schedule", check_ident, true },
		{ "after", check_span, false },
		{ "at", check_at, false },
		{ "offset", check_offset, false },
		{ "days", check_days, false },
		{ "every", check_every, false },
		{ "times", check_times, false },
		{ "quiet", check_own_quiet, false },
		{ "unless", check_guard, false },
		{ "cancel_on", check_cancel_on, false },
		{ "if_exists", check_if_exists, false },
		{ "expire", check_span, false },
		{ "do", check_actions, true },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};

	check_members(check, action, members);
	check_needs(check, action, "offset", "at");
	check_needs(check, action, "times", "every");
	times_check(check, action);
	schedule_add(check, action);
}

void
check_cancels(struct check *check)
{
	const char *where, *name;
	json_t *note;
	size_t i;

	json_array_foreach (check->cancelled, i, note) {
		(void)json_unpack(note, "[ss]", &where, &name);
		if (flow_schedules(check->flow, name, NULL) == 0)
			findings_add(check->findings, where,
			    "unknown schedule '%s'", name);
	}
}

static void
check_recurring_one(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "note", check_string, false },
		{ "role", check_role, true },
		{ "at", check_clock, false },
		{ "every", check_every, false },
		{ "days", check_days, false },
		{ "quiet", check_own_quiet, false },
		{ "unless", check_guard, false },
		{ "expire", check_span, false },
		{ "do", check_actions, true },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
	if (json_is_object(value) && json_object_get(value, "at") == NULL &&
	    json_object_get(value, "every") == NULL)
		check_shape(check, "when? give it 'at' or 'every'");
}

void
check_recurring(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_recurring_one);
}

void
check_after(struct check *check, json_t *value)
{
	check_map(check, value, NAME_SPAN, check_actions);
}
