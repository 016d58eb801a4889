/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "store/hold.h"
#include "store/mend.h"
#include "store/statement.h"

static int64_t *
count_of(struct hold_counts *counts, const char *kind)
{
	return strcmp(kind, "message") == 0 ? &counts->messages
	    : strcmp(kind, "task") == 0	    ? &counts->tasks
	    : strcmp(kind, "exec") == 0	    ? &counts->execs
	    : strcmp(kind, "update") == 0   ? &counts->updates
					    : &counts->leads;
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
