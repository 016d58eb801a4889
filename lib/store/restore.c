/* SPDX-License-Identifier: MIT */
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/db_file.h"
#include "store/draft.h"
#include "store/migrate.h"
#include "store/schema_lock.h"
#include "store/sql.h"

#define PIECE (1 << 20)
#define SPARE_BYTES (16 << 20)

static bool
same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	    first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Refuses a place that is not ours, before anything is written. */
static enum outcome
check_place(const struct restore *restore, const struct db_file *place,
    struct fault *fault)
{
	if (same_file(restore->backup, place->path))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is the database itself, not a backup of it",
		    restore->backup);
	return place->empty ? OUT_OK : db_file_check(place, fault);
}

static enum outcome
check_bot(const struct restore *restore, const struct backup_facts *facts,
    struct fault *fault)
{
	if (restore->bot_id == 0 || facts->bot_id == 0 ||
	    restore->bot_id == facts->bot_id)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "'%s' belongs to bot %lld, but BOT_TOKEN is of bot %lld: use that "
	    "bot's token, or another backup",
	    restore->backup, (long long)facts->bot_id,
	    (long long)restore->bot_id);
}

static enum outcome
draft_fault(const char *draft, struct fault *fault)
{
	enum outcome out = file_fault(fault, "write", draft);

	if (fault && fault->code == EXIT_INPUT)
		fault->code = EXIT_CANTCREATE;
	return out;
}

/* Copies what FROM holds to TO; *READING says which of them failed. */
static int
copy_bytes(int from, int to, const struct backup_watch *watch, bool *reading,
    bool *stopped)
{
	char *piece = mem_alloc(PIECE);
	ssize_t got = 1, put = 0;

	*stopped = false;
	while (got > 0 && put >= 0 && !*stopped) {
		got = read(from, piece, PIECE);
		for (ssize_t at = 0; at < got; at += put) {
			put = write(to, piece + at, (size_t)(got - at));
			if (put < 0)
				break;
		}
		*stopped = watch && !watch->go_on(watch->arg, 0, 0);
	}
	*reading = got < 0;
	free(piece);
	return got < 0 || put < 0 ? -1 : 0;
}

static enum outcome
copy_backup(const struct restore *restore, const char *draft, int64_t size,
    struct fault *fault)
{
	int64_t left = file_free_bytes(draft);
	bool reading = false, stopped = false;
	enum outcome out = OUT_OK;
	int from, to;

