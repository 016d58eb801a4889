/* SPDX-License-Identifier: MIT */
#include "store/worker_life.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/lock_file.h"
#include "store/statement.h"

bool
worker_lives(const struct db *db, int64_t id)
{
	char *name = mem_printf("run/w-%lld.lock", (long long)id);
	bool lives = true;
	int fd = -1;

	/* Shared, so that two who look do not take each other for it. */
	if (lock_file_open(db_path(db), name, false, &fd, NULL) == OUT_OK)
		lives = fd >= 0 && !file_flock_until(fd, FILE_LOCK_SHARED, 0);
	lock_file_close(&fd);
	free(name);
	return lives;
}

enum outcome
worker_survey(struct db *db, struct recovered *found, struct fault *fault)
{
	sqlite3_stmt *workers = db_use(db,
	    "SELECT id, (SELECT count(*) FROM messages WHERE worker = w.id),"
	    " (SELECT count(*) FROM runs WHERE worker = w.id"
	    "  AND finished_at IS NULL AND crashed = 0),"
	    " (SELECT count(*) FROM execs WHERE worker = w.id),"
	    " (SELECT count(*) FROM leads WHERE worker = w.id"
	    "  AND errand = 'search'),"
	    " (SELECT count(*) FROM leads WHERE worker = w.id"
	    "  AND errand <> 'search')"
	    " FROM workers w ORDER BY id");

	*found = (struct recovered){ 0 };
	while (db_row(db, workers)) {
		if (worker_lives(db, db_int(workers, 0)))
			continue;
		found->workers++;
		found->ambiguous += (int)db_int(workers, 1);
		found->crashed_runs += (int)db_int(workers, 2);
		found->execs += (int)db_int(workers, 3);
		found->unknown += (int)db_int(workers, 4);
		found->requeued += (int)db_int(workers, 5);
	}
	return db_result(db, fault);
}
