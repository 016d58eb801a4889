/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "store/db_size.h"

/* Reading a larger file whole takes longer than a check a minute should;
 * verify-state reads it every night. */
#define QUICK_MOST (4 << 20)

static double
mib(int64_t bytes)
{
	return (double)bytes / 1048576;
}

static void
check_soundness(struct checks *checks, struct db *db, int64_t size)
{
	struct fault fault;

	if (size <= QUICK_MOST && db_check(db, &fault) != OUT_OK)
		checks_fault(checks, "database", "sound", &fault);
	else
		checks_add(checks, "database", "sound");
}

/* Who makes backups wants to hear when they stop. */
static void
check_backup(struct checks *checks)
{
	char span[CLOCK_TEXT_SIZE];
	struct check *check;
	struct stat st;

	if (checks->backup == NULL || stat(checks->backup, &st) < 0)
		return;
	check = checks_measure_age(checks, "backup_age",
	    (int64_t)st.st_mtime * 1000, span);
	check_say(check, "the newest backup is %s old", span);
	check_mend(check,
	    "'leadpipe backup-state' makes one and says what is "
	    "in the way");
}

void
check_database(struct checks *checks, struct db *db,
    const struct config *config)
{
	struct db_size size;
	struct check *check;

	db_size(db, &size);
	check_soundness(checks, db, size.file);
	check = checks_measure(checks, "db_size", (double)size.file);
	check_say(check, "the database has %.1f MiB", mib(size.file));
	check_mend(check, "'leadpipe prune-state' deletes what is over");
	check = checks_measure(checks, "wal_size", (double)size.wal);
	check_say(check, "the WAL has %.1f MiB", mib(size.wal));
	check_mend(check,
	    "something reads for hours and keeps it growing: 'fuser -v %s' "
	    "names it, end it",
	    db_path(db));
	check_backup(checks);
	check_journal(checks, config);
}
