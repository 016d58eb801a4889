/* SPDX-License-Identifier: MIT */
#include "bot/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/ask.h"
#include "bot/guard.h"
#include "bot/handoff.h"
#include "bot/pointer.h"
#include "bot/recur.h"
#include "bot/variable.h"
#include "bot/when.h"

/* A timer moves the person on, so it is never too late for it. */
#define TIMER_LIFE_MS (366LL * 24 * 3600 * 1000)

#define TIMER_NAME_SIZE 96 /* "after:", the longest state, a span */

bool
step_is_timer(const char *name)
{
	return name != NULL && strchr(name, ':') != NULL;
}

/* NAME behind "KIND:", or NULL. */
static const char *
name_of(const char *name, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(name, kind, len) == 0 && name[len] == ':'
	    ? name + len + 1
	    : NULL;
}

struct effect *
timer_plan(struct run *run, const char *name, const char *pointer,
    int64_t due_at)
{
	struct effect *task =
	    effects_add(run->effects, EFFECT_TASK, run->chat->id);

	task->text = mem_dup(name);
	task->pointer = mem_dup(pointer);
	task->due_at = due_at;
	task->expire_at = due_at + TIMER_LIFE_MS;
	task->entries = run->chat->entries;
	task->replace = true;
	return task;
}

static void
cancel(struct run *run, const char *name)
{
	effects_add(run->effects, EFFECT_CANCEL, run->chat->id)->text =
	    mem_dup(name);
}

static json_t *
after_of(const struct flow *flow, const char *state)
{
	return json_object_get(json_object_get(flow->states, state), "after");
}

void
timer_enter(struct run *run, const char *state)
{
	const char *span;
	json_t *actions;

	json_object_foreach (after_of(run->flow, state), span, actions) {
		json_t *when = json_pack("{ss}", "after", span);
		int64_t due = when_due(run->flow, run->chat, when, run->now);
		char *name = mem_printf("after:%s:%s", state, span);
		char *pointer = mem_printf("/states/%s/after/%s", state, span);

		(void)timer_plan(run, name, pointer, due);
		free(pointer);
		free(name);
		json_decref(when);
	}
}

void
timer_leave(struct run *run, const char *next)
{
	const char *state = run->chat->state, *span;
	json_t *actions;

	if (strcmp(state, next) == 0)
		return;
	json_object_foreach (after_of(run->flow, state), span, actions) {
		char *name = mem_printf("after:%s:%s", state, span);

		cancel(run, name);
		free(name);
	}
}

/* The actions of "after:STATE:SPAN"; STATE, to be freed, is what it is called
 * now. */
static const json_t *
after_find(const struct flow *flow, const char *rest, char **state)
{
	const char *span = strchr(rest, ':'), *now;
	char *name;

	*state = NULL;
	if (span == NULL)
		return NULL;
	name = mem_dup_n(rest, (size_t)(span - rest));
	now = flow_state_renamed(flow, name);
	*state = mem_dup(now);
	free(name);
	return now ? json_object_get(after_of(flow, now), span + 1) : NULL;
}

static void
run_after(struct run *run, const char *rest)
{
	char *state;
	const json_t *actions = after_find(run->flow, rest, &state);
	json_t *visit;

	if (actions == NULL) {
		run_lacks(run, "timer", run->input->name);
		free(state);
		return;
	}
	visit = json_object_get(run->chat->visits, run->chat->state);
	if (strcmp(state, run->chat->state) == 0 &&
	    json_integer_value(json_array_get(visit, 1)) ==
		run->input->entries) {
		run->origin = run->chat->state;
		run_actions(run, actions);
	}
	free(state);
}

/* What sets the end of a session in STATE: the state, or its group.  NAME is
 * that of the timer. */
static const json_t *
ttl_of(const struct flow *flow, const char *state, char name[TIMER_NAME_SIZE])
{
	const json_t *value = json_object_get(flow->states, state);

	if (json_object_get(value, "ttl") != NULL) {
		snprintf(name, TIMER_NAME_SIZE, "ttl:%s", state);
		return value;
	}
	value = flow_group_of(flow, state);
	if (json_object_get(value, "ttl") == NULL)
		return NULL;
	snprintf(name, TIMER_NAME_SIZE, "ttl:%.*s", (int)strcspn(state, "."),
	    state);
	return value;
}

