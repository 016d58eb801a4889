/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "store/connection.h"
#include "store/db_file.h"
#include "store/restore.h"

static enum outcome
missing(const struct db_file *file, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "no database at '%s'%s: 'leadpipe poll-updates' creates it; if it "
	    "is elsewhere, set DATABASE_PATH",
	    file->path, file->missing ? "" : " (the file is empty)");
}

static enum outcome
check_found(const struct db *db, const struct db_file *file,
    struct fault *fault)
{
	if (file->empty && db->mode != DB_CREATE)
		return missing(file, fault);
	if (file->empty && file->wal)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is gone but what was not yet written to it is "
		    "still there (-wal, -journal): put it back, or move these "
		    "away too",
		    file->path);
	return file->empty ? OUT_OK : db_file_check(file, fault);
}

/* A restore was decided and then killed; whoever comes next finishes it. */
static enum outcome
finish_restore(struct db *db, int64_t deadline, struct fault *fault)
{
	enum outcome out;
	char *aside = NULL;

	if (db->mode == DB_READ)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "a restore of '%s' was interrupted: 'leadpipe "
		    "recover-pending' finishes it",
		    db->path);
	out = schema_lock_exclude(&db->schema_lock, db->path, deadline, fault);
	if (out != OUT_OK)
		return out;
	/* Another one may have been faster. */
	if (restore_is_pending(db->path))
		out = restore_finish(db->path, &aside, fault);
	free(aside);
	schema_lock_settle(&db->schema_lock);
	return out;
}

enum outcome
db_lock(struct db *db, struct db_file *file, int64_t deadline,
    struct fault *fault)
{
	bool pending = restore_is_pending(db->path);
	enum outcome out = pending ? OUT_OK : check_found(db, file, fault);

	if (out == OUT_OK)
		out = schema_lock_share(&db->schema_lock, db->path,
		    db->mode != DB_READ, deadline, fault);
	if (out == OUT_OK && restore_is_pending(db->path)) {
		pending = true;
		out = finish_restore(db, deadline, fault);
	}
	if (out == OUT_OK && pending) {
		db_file_release(file);
		out = db_file_find(file, db->path, false, fault);
		if (out == OUT_OK)
			out = check_found(db, file, fault);
	}
	return out;
}