	if (left >= 0 && left < size + SPARE_BYTES)
		return fault_set(fault, OUT_LATER, EXIT_IO,
		    "the disk is too full to restore '%s': it takes %lld MiB, "
		    "%lld MiB are free; nothing was changed",
		    restore->backup, (long long)(size >> 20),
		    (long long)(left >> 20));
	from = open(restore->backup, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		return file_fault(fault, "read the backup", restore->backup);
	to = open(draft, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (to < 0)
		out = draft_fault(draft, fault);
	else if (copy_bytes(from, to, restore->watch, &reading, &stopped) < 0)
		out = reading
		    ? file_fault(fault, "read the backup", restore->backup)
		    : draft_fault(draft, fault);
	if (out == OUT_OK && stopped)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "stopped before anything was restored");
	if (to >= 0)
		close(to);
	close(from);
	return out;
}

/* Nobody knows the draft yet, so it needs no journal: a crash leaves a file
 * without meaning.  WAL comes last, when all is in the file itself. */
static enum outcome
prepare(const struct restore *restore, const char *path, const char *draft,
    int64_t version, struct restored *restored, struct fault *fault)
{
	sqlite3 *handle = NULL;
	struct sql_error error;
	enum outcome out;
	int rc = sqlite3_open_v2(draft, &handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	sql_error_keep(&error, handle, rc);
	out = rc == SQLITE_OK ? OUT_OK : sql_fault(&error, draft, fault);
	if (out == OUT_OK)
		out = sql_exec(handle, draft,
		    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF;"
		    "PRAGMA synchronous=OFF; PRAGMA secure_delete=FAST",
		    fault);
	if (out == OUT_OK)
		out = migrate_run(handle, draft, (int)version, fault);
	if (out == OUT_OK && !restore->dry_run)
		out = restore_carry(handle, draft, path, &restored->carried,
		    fault);
	if (out == OUT_OK)
		out =
		    sql_exec(handle, draft, "PRAGMA journal_mode=OFF", fault);
	if (out == OUT_OK)
		out = hold_due(handle, draft, clock_wall_ms(),
		    !restored->carried.heard, &restored->held, fault);
	if (out == OUT_OK)
		out =
		    sql_exec(handle, draft, "PRAGMA journal_mode=WAL", fault);
	if (sqlite3_close(handle) != SQLITE_OK && out == OUT_OK)
		out = fault_set(fault, OUT_BUG, EXIT_BUG, "cannot close '%s'",
		    draft);
	return out;
}

/* What is verified is the copy that will be used, not what it came from. */
static enum outcome
make_draft(const struct restore *restore, const char *path, const char *draft,
    struct restored *restored, struct fault *fault)
{
	struct backup_facts found;
	enum outcome out;

	draft_remove(draft);
	out = draft_make(draft) < 0 ? draft_fault(draft, fault) : OUT_OK;
	if (out == OUT_OK)
		out =
		    copy_backup(restore, draft, restored->facts.bytes, fault);
	if (out == OUT_OK)
		out = backup_verify(draft, restore->watch, &found, fault);
	if (out == OUT_OK &&
	    memcmp(&found, &restored->facts, sizeof(found)) != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "'%s' changed while it was read, or cannot be read twice "
		    "alike",
		    restore->backup);
	if (out == OUT_OK)
		out = prepare(restore, path, draft, found.version, restored,
		    fault);
	return out;
}

static enum outcome
replace(const struct restore *restore, const char *path, const char *draft,
    struct restored *restored, struct fault *fault)
{
	char *decided = restore_decided(path);
	enum outcome out = make_draft(restore, path, draft, restored, fault);

	if (out == OUT_OK && !restore->dry_run &&
	    file_publish(draft, decided) < 0)
		out = draft_fault(decided, fault);
	if (out == OUT_OK && !restore->dry_run)
		out = restore_finish(path, &restored->aside, fault);
	draft_remove(draft);
	free(decided);
	return out;
}

static enum outcome
take_alone(struct schema_lock *lock, const struct restore *restore,
    const char *path, struct fault *fault)
{
	enum outcome out;

	out = schema_lock_share(lock, path, true, restore->deadline, fault);
	if (out == OUT_OK)
		out =
		    schema_lock_exclude(lock, path, restore->deadline, fault);
	if (out == OUT_LATER)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "other commands use '%s': with '--wait 180' they end "
		    "first, while new ones wait",
		    path);
	return out;
}

enum outcome
restore_state(const struct restore *restore, struct restored *restored,
    struct fault *fault)
{
	struct schema_lock lock = SCHEMA_LOCK_INIT;
	struct db_file place = { 0 };
	enum outcome out;

	memset(restored, 0, sizeof(*restored));
	/* The backup first: for a wrong one nobody has to wait. */
	out = backup_verify(restore->backup, restore->watch, &restored->facts,
	    fault);
	if (out == OUT_OK)
		out = check_bot(restore, &restored->facts, fault);
	if (out == OUT_OK)
		out = db_file_find(&place, restore->path, !restore->dry_run,
		    fault);
	if (out == OUT_OK)
		out = check_place(restore, &place, fault);
	if (out == OUT_OK && !restore->dry_run)
		out = take_alone(&lock, restore, place.path, fault);
	if (out == OUT_OK) {
		char *draft = mem_printf("%s.restore", place.path);
		out = replace(restore, place.path, draft, restored, fault);
		free(draft);
	}
	schema_lock_drop(&lock);
	db_file_release(&place);
	return out;
}
