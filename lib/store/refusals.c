/* SPDX-License-Identifier: MIT */
#include "store/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "store/dead.h"
#include "store/meta.h"
#include "store/statement.h"

/* Who drops one and has it delivered again is told again. */
static int64_t
insert(struct db *db, const struct refusal *refusal, int64_t now)
{
	size_t len = refusal->len < REFUSAL_BYTES ? refusal->len
						  : REFUSAL_BYTES;
	char *raw = utf8_clean(refusal->raw, len);
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO refusals(key, source, reason, size, raw, refused_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(key) DO UPDATE"
	    " SET state = 'refused', dropped_at = NULL,"
	    " reason = excluded.reason, refused_at = excluded.refused_at"
	    " RETURNING id");
	int64_t id = 0;

	db_bind_text(add, 1, refusal->key);
	db_bind_text(add, 2, refusal->source);
	db_bind_text(add, 3, refusal->reason);
	db_bind_int(add, 4, refusal->size);
	db_bind_text(add, 5, raw);
	db_bind_int(add, 6, now);
	while (db_row(db, add))
		id = db_int(add, 0);
	free(raw);
	return id;
}

enum outcome
refusals_add(struct db *db, const struct refusal *refusal, int64_t now,
    struct fault *fault)
{
	int64_t id = insert(db, refusal, now);
	char *reason =
	    mem_printf("from %s: %s", refusal->source, refusal->reason);
	char *mend = mem_printf(
	    "it is in %s: give it to leadpipe add-lead once it is mended, then "
	    "leadpipe recover-pending --drop refusal:%lld",
	    refusal->place, (long long)id);
	const struct dead_letter letter = { .kind = "refusal",
		.item = id,
		.reason = reason,
		.mend = mend,
		.died_at = now };
	enum outcome out = dead_add(db, &letter, fault);
	free(reason);
	free(mend);
	return out;
}

enum outcome
refusals_drop(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	sqlite3_stmt *drop = db_use(db,
	    "UPDATE refusals SET state = 'dropped', dropped_at = ?2"
	    " WHERE id = ?1 AND state = 'refused'");

	db_bind_int(drop, 1, id);
	db_bind_int(drop, 2, now);
	db_run(db, drop);
	bool dropped = db_changes(db) > 0;
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !dropped)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "there is no refusal %lld that waits", (long long)id);
	return out == OUT_OK ? dead_remove(db, "refusal", id, fault) : out;
}

/* WHAT of NAME, in meta, is TEXT, or not there with NULL. */
static bool
note_is(struct db *db, const char *what, const char *name, const char *text)
{
	char *key = mem_printf("%s%s", what, name), *old = meta_text(db, key);
	bool is = old == NULL || text == NULL ? old == text
					      : strcmp(old, text) == 0;

	free(key);
	free(old);
	return is;
}

static enum outcome
note_set(struct db *db, const char *what, const char *name, const char *text,
    struct fault *fault)
{
	char *key = mem_printf("%s%s", what, name);
	enum outcome out = meta_set_text(db, key, text, fault);

	free(key);
	return out;
}

bool
intake_fault_differs(struct db *db, const char *name, const char *reason)
{
	return !note_is(db, META_INTAKE_FAULT, name, reason);
}

enum outcome
intake_fault_set(struct db *db, const char *name, const char *reason,
    struct fault *fault)
{
	return note_set(db, META_INTAKE_FAULT, name, reason, fault);
}

bool
intake_try_is(struct db *db, const char *name, const char *key)
{
	return note_is(db, META_INTAKE_TRY, name, key);
}

enum outcome
intake_try_set(struct db *db, const char *name, const char *key,
    struct fault *fault)
{
	return note_set(db, META_INTAKE_TRY, name, key, fault);
}

bool
intake_fault_next(struct db *db, const char *after, const char **name,
    const char **reason)
{
	char *key = mem_printf(META_INTAKE_FAULT "%s", after);
	sqlite3_stmt *next = db_use(db,
	    "SELECT substr(key, 1 + length('" META_INTAKE_FAULT "')), value"
	    " FROM meta WHERE key > ?1 AND key GLOB '" META_INTAKE_FAULT
	    "*' ORDER BY key LIMIT 1");

	db_bind_text(next, 1, key);
	free(key);
	if (!db_row(db, next))
		return false;
	*name = db_text(next, 0);
	*reason = db_text(next, 1);
	return true;
}
