/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "store/dead.h"
#include "store/hold.h"
#include "store/mend.h"
#include "store/statement.h"
#include "store/tasks.h"

static int64_t *
count_of(struct hold_counts *counts, const char *kind)
{
	return strcmp(kind, "message") == 0 ? &counts->messages
	    : strcmp(kind, "task") == 0	    ? &counts->tasks
	    : strcmp(kind, "exec") == 0	    ? &counts->execs
	    : strcmp(kind, "update") == 0   ? &counts->updates
					    : &counts->leads;
}

bool
hold_takes(const char *kind)
{
	/* What is in Redis is no part of a backup. */
	return strcmp(kind, "refusal") != 0 && strcmp(kind, "shared") != 0;
}

enum outcome
hold_count(struct db *db, const char *kind, struct hold_counts *counts,
    struct fault *fault)
{
	sqlite3_stmt *letters = db_use(db,
	    "SELECT kind, count(*) FROM dead_letters"
	    " WHERE reason = '" HOLD_REASON "'"
	    " AND (?1 IS NULL OR kind = ?1) GROUP BY kind");

	*counts = (struct hold_counts){ 0 };
	db_bind_text(letters, 1, kind);
	while (db_row(db, letters))
		*count_of(counts, db_text(letters, 0)) = db_int(letters, 1);
	return db_result(db, fault);
}

struct letter {
	int64_t id, item;
	char kind[8];
};

static bool
next_letter(struct db *db, const struct hold_release *release,
    struct letter *letter)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, item, kind FROM dead_letters"
	    " WHERE id > ?1 AND reason = '" HOLD_REASON "'"
	    " AND (?2 IS NULL OR kind = ?2) ORDER BY id LIMIT 1");

	db_bind_int(next, 1, release->after);
	db_bind_text(next, 2, release->kind);
	while (db_row(db, next)) {
		letter->id = db_int(next, 0);
		letter->item = db_int(next, 1);
		snprintf(letter->kind, sizeof(letter->kind), "%s",
		    db_text(next, 2));
		found = true;
	}
	return found;
}

/* Of a message it is not known whether it arrived, of a lead not whether the
 * CRM has it: mend_item() makes the one maybe_duplicate and has the other
 * searched for. */
static enum outcome
release_one(struct db *db, const struct letter *letter,
    struct hold_release *release, int64_t now, struct fault *fault)
{
	enum mend how = strcmp(letter->kind, "message") == 0 ? MEND_RESEND
							     : MEND_RETRY;
	const char *state;
	enum outcome out =
	    mend_item(db, letter->kind, letter->item, how, now, &state, fault);

	if (out == OUT_OK) {
		++*count_of(&release->counts, letter->kind);
	} else if (out == OUT_NEVER && fault->code == EXIT_INPUT) {
		release->tell(fault);
		out = OUT_OK;
	}
	return out;
}

enum outcome
hold_release(struct db *db, struct hold_release *release, int batch,
    int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;
	struct letter letter;

	release->more = true;
	for (int i = 0; i < batch && out == OUT_OK && release->more; i++) {
		release->more = next_letter(db, release, &letter);
		if (!release->more)
			break;
		release->after = letter.id;
		out = release_one(db, &letter, release, now, fault);
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}

static enum outcome
hold_letter(struct db *db, const char *kind, int64_t item, int64_t chat_id,
    int64_t now, struct fault *fault)
{
	char mend[128];
	const struct dead_letter letter = { .kind = kind,
		.item = item,
		.chat_id = chat_id,
		.reason = HOLD_REASON,
		.mend = mend,
		.died_at = now };

	snprintf(mend, sizeof(mend),
	    "leadpipe recover-pending --release %s, or --drop %s:%lld", kind,
	    kind, (long long)item);
	return dead_add(db, &letter, fault);
}

enum outcome
hold_event(struct db *db, int64_t chat_id, const char *event, const char *data,
    int64_t now, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO updates(update_id, hash, received_at, settled_at,"
	    " state, reason, chat_id, raw, event)"
	    " VALUES(0, 0, ?1, ?1, 'parked', '" HOLD_REASON "', ?2, ?3, ?4)");

	db_bind_int(add, 1, now);
	db_bind_int(add, 2, chat_id);
	db_bind_text(add, 3, data);
	db_bind_text(add, 4, event);
	db_run(db, add);
	int64_t item = db_last_id(db);
	enum outcome out = db_result(db, fault);
	return out == OUT_OK
	    ? hold_letter(db, "update", item, chat_id, now, fault)
	    : out;
}

enum outcome
hold_task(struct db *db, int64_t id, int64_t now, bool *held,
    struct fault *fault)
{
	int64_t due_at = 0, chat_id = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT due_at, chat_id FROM tasks WHERE id = ?1"
	    " AND due_at <= ?2");

	*held = false;
	db_bind_int(find, 1, id);
	db_bind_int(find, 2, now);
	while (db_row(db, find)) {
		*held = true;
		due_at = db_int(find, 0);
		chat_id = db_int(find, 1);
	}
	enum outcome out = db_result(db, fault);
	if (out != OUT_OK || !*held)
		return out;
	out = tasks_end(db, due_at, id, TASK_DEAD, HOLD_REASON, now, fault);
	return out == OUT_OK ? hold_letter(db, "task", id, chat_id, now, fault)
			     : out;
}
