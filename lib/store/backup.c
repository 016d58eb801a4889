/* SPDX-License-Identifier: MIT */
#include "store/backup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/connection.h"
#include "store/db_file.h"
#include "store/draft.h"

/* 8 MB at a time: between them somebody may want us to stop. */
#define STEP_PAGES 2048

/* What must stay free: a bot on a full disk takes nothing more. */
#define SPARE_BYTES (16 << 20)

static enum outcome
backup_fault(const char *path, struct fault *fault)
{
	enum outcome out = file_fault(fault, "make the backup", path);

	if (fault && fault->code == EXIT_INPUT)
		fault->code = EXIT_CANTCREATE;
	return out;
}

static enum outcome
refuse_existing(const char *path, struct fault *fault)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? OUT_OK : backup_fault(path, fault);
	return fault_set(fault, OUT_NEVER, EXIT_CANTCREATE,
	    "'%s' exists: a backup replaces nothing, give it another name",
	    path);
}

/* Said before anything is written: a disk that the backup fills up is also
 * the bot's. */
static enum outcome
require_space(sqlite3 *handle, const char *path, struct fault *fault)
{
	char *dir = file_beside(path, ".");
	int64_t left = file_free_bytes(dir), size;
	enum outcome out = sql_number(handle, path,
	    "SELECT page_count * page_size FROM pragma_page_count,"
	    " pragma_page_size",
	    0, &size, fault);

	free(dir);
	if (out != OUT_OK || left < 0 || left >= size + SPARE_BYTES)
		return out;
	return fault_set(fault, OUT_LATER, EXIT_IO,
	    "the disk is too full for the backup '%s': it takes %lld MiB, "
	    "%lld MiB are free; nothing was written",
	    path, (long long)(size >> 20), (long long)(left >> 20));
}

static enum outcome
copy_fault(sqlite3 *copy, int rc, const char *path, struct fault *fault)
{
	struct sql_error error;

	sql_error_keep(&error, copy, rc);
	if (sql_error_kind(&error) == SQL_ERROR_FULL)
		return fault_set(fault, OUT_LATER, EXIT_IO,
		    "the disk is full: the backup '%s' was not made; free "
		    "some space",
		    path);
	return fault_set(fault, OUT_LATER, EXIT_IO,
	    "cannot make the backup '%s': %s (%s)", path, error.text,
	    error.system ? strerror(error.system) : sqlite3_errstr(rc));
}

/* All pages of the snapshot that SOURCE has open. */
static enum outcome
copy_pages(sqlite3 *source, sqlite3 *copy, const char *path,
    const struct backup_watch *watch, struct fault *fault)
{
	sqlite3_backup *backup =
	    sqlite3_backup_init(copy, "main", source, "main");
	int rc = backup ? SQLITE_OK : sqlite3_errcode(copy);
	bool wanted = true;

	while (rc == SQLITE_OK && wanted) {
		rc = sqlite3_backup_step(backup, STEP_PAGES);
		if (rc == SQLITE_OK && watch)
			wanted = watch->go_on(watch->arg,
			    sqlite3_backup_pagecount(backup) -
				sqlite3_backup_remaining(backup),
			    sqlite3_backup_pagecount(backup));
	}
	sqlite3_backup_finish(backup);
	if (!wanted)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "stopped before the backup '%s' was complete: nothing is "
		    "left of it",
		    path);
	return rc == SQLITE_DONE ? OUT_OK : copy_fault(copy, rc, path, fault);
}

/* No journal, no sync, no lock: nobody else knows the draft, which is synced
 * as a whole before it has its name.  Locks fail on some network file systems,
 * where backups may well be kept. */
static enum outcome
open_draft(const char *draft, sqlite3 **copy, struct fault *fault)
{
	char *uri = db_file_uri(draft, "mode=rw&nolock=1");
	int rc = sqlite3_open_v2(uri, copy,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	    NULL);

	free(uri);
	if (rc != SQLITE_OK)
		return copy_fault(*copy, rc, draft, fault);
	return sql_exec(*copy, draft,
	    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
	    "PRAGMA cache_size=-2000",
	    fault);
}

/* The counts and the pages come out of one snapshot. */
static enum outcome
copy_snapshot(struct db *db, const char *draft, const char *path,
    const struct backup_watch *watch, struct backup_facts *facts,
    struct fault *fault)
{
	sqlite3 *copy = NULL;
	enum outcome out;

	statements_reset(db, STATEMENTS_ALL);
	out = sql_exec(db->handle, db->path, "BEGIN", fault);
	if (out == OUT_OK)
		out = backup_count(db->handle, db->path, facts, fault);
	if (out == OUT_OK)
		out = require_space(db->handle, path, fault);
	if (out == OUT_OK && draft_make(draft) < 0)
		out = backup_fault(path, fault);
	if (out == OUT_OK)
		out = open_draft(draft, &copy, fault);
	if (out == OUT_OK)
		out = copy_pages(db->handle, copy, path, watch, fault);
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_close(copy) != SQLITE_OK && out == OUT_OK)
		out = fault_set(fault, OUT_BUG, EXIT_BUG,
		    "cannot close the backup '%s'", path);
	return out;
}

static enum outcome
require_same(const struct backup_facts *wanted,
    const struct backup_facts *found, const char *path, struct fault *fault)
{
	struct backup_facts same = *found;

	same.bytes = wanted->bytes;
	if (memcmp(&same, wanted, sizeof(same)) == 0)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_IO,
	    "the backup '%s' does not hold what it was made from: is the "
	    "disk failing?",
	    path);
}

char *
backup_draft(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = mem_printf(".%s.partial", slash ? slash + 1 : path);
	char *draft = file_beside(path, name);

	free(name);
	return draft;
}

enum outcome
backup_write(struct db *db, const char *path, const struct backup_watch *watch,
    struct backup_facts *facts, struct fault *fault)
{
	struct backup_facts found;
	enum outcome out = refuse_existing(path, fault);
	char *draft;

	if (out != OUT_OK)
		return out;
	memset(facts, 0, sizeof(*facts));
	draft = backup_draft(path);
	draft_remove(draft);
	out = copy_snapshot(db, draft, path, watch, facts, fault);
	if (out == OUT_OK)
		out = backup_verify(draft, watch, &found, fault);
	if (out == OUT_OK)
		out = require_same(facts, &found, path, fault);
	if (out == OUT_OK)
		out = refuse_existing(path, fault);
	if (out == OUT_OK && file_publish(draft, path) < 0)
		out = backup_fault(path, fault);
	if (out == OUT_OK)
		facts->bytes = found.bytes;
	else
		draft_remove(draft);
	free(draft);
	return out;
}