static char *
ttl_pointer(const struct run *run, const json_t *owner, const char *name)
{
	bool group = owner == flow_group_of(run->flow, run->chat->state);

	return mem_printf("/%s/%s", group ? "groups" : "states", name + 4);
}

static void
ttl_plan(struct run *run, const char *name, const char *pointer)
{
	(void)timer_plan(run, name, pointer, run->chat->expires_at);
	json_object_set_new(run->chat->memory, "ttl",
	    json_pack("{ss,sI}", "name", name, "due",
		(json_int_t)run->chat->expires_at));
}

void
timer_settle(struct run *run, bool slides)
{
	struct chat *chat = run->chat;
	const json_t *ttl = json_object_get(chat->memory, "ttl");
	const char *planned = json_get_text(ttl, "name");
	char name[TIMER_NAME_SIZE];
	const json_t *owner = ttl_of(run->flow, chat->state, name);
	int64_t ms = 0;

	if (planned != NULL && (owner == NULL || strcmp(planned, name) != 0)) {
		cancel(run, planned);
		json_object_del(chat->memory, "ttl");
		ttl = NULL;
		chat->expires_at = 0;
	}
	if (owner == NULL) {
		chat->expires_at = 0;
		return;
	}
	(void)clock_parse_span(json_get_text(owner, "ttl"), &ms);
	if (slides || chat->expires_at == 0)
		chat->expires_at = run->now + ms;
	/* A task that comes too early looks again, so most inputs need not
	 * touch it. */
	if (ttl == NULL || json_get_int(ttl, "due", 0) > chat->expires_at) {
		char *pointer = ttl_pointer(run, owner, name);

		ttl_plan(run, name, pointer);
		free(pointer);
	}
}

/* Out of all states, so that whichever is next begins a session. */
void
timer_expired(struct run *run)
{
	run->expiring = false;
	timer_leave(run, "");
	run_place(run, "");
	variable_end_session(run->flow, run->chat, NULL);
}

static void
run_ttl(struct run *run)
{
	struct chat *chat = run->chat;
	const char *planned =
	    json_get_text(json_object_get(chat->memory, "ttl"), "name");
	const json_t *owner = pointer_find(run->flow->root, run->input->text);

	if (planned == NULL || strcmp(planned, run->input->name) != 0)
		return;
	if (chat->expires_at > run->now) {
		ttl_plan(run, run->input->name, run->input->text);
		run->effects->list[run->effects->count - 1].again = true;
		return;
	}
	json_object_del(chat->memory, "ttl");
	chat->expires_at = 0;
	ask_close(run);
	run->expiring = true;
	run_actions(run, json_object_get(owner, "on_expire"));
}

static void
run_recurring(struct run *run, const char *name)
{
	const json_t *what = json_object_get(run->flow->recurring, name);
	const json_t *unless = json_object_get(what, "unless");
	int64_t due;

	if (what == NULL) {
		run_lacks(run, "recurring", name);
		return;
	}
	if (!recur_holds(run->flow, run->chat, run->input->name))
		return;
	due = when_again(run->flow, run->chat, what, run->input->due_at,
	    run->now);
	if (due != WHEN_NEVER)
		recur_add(run->flow, run->chat, name, due, run->effects)
		    ->again = true;
	if (run->input->late ||
	    (unless != NULL && guard_holds(run->flow, run->chat, unless, 0)))
		return;
	run_actions(run, json_object_get(what, "do"));
}

bool
step_has_timer(const struct flow *flow, const char *name, const char *pointer)
{
	const char *rest = name_of(name, "after");
	bool has = false;
	char *state;

	if (rest != NULL) {
		has = after_find(flow, rest, &state) != NULL;
		free(state);
		return has;
	}
	return pointer_find(flow->root, pointer) != NULL;
}

void
timer_run(struct run *run)
{
	const char *name = run->input->name ? run->input->name : "";
	const char *after = name_of(name, "after");
	const char *recurring = name_of(name, "recurring");

	run->reminding = true;
	run->mute = run->chat->unsubscribed;
	if (after != NULL)
		run_after(run, after);
	else if (recurring != NULL)
		run_recurring(run, recurring);
	else if (name_of(name, "ttl") != NULL)
		run_ttl(run);
	else if (name_of(name, "handoff") != NULL)
		handoff_timer(run);
	else
		run_lacks(run, "timer", name);
}
