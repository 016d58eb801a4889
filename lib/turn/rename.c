/* SPDX-License-Identifier: MIT */
#include "turn/rename.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/flows.h"

/* Chats of one transaction: some 20 ms. */
#define BATCH 2000

/* What is renamed of the chats in RANGE. */
typedef enum outcome renamer(struct db *db, const char *from, const char *to,
    const struct flows_range *range, struct fault *fault);

/* Has RENAMES do its part for each name. */
static enum outcome
rename_range(struct db *db, const json_t *renamed, renamer *renames,
    const struct flows_range *range, struct fault *fault)
{
	enum outcome out = OUT_OK;
	const char *from;
	json_t *to;

	json_object_foreach ((json_t *)(uintptr_t)renamed, from, to)
		if (out == OUT_OK)
			out = renames(db, from, json_string_value(to), range,
			    fault);
	return out;
}

/* RENAMES for all chats, some at a time: it takes seconds where there are
 * many, and the bot goes on meanwhile. */
static enum outcome
rename_all(struct db *db, const json_t *renamed, renamer *renames,
    int64_t wait_ms, struct fault *fault)
{
	struct flows_range range = { INT64_MIN, INT64_MIN };
	enum outcome out = OUT_OK;
	bool more = json_object_size(renamed) > 0;

	while (out == OUT_OK && more) {
		int64_t first = range.last;

		more = flows_next_range(db, INT64_MIN, BATCH, &range);
		/* Ids without a row have a past too. */
		range.first = first;
		range.last = more ? range.last : INT64_MAX;
		out = db_begin(db, clock_mono_ms() + wait_ms, fault);
		if (out == OUT_OK)
			out =
			    rename_range(db, renamed, renames, &range, fault);
		if (out == OUT_OK)
			out = db_commit(db, fault);
		db_rollback(db);
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}

enum outcome
rename_past(struct db *db, const json_t *renamed, int64_t wait_ms,
    struct fault *fault)
{
	return rename_all(db, renamed, flows_rename_past, wait_ms, fault);
}

enum outcome
rename_past_since(struct db *db, const json_t *renamed, int64_t since,
    struct fault *fault)
{
	struct flows_range range = { INT64_MIN, INT64_MIN };
	enum outcome out = OUT_OK;

	if (json_object_size(renamed) == 0)
		return OUT_OK;
	while (out == OUT_OK && flows_next_range(db, since, 1, &range))
		out = rename_range(db, renamed, flows_rename_past, &range,
		    fault);
	return out == OUT_OK ? db_result(db, fault) : out;
}

static void
see_state(const char *state, int64_t people, void *states)
{
	(void)people;
	json_object_set_new(states, state, json_true());
}

/* True when somebody is in a state under its old name. */
static enum outcome
any_left(struct db *db, const json_t *renamed, bool *any, struct fault *fault)
{
	json_auto_t *states = json_object();
	enum outcome out = flows_people(db, see_state, states, fault);
	const char *from;
	json_t *to;

	*any = false;
	json_object_foreach ((json_t *)(uintptr_t)renamed, from, to)
		*any = *any || json_object_get(states, from) != NULL;
	return out;
}

enum outcome
rename_people(struct db *db, const json_t *renamed, int64_t wait_ms,
    struct fault *fault)
{
	bool any = false;
	enum outcome out = OUT_OK;

	if (json_object_size(renamed) > 0)
		out = any_left(db, renamed, &any, fault);
	return any
	    ? rename_all(db, renamed, flows_rename_chats, wait_ms, fault)
	    : out;
}
