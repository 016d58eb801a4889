/* SPDX-License-Identifier: MIT */
#include "bot/schedule.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/guard.h"
#include "bot/when.h"

#define EXPIRE_MS (7LL * 24 * 3600 * 1000)

static int64_t
life_ms(const json_t *action)
{
	const char *text = json_get_text(action, "expire");
	int64_t ms;

	return text && clock_parse_span(text, &ms) == 0 ? ms : EXPIRE_MS;
}

int64_t
flow_schedule_life(const struct flow *flow, const char *pointer)
{
	const struct schedule *schedule = flow_schedule_at(flow, pointer);

	return life_ms(schedule ? schedule->action : NULL);
}

static struct effect *
plan(struct run *run, const struct schedule *schedule, int64_t due_at)
{
	struct effect *task =
	    effects_add(run->effects, EFFECT_TASK, run->chat->id);

	task->text = mem_dup(schedule->name);
	task->pointer = mem_dup(schedule->pointer);
	task->due_at = due_at;
	task->expire_at = due_at + life_ms(schedule->action);
	task->entries = run->chat->entries;
	return task;
}

/* How often the schedule NAME ran since it was made at ENTRIES. */
static int64_t
rounds_of(const struct run *run, const char *name, int64_t entries)
{
	const json_t *rounds = json_object_get(run->chat->memory, "rounds");
	const json_t *of = json_object_get(rounds, name);

	return json_get_int(of, "since", -1) == entries
	    ? json_get_int(of, "count", 0)
	    : 0;
}

static void
rounds_set(struct run *run, const char *name, int64_t entries, int64_t count)
{
	json_t *rounds = json_object_get(run->chat->memory, "rounds");

	if (rounds == NULL) {
		rounds = json_object();
		json_object_set_new(run->chat->memory, "rounds", rounds);
	}
	json_object_set_new(rounds, name,
	    json_pack("{sI,sI}", "since", (json_int_t)entries, "count",
		(json_int_t)count));
}

static void
rounds_end(struct run *run, const char *name)
{
	json_t *rounds = json_object_get(run->chat->memory, "rounds");

	json_object_del(rounds, name);
	if (rounds != NULL && json_object_size(rounds) == 0)
		json_object_del(run->chat->memory, "rounds");
}

void
schedule_cancel(struct run *run, const char *name, const char *pointer)
{
	struct effect *cancel =
	    effects_add(run->effects, EFFECT_CANCEL, run->chat->id);

	cancel->text = mem_dup(name);
	cancel->pointer = mem_dup(pointer);
	rounds_end(run, name);
}

void
do_schedule(struct run *run, const json_t *action)
{
	const struct schedule *schedule = flow_schedule_of(run->flow, action);
	const char *exists = json_get_text(action, "if_exists");
	struct effect *task;
	int64_t due_at;

	if (schedule == NULL) {
		run->outcome = fault_set(run->fault, OUT_BUG, EXIT_BUG,
		    "a schedule of flow '%s' is not in its table",
		    flow_id(run->flow));
		return;
	}
	due_at = when_due(run->flow, run->chat, action, run->now);
	if (due_at == WHEN_NEVER)
		return;
	task = plan(run, schedule, due_at);
	task->replace = exists != NULL && strcmp(exists, "replace") == 0;
	if (task->replace)
		rounds_end(run, schedule->name);
}

void
schedule_cancel_on(struct run *run, const char *kind, const char *name)
{
	const struct schedule *schedule;
	size_t i, j, len = strlen(kind);
	json_t *on;

	for (i = 0; i < run->flow->schedule_count; i++) {
		schedule = &run->flow->schedules[i];
		json_array_foreach (json_object_get(schedule->action,
					"cancel_on"),
		    j, on) {
			const char *text = json_string_value(on);
			bool lone;

			if (strncmp(text, kind, len) != 0 ||
			    (name == NULL ? text[len] != '\0'
					  : text[len] != ':' ||
					strcmp(text + len + 1, name) != 0))
				continue;
			/* Its tasks may be of a version that had it
			 * elsewhere. */
			lone = flow_schedules(run->flow, schedule->name,
				   NULL) <= 1;
			schedule_cancel(run, schedule->name,
			    lone ? NULL : schedule->pointer);
		}
	}
}

/* Before it runs, so that it can cancel itself. */
static void
plan_again(struct run *run, const struct schedule *schedule)
{
	int64_t entries = run->input->entries;
	int64_t times = json_get_int(schedule->action, "times", INT64_MAX);
	int64_t rounds = rounds_of(run, schedule->name, entries) + 1, due_at;
	struct effect *task;

	if (json_object_get(schedule->action, "every") == NULL)
		return;
	due_at = when_again(run->flow, run->chat, schedule->action,
	    run->input->due_at, run->now);
	if (rounds >= times || due_at == WHEN_NEVER) {
		rounds_end(run, schedule->name);
		return;
	}
	if (times != INT64_MAX)
		rounds_set(run, schedule->name, entries, rounds);
	task = plan(run, schedule, due_at);
	task->entries = entries;
	task->again = true;
}

bool
step_unless(const struct flow *flow, const struct chat *chat, const char *name,
    const char *pointer, int64_t entries)
{
	const struct schedule *schedule =
	    flow_schedule_named(flow, name, pointer);
	const json_t *unless =
	    schedule ? json_object_get(schedule->action, "unless") : NULL;

	return unless != NULL && guard_holds(flow, chat, unless, entries);
}

void
schedule_run(struct run *run)
{
	const struct schedule *schedule =
	    flow_schedule_named(run->flow, run->input->name, run->input->text);

	if (schedule == NULL) {
		run_lacks(run, "schedule",
		    run->input->name ? run->input->name : run->input->text);
		return;
	}
	if (run->chat->unsubscribed ||
	    step_unless(run->flow, run->chat, NULL, schedule->pointer,
		run->input->entries)) {
		rounds_end(run, schedule->name);
		return;
	}
	plan_again(run, schedule);
	if (run->input->late)
		return;
	run->schedule = schedule;
	run->entries = run->input->entries;
	run->reminding = true;
	if (schedule->state != NULL)
		run->origin = schedule->state;
	run_actions(run, json_object_get(schedule->action, "do"));
}
