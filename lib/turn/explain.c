/* SPDX-License-Identifier: MIT */
#include "turn/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "bot/view.h"
#include "store/dialogs.h"
#include "store/execs.h"
#include "store/history.h"
#include "store/shared_tasks.h"
#include "turn/turn_private.h"

#define UPDATES 10

/* json_string() refuses what is not UTF-8: then the member says so. */
static void
put_text(json_t *object, const char *key, const char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	json_object_set_new(object, key,
	    value ? value : json_string("(not UTF-8)"));
}

static void
put_time(json_t *object, const char *key, int64_t at)
{
	json_object_set_new(object, key, json_time_or_null(at));
}

static void
put_int(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

/* A flag with its time and reason, null when it is not set. */
static void
put_flag(json_t *object, const char *key, int64_t since, const char *reason)
{
	json_t *flag = since == 0 ? json_null() : json_object();

	if (since != 0) {
		put_time(flag, "since", since);
		put_text(flag, "reason", reason);
	}
	json_object_set_new(object, key, flag);
}

static json_t *
describe_person(const struct person *person)
{
	json_t *object = json_object();

	put_int(object, "id", person->id);
	put_text(object, "first_name", person->first_name);
	put_text(object, "last_name", person->last_name);
	put_text(object, "username", person->username);
	put_text(object, "language", person->lang);
	return object;
}

static json_t *
describe_tags(const json_t *tags)
{
	json_t *list = json_array(), *value;
	const char *tag;

	/* jansson's macro does not take a const object. */
	json_object_foreach ((json_t *)(uintptr_t)tags, tag, value)
		json_array_append_new(list, json_string(tag));
	return list;
}

/* What another program has of it that the flow does not know. */
static void
describe_foreign(json_t *object, struct db *db, int64_t chat_id)
{
	char *state = dialogs_foreign(db, chat_id);

	put_text(object, "foreign_state", state);
	free(state);
}

static void
describe_chat(json_t *object, const struct turn *turn,
    const struct turn_chat *open, bool pii)
{
	const struct chat *chat = &open->chat;
	const struct chat_row *row = &open->row;
	const struct flow *flow = turn->flow;
	/* A deployment may not have moved them into its new name yet. */
	const char *now = flow ? flow_state_renamed(flow, chat->state) : NULL;

	put_int(object, "chat", chat->id);
	put_text(object, "type", row->type);
	json_object_set_new(object, "person", describe_person(&chat->person));
	put_text(object, "state", now ? now : chat->state);
	put_time(object, "since", row->entered_at);
	json_object_set_new(object, "state_known", json_boolean(now != NULL));
	put_text(object, "flow", flow ? flow_id(flow) : NULL);
	put_text(object, "flow_hash", flow ? flow_hash(flow) : NULL);
	put_text(object, "language", chat->lang);
	put_text(object, "time_zone", chat->tz);
	json_object_set_new(object, "tags", describe_tags(chat->tags));
	json_object_set_new(object, "vars", view_vars(flow, chat, pii));
	put_flag(object, "blocked", row->blocked_at, row->blocked_reason);
	put_flag(object, "unsubscribed", row->unsubscribed_at,
	    "the person asked for it");
	put_time(object, "handoff_until", chat->handoff_until);
	put_time(object, "expires_at", chat->expires_at);
	put_time(object, "created_at", row->created_at);
	put_time(object, "seen_at", row->seen_at);
}

/* What a page of rows is turned into. */
struct page {
	struct turn *turn;
	const struct turn_chat *open;
	json_t *list;
	bool shared; /* Redis has them */
};

static void
describe_schedule(json_t *object, const struct page *page,
    const struct task *task)
{
	const struct flow *flow =
	    turn_flow_for(page->turn, task->name, task->pointer, task->flow);
	json_t *schedule = flow == NULL
	    ? NULL
	    : view_schedule(flow, &page->open->chat, task->name, task->pointer,
		  task->entries);

	bool timer = flow != NULL && step_is_timer(task->name) &&
	    step_has_timer(flow, task->name, task->pointer);

	json_object_set_new(object, "schedule_known",
	    json_boolean(schedule != NULL || timer));
	if (schedule != NULL)
		json_object_update(object, schedule);
	json_decref(schedule);
}

static void
describe_task(const struct task *task, void *arg)
{
	struct page *page = arg;
	json_t *object = json_object();

	put_int(object, "id", task->id);
	put_text(object, "name", task->name);
	put_time(object, "due_at", task->due_at);
	put_time(object, "expire_at", task->expire_at);
	put_time(object, "created_at", task->created_at);
	json_object_set_new(object, "shared", json_boolean(page->shared));
	if (task->kind == TASK_FLOW) {
		describe_schedule(object, page, task);
	} else {
		json_t *params = json_loads(task->params, 0, NULL);
		const char *text = json_get_text(params, "text");
		put_text(object, "method", task->method);
		put_text(object, "text",
		    text ? text : json_get_text(params, "caption"));
		json_decref(params);
	}
	json_array_append_new(page->list, object);
}

static const char *
remedy_of(const struct history_row *row, char *text, size_t size)
{
	if (row->mend != NULL)
		return row->mend;
	switch (*row->state) {
	case 'h':
		return "goes out when the person writes or unblocks the bot";
	case 'a':
		return "is repeated by itself at not_before";
	case 's':
		return "is being sent by a running command; if that died, the "
		       "next command settles it";
	case 'e':
		snprintf(text, size,
		    "leadpipe recover-pending --resend %lld "
		    "sends it all the same",
		    (long long)row->id);
		return text;
	default:
		return "is sent by the next poll-updates or send-due";
	}
}

static json_t *
describe_message(const struct history_row *row)
{
	json_t *object = json_object();

	put_int(object, "id", row->id);
	put_text(object, "role", row->role);
	put_text(object, "state", row->state);
	put_time(object, "at",
	    row->settled_at ? row->settled_at : row->created_at);
	put_text(object, "method", row->method);
	put_text(object, "text", row->text);
	put_text(object, "task", row->task_name);
	if (row->message_id != 0)
		put_int(object, "message_id", row->message_id);
	if (row->maybe_duplicate)
		json_object_set_new(object, "maybe_duplicate", json_true());
	return object;
}

static json_t *
describe_unsent(struct db *db, int64_t chat_id)
{
	json_t *list = json_array();
	struct history_row row;
	int64_t after = 0;
	char remedy[96];

	while (json_array_size(list) < EXPLAIN_ROWS &&
	    history_unsent(db, chat_id, &after, &row)) {
		json_t *object = describe_message(&row);
		put_text(object, "reason", row.reason);
		put_text(object, "remedy",
		    remedy_of(&row, remedy, sizeof remedy));
		put_time(object, "not_before", row.not_before);
		put_time(object, "expire_at", row.expire_at);
		put_int(object, "tries", row.tries + row.ambiguous);
		json_array_append_new(list, object);
	}
	return list;
}

/* The oldest of them first, as one reads. */
static json_t *
describe_said(struct db *db, int64_t chat_id, int most)
{
	json_t *list = json_array();
	struct history_row row;
	int64_t before = INT64_MAX;

	while (most-- > 0 && history_said(db, chat_id, &before, &row))
		json_array_insert_new(list, 0, describe_message(&row));
	return list;
}

static void
describe_update(const struct history_update *update, void *arg)
{
	json_t *object = json_object();

	put_int(object, "id", update->id);
	put_int(object, "update_id", update->update_id);
	put_text(object, "state", update->state);
	put_time(object, "received_at", update->received_at);
	put_int(object, "tries", update->tries);
	put_text(object, "reason", update->reason);
	put_text(object, "remedy", update->mend);
	json_array_append_new(arg, object);
}

/* The handler that all that comes for the chat waits for, null: none. */
static json_t *
describe_handler(struct db *db, int64_t chat_id)
{
	json_t *object;
	struct exec exec;

	if (!execs_of_chat(db, chat_id, &exec))
		return json_null();
	object = json_object();
	put_int(object, "id", exec.id);
	put_text(object, "place", exec.place);
	put_time(object, "since", exec.created_at);
	put_time(object, "started_at", exec.started_at);
	put_time(object, "not_before", exec.not_before);
	put_int(object, "attempt", exec.attempt);
	put_text(object, "reason", exec.reason);
	return object;
}

static void
describe_rows(json_t *object, struct turn *turn, const struct turn_chat *open,
    int said)
{
	int64_t chat_id = open->chat.id;
	struct task_place first = TASK_PLACE_FIRST;
	struct page page = { turn, open, json_array(), false };
	json_t *updates = json_array();

	tasks_list(turn->db, chat_id, &first, EXPLAIN_ROWS, describe_task,
	    &page);
	page.shared = true;
	int shared = shared_tasks_list(turn->db, chat_id, EXPLAIN_ROWS,
	    describe_task, &page);
	history_updates(turn->db, chat_id, UPDATES, describe_update, updates);
	json_object_set_new(object, "tasks", page.list);
	put_int(object, "tasks_waiting",
	    tasks_count(turn->db, chat_id) + shared);
	put_int(object, "tasks_held", tasks_held(turn->db, chat_id));
	json_object_set_new(object, "unsent",
	    describe_unsent(turn->db, chat_id));
	json_object_set_new(object, "said",
	    describe_said(turn->db, chat_id, said));
	json_object_set_new(object, "updates", updates);
	json_object_set_new(object, "handler",
	    describe_handler(turn->db, chat_id));
}

enum outcome
explain_chat(struct turn *turn, int64_t chat_id, bool pii, int said,
    int64_t now, json_t **result, struct fault *fault)
{
	struct turn_chat open = { 0 };
	json_t *object = json_pack("{s:i}", "schema", 1);
	enum outcome out = turn_chat_open(turn, chat_id, &open, fault);

	if (out == OUT_OK) {
		json_object_set_new(object, "known",
		    json_boolean(open.row.exists));
		put_time(object, "now", now);
		describe_chat(object, turn, &open, pii);
		describe_foreign(object, turn->db, chat_id);
		describe_rows(object, turn, &open, said);
		out = db_result(turn->db, fault);
	}
	if (out == OUT_OK && !open.row.exists &&
	    json_array_size(json_object_get(object, "tasks")) +
		    json_array_size(json_object_get(object, "unsent")) +
		    json_array_size(json_object_get(object, "updates")) ==
		0)
		out = chats_known(turn->db, chat_id, fault);
	turn_chat_close(&open);
	if (out != OUT_OK)
		json_decref(object);
	*result = out == OUT_OK ? object : NULL;
	return out;
}
