/* SPDX-License-Identifier: MIT */
#include "turn/turn_shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/chats.h"
#include "store/shared_claims.h"
#include "turn/request.h"
#include "turn/turn_private.h"

/* Then it is claimed again, here or by who knows the person. */
#define FREE_MS 60000
#define FREE_UNTIL_MS (10 * 60 * 1000)

/* A member as it was read. */
struct member {
	json_t *object;
	const char *type;
	const json_t *data;
	int64_t chat_id, due_at;
};

/* Programs write ids as numbers and as text.  0: there is none. */
static int64_t
chat_of(const json_t *object)
{
	static const char *const keys[] = { "chatId", "userId" };
	int64_t id = 0;

	for (size_t i = 0; i < 2 && id == 0; i++) {
		const json_t *value = json_object_get(object, keys[i]);

		if (json_is_integer(value))
			id = json_integer_value(value);
		else if (json_is_string(value) &&
		    !json_int((struct json_slice){ json_string_value(value),
				  json_string_length(value) },
			&id))
			id = 0;
	}
	return id;
}

/* Less is a time in seconds, until the year 5138. */
#define MS_LEAST INT64_C(100000000000)

static enum outcome
member_read(const struct shared_task *shared, struct member *member,
    struct fault *fault)
{
	json_error_t error;
	const struct json_slice text = { shared->member,
		strlen(shared->member) };

	*member = (struct member){ .object = json_parse(text, &error) };
	if (member->object == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is not JSON: %s", error.text);
	if (!json_is_object(member->object))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is not a JSON object");
	member->type = json_get_text(member->object, "type");
	member->data = json_object_get(member->object, "data");
	member->chat_id = chat_of(member->object);
	member->due_at =
	    json_get_int(member->object, "executeAt", shared->due_at);
	if (member->chat_id == 0)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it has no chatId and no userId that is a number");
	/* It would be too late for everything. */
	if (member->due_at < MS_LEAST)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "its time %lld is not in milliseconds (executeAt, else "
		    "the score)",
		    (long long)member->due_at);
	return OUT_OK;
}

/* Later than that it is too late to be of use. */
static int64_t
life_end(int64_t due_at, int64_t life)
{
	int64_t end;

	return __builtin_add_overflow(due_at, life, &end) ? INT64_MAX : end;
}

static enum outcome
add_send(struct turn *turn, const struct shared_task *shared,
    const struct member *member, int64_t now, bool *added, struct fault *fault)
{
	const json_t *params = json_object_get(member->data, "params");
	char *written = json_is_object(params) ? json_text(params) : NULL;
	char chat[24];
	const struct request_words words = {
		.text = json_get_text(member->data, "text"),
		.method = json_get_text(member->data, "method"),
		.params = written,
		.chat = chat,
		.in_ms = -1,
	};
	struct request request;

	snprintf(chat, sizeof(chat), "%lld", (long long)member->chat_id);
	enum outcome out = request_make(&request, &words, now, fault);

	if (out == OUT_OK) {
		struct task task = {
			.id = shared->id,
			.kind = TASK_SEND,
			.priority = PRIORITY_REMINDER,
			.chat_id = member->chat_id,
			.due_at = shared->due_at,
			.expire_at =
			    life_end(member->due_at, TURN_REMINDER_LIFE_MS),
			.created_at = now,
			.method = request.method,
			.params = request.params,
		};
		out = tasks_add(turn->db, &task, false, added, fault);
	}
	request_release(&request);
	free(written);
	return out;
}

static enum outcome
add_schedule(struct turn *turn, const struct shared_task *shared,
    const struct member *member, const char *pointer, int64_t now, bool *added,
    struct fault *fault)
{
	struct task task = {
		.id = shared->id,
		.kind = TASK_FLOW,
		.priority = PRIORITY_REMINDER,
		.chat_id = member->chat_id,
		.name = member->type,
		.due_at = shared->due_at,
		.expire_at = life_end(member->due_at,
		    flow_schedule_life(turn->flow, pointer)),
		.created_at = now,
		.flow = flow_hash(turn->flow),
		.pointer = pointer,
	};

	return tasks_add(turn->db, &task, false, added, fault);
}

static bool
is_known(struct turn *turn, const struct member *member, bool *error,
    struct fault *fault)
{
	struct turn_chat open = { 0 };
	enum outcome out =
	    turn_chat_known(turn, member->chat_id, &open, fault);

	turn_chat_close(&open);
	*error = out != OUT_OK && !turn_blames_item(turn, out);
	return out == OUT_OK;
}

static enum outcome
add(struct turn *turn, const struct shared_task *shared,
    const struct member *member, int64_t now, bool *added, bool *strange,
    struct fault *fault)
{
	const char *pointer = NULL;
	size_t count = turn->flow == NULL || member->type == NULL
	    ? 0
	    : flow_schedules(turn->flow, member->type, &pointer);
	bool error;

	if (count == 1 && !is_known(turn, member, &error, fault)) {
		*strange = !error;
		return fault->what;
	}
	if (count == 1)
		return add_schedule(turn, shared, member, pointer, now, added,
		    fault);
	if (json_get_text(member->data, "text") != NULL ||
	    json_get_text(member->data, "method") != NULL)
		return add_send(turn, shared, member, now, added, fault);
	/* Without a flow nobody can say what it means. */
	*strange = turn->flow == NULL;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the flow has %s schedule called '%.64s', and its data has no "
	    "text or method",
	    count == 0 ? "no" : "more than one",
	    member->type ? member->type : "");
}

static enum outcome
take(struct turn *turn, const struct shared_task *shared, int64_t now,
    struct fault *fault)
{
	struct member member;
	struct fault why = { .what = OUT_OK };
	bool added = false, strange = false;
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	out = member_read(shared, &member, &why);
	if (out == OUT_OK)
		out = add(turn, shared, &member, now, &added, &strange, &why);
	if (out == OUT_OK) {
		out = db_unmark(turn->db, fault);
		if (out == OUT_OK)
			out = shared_tasks_running(turn->db, shared->id, added,
			    now, fault);
	} else {
		db_return(turn->db);
		if (!turn_blames_item(turn, out))
			*fault = why;
		else if (strange &&
		    now < life_end(member.due_at, FREE_UNTIL_MS))
			out = shared_tasks_freed(turn->db, shared->id,
			    now + FREE_MS, now, fault);
		else
			out = shared_tasks_poison(turn->db, shared->id,
			    why.text, now, fault);
	}
	json_decref(member.object);
	return out;
}

enum outcome
turn_shared(struct turn *turn, int64_t now, int limit, bool *more,
    struct fault *fault)
{
	enum outcome out = OUT_OK;
	struct shared_task shared;
	int count = 0;

	*more = false;
	while (out == OUT_OK && count < limit &&
	    shared_tasks_owned(turn->db, &shared)) {
		out = take(turn, &shared, now, fault);
		shared_task_release(&shared);
		++count;
	}
	*more = count == limit;
	return out == OUT_OK ? db_result(turn->db, fault) : out;
}
