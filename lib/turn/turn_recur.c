/* SPDX-License-Identifier: MIT */
#include "turn/turn_recur.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/recur.h"
#include "store/execs.h"
#include "store/meta.h"
#include "turn/turn_private.h"

/* A clock that was wrong by less is not worth doing something twice. */
#define CLOCK_LEAP_MS (INT64_C(60) * 60 * 1000)

/* What is planned is planned ANEW, unless it is due already and about to be
 * done.  Made by a clock that was ahead it would come when that is true
 * again. */
static bool
is_stale(const struct task *task, bool anew, int64_t now)
{
	return task->due_at > now &&
	    (anew || task->created_at > now + CLOCK_LEAP_MS);
}

/* One that waits for its chat comes when that is free, and plans the next. */
static enum outcome
plan_task(struct turn *turn, const struct chat *chat, struct effect *plan,
    bool anew, int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	const struct effects one = { .list = plan, .count = 1 };
	struct effects_result result = { 0 };
	struct task task;

	if (tasks_named(turn->db, chat->id, plan->text, &task))
		plan->replace = is_stale(&task, anew, now);
	else if (tasks_held_named(turn->db, chat->id, plan->text))
		return OUT_OK;
	return effects_write(turn->db, turn->flow, chat, &one, &origin, now,
	    &result, fault);
}

static enum outcome
plan_one(struct turn *turn, int64_t chat_id, bool anew, int64_t now,
    struct fault *fault)
{
	struct effects effects = { 0 };
	struct turn_chat open = { 0 };
	enum outcome out = turn_chat_open(turn, chat_id, &open, fault);

	if (out == OUT_OK)
		recur_plan(turn->flow, &open.chat, now, &effects);
	for (size_t i = 0; i < effects.count && out == OUT_OK; i++)
		out = plan_task(turn, &open.chat, &effects.list[i], anew, now,
		    fault);
	effects_release(&effects);
	turn_chat_close(&open);
	return out;
}

/* One member whose row is damaged must not stop all the others' bot. */
static enum outcome
plan_marked(struct turn *turn, int64_t chat_id, bool anew, int64_t now,
    struct fault *fault)
{
	struct fault why;
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	out = plan_one(turn, chat_id, anew, now, &why);
	if (out == OUT_OK)
		return db_unmark(turn->db, fault);
	db_return(turn->db);
	if (turn_blames_item(turn, out)) {
		log_error("what recurs is not planned for chat %lld: %s",
		    (long long)chat_id, why.text);
		return OUT_OK;
	}
	*fault = why;
	return out;
}

enum outcome
turn_recurring(struct turn *turn, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;
	const char *id;
	json_t *member;

	if (turn->flow == NULL || turn->planned)
		return OUT_OK;
	/* Another version or other people: whatever was planned is old. */
	json_auto_t *people = recur_people(turn->flow);
	char *names = json_text(people);
	char *plan = mem_printf("%s %s", flow_hash(turn->flow), names);
	char *before = meta_text(turn->db, META_RECURRING);
	bool anew = before == NULL || strcmp(before, plan) != 0;

	json_object_foreach (people, id, member)
		if (out == OUT_OK)
			out = plan_marked(turn, strtoll(id, NULL, 10), anew,
			    now, fault);
	if (out == OUT_OK && anew && (before || json_object_size(people) > 0))
		out = meta_set_text(turn->db, META_RECURRING, plan, fault);
	turn->planned = out == OUT_OK;
	free(names);
	free(plan);
	free(before);
	return out;
}

static enum outcome
ask_one(struct turn *turn, int64_t chat_id, int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	const struct input input = { .kind = INPUT_LOST, .text = "" };
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };
	struct fault why;
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	out = turn_chat_open(turn, chat_id, &open, &why);
	if (out == OUT_OK)
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, &why);
	/* Once is enough, however often the bot is away. */
	if (out == OUT_OK)
		out = chats_asked_done(turn->db, chat_id, &why);
	free(result.notice);
	turn_chat_close(&open);
	if (out == OUT_OK)
		return db_unmark(turn->db, fault);
	db_return(turn->db);
	/* It was a kindness: who cannot be asked is left as they are. */
	if (turn_blames_item(turn, out))
		return OUT_OK;
	*fault = why;
	return out;
}

enum outcome
turn_ask_again(struct turn *turn, const struct turn_outage *outage,
    int64_t *after, int limit, int64_t now, bool *more, struct fault *fault)
{
	enum outcome out = OUT_OK;

	*more = false;
	while (out == OUT_OK && turn->flow != NULL &&
	    chats_asked(turn->db, outage->since, outage->until, after)) {
		if (!execs_open(turn->db, *after))
			out = ask_one(turn, *after, now, fault);
		if (--limit == 0) {
			*more = true;
			break;
		}
	}
	return out == OUT_OK ? db_result(turn->db, fault) : out;
}
