/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "ops/check_component.h"
#include "store/db_size.h"

/* Reading a larger file whole takes longer than a check a minute should. */
#define QUICK_MOST (16 << 20)

static double
mib(int64_t bytes)
{
	return (double)bytes / 1048576;
}

static void
check_soundness(struct checks *checks, struct db *db, int64_t size)
{
	struct check *check = checks_add(checks, "database", "database");
	struct fault fault;

	if (size <= QUICK_MOST && db_check(db, &fault) != OUT_OK) {
		check_fault(check, &fault);
		check_mend(check,
		    "stop the commands, move '%s' and its -wal "
		    "away and restore a backup",
		    db_path(db));
	}
}

void
check_database(struct checks *checks, struct db *db,
    const struct config *config)
{
	struct db_size size;
	struct check *check;

	(void)config;
	db_size(db, &size);
	check_soundness(checks, db, size.file);
	check = checks_measure(checks, "db_size", (double)size.file);
	check_say(check, "the database has %.1f MiB", mib(size.file));
	check = checks_measure(checks, "wal_size", (double)size.wal);
	check_say(check, "the WAL has %.1f MiB", mib(size.wal));
	check_mend(check,
	    "something reads for hours and keeps it growing: "
	    "end it (fuser '%s')",
	    db_path(db));
	int64_t left = file_free_bytes(db_path(db));
	check = checks_measure(checks, "disk_free", (double)left);
	if (left < 0) {
		check->known = false;
		check->state = CHECK_UNKNOWN;
		check_say(check, "the free space cannot be found out");
		return;
	}
	check_say(check, "%.0f MiB of disk are free", mib(left));
	check_mend(check, "free some space on the filesystem of '%s'",
	    db_path(db));
}
