/* SPDX-License-Identifier: MIT */
#include "store/worker.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/counters.h"
#include "store/execs.h"
#include "store/lane.h"
#include "store/lead_settle.h"
#include "store/messages.h"
#include "store/report_try.h"
#include "store/settle.h"
#include "store/statement.h"
#include "store/updates.h"
#include "store/worker_file.h"

/* How long the end of a run waits to be recorded. */
#define END_WAIT_MS 5000

static enum outcome
worker_insert(struct db *db, struct worker *worker, const char *command,
    int64_t now, struct fault *fault)
{
	sqlite3_stmt *stmt = db_use(db,
	    "INSERT INTO workers(id, command, pid, started_at)"
	    " VALUES(?1, ?2, ?3, ?4)");

	db_bind_int(stmt, 1, worker->id);
	db_bind_text(stmt, 2, command);
	db_bind_int(stmt, 3, getpid());
	db_bind_int(stmt, 4, now);
	db_run(db, stmt);
	stmt = db_use(db,
	    "INSERT INTO runs(command, worker, started_at)"
	    " VALUES(?1, ?2, ?3) RETURNING id");
	db_bind_text(stmt, 1, command);
	db_bind_int(stmt, 2, worker->id);
	db_bind_int(stmt, 3, now);
	while (db_row(db, stmt))
		worker->run = db_int(stmt, 0);
	return db_result(db, fault);
}

/* The dead one may have been buried by another command, which steps nothing:
 * its run still says that it crashed. */
static bool
last_run_crashed(struct db *db, const char *command)
{
	sqlite3_stmt *stmt = db_use(db,
	    "SELECT crashed FROM runs WHERE command = ?1"
	    " ORDER BY id DESC LIMIT 1");
	bool crashed = false;

	db_bind_text(stmt, 1, command);
	while (db_row(db, stmt))
		crashed = db_int(stmt, 0) != 0;
	return crashed;
}

enum outcome
worker_begin(struct db *db, struct worker *worker, const char *command,
    bool steps, int64_t deadline, struct recovered *recovered,
    struct fault *fault)
{
	int64_t now = clock_wall_ms();
	enum outcome out;
	int waiting;

	*recovered = (struct recovered){ 0 };
	/* The lock comes before the row: a row without a lock is dead. */
	out = worker_file_make(db, &worker->id, &worker->fd, fault);
	if (out == OUT_OK)
		out = db_begin(db, deadline, fault);
	if (out == OUT_OK)
		out = lanes_mend(db, now, fault);
	if (out == OUT_OK)
		out = worker_recover(db, worker, recovered, fault);
	worker->warned = out == OUT_OK && last_run_crashed(db, command);
	/* Only where it died can an update have killed it. */
	if (worker->warned && steps)
		out = updates_count_tries(db, now, &waiting, fault);
	if (out == OUT_OK)
		out = worker_insert(db, worker, command, now, fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	if (out != OUT_OK) {
		db_rollback(db);
		worker_file_remove(db, worker->id, &worker->fd);
	}
	return out;
}

static int64_t
max_rss_kb(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

/* The run of a worker, before its row says that it is over. */
static void
count_run(struct db *db, int64_t worker, enum counter how)
{
	sqlite3_stmt *open = db_use(db,
	    "SELECT command FROM runs WHERE worker = ?1"
	    " AND finished_at IS NULL AND crashed = 0");

	db_bind_int(open, 1, worker);
	while (db_row(db, open))
		counter_add(db, how, db_text(open, 0), 1);
}

static bool
has_failed(int exit_code)
{
	return exit_code != EXIT_DONE && exit_code != EXIT_DEAD &&
	    exit_code != EXIT_LATER;
}

static enum outcome
run_finish(struct db *db, const struct worker *worker, int exit_code,
    const char *counts, int64_t now)
{
	sqlite3_stmt *stmt = db_use(db,
	    "UPDATE runs SET finished_at = ?2, exit_code = ?3, counts = ?4,"
	    " max_rss_kb = ?5, crashed = 0 WHERE id = ?1");

	count_run(db, worker->id, COUNT_RUNS);
	if (has_failed(exit_code))
		count_run(db, worker->id, COUNT_FAILURES);
	db_bind_int(stmt, 1, worker->run);
	db_bind_int(stmt, 2, now);
	db_bind_int(stmt, 3, exit_code);
	db_bind_text(stmt, 4, counts ? counts : "{}");
	db_bind_int(stmt, 5, max_rss_kb());
	db_run(db, stmt);
	return db_result(db, NULL);
}

static enum outcome
worker_delete(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *stmt = db_use(db, "DELETE FROM workers WHERE id = ?1");

	db_bind_int(stmt, 1, id);
	db_run(db, stmt);
	return db_result(db, fault);
}

void
worker_end(struct db *db, struct worker *worker, int exit_code,
    const char *counts)
{
	int64_t now = clock_wall_ms();
	int count, leads;

	if (worker->fd < 0)
		return;
	db_rollback(db);
	/* What it still owns is freed here: without its row nobody would. */
	if (db_begin(db, clock_mono_ms() + END_WAIT_MS, NULL) == OUT_OK) {
		if (messages_orphaned(db, worker->id, now, &count, NULL) !=
			OUT_OK ||
		    execs_orphaned(db, worker->id, &count, NULL) != OUT_OK ||
		    leads_orphaned(db, worker->id, now, &leads, &count,
			NULL) != OUT_OK ||
		    run_finish(db, worker, exit_code, counts, now) != OUT_OK ||
		    worker_delete(db, worker->id, NULL) != OUT_OK ||
		    db_commit(db, NULL) != OUT_OK)
			db_rollback(db);
	}
	worker_file_remove(db, worker->id, &worker->fd);
}

static enum outcome
worker_bury(struct db *db, int64_t id, int64_t now,
    struct recovered *recovered, struct fault *fault)
{
	enum outcome out;
	int count, execs = 0, unknown = 0, queued = 0;

	out = messages_orphaned(db, id, now, &count, fault);
	if (out == OUT_OK)
		out = execs_orphaned(db, id, &execs, fault);
	if (out == OUT_OK)
		out = leads_orphaned(db, id, now, &unknown, &queued, fault);
	if (out == OUT_OK)
		out = report_orphaned(db, id, fault);
	if (out != OUT_OK)
		return out;
	count_run(db, id, COUNT_CRASHES);
	sqlite3_stmt *crashed = db_use(db,
	    "UPDATE runs SET crashed = 1 WHERE worker = ?1"
	    " AND finished_at IS NULL AND crashed = 0");
	db_bind_int(crashed, 1, id);
	db_run(db, crashed);
	recovered->workers++;
	recovered->ambiguous += count;
	recovered->execs += execs;
	recovered->unknown += unknown;
	recovered->requeued += queued;
	recovered->crashed_runs += db_changes(db);
	out = db_result(db, fault);
	return out == OUT_OK ? worker_delete(db, id, fault) : out;
}

/* The next worker behind *ID in the order of ids; false at the end. */
static bool
worker_next(struct db *db, int64_t *id)
{
	sqlite3_stmt *stmt = db_use(db,
	    "SELECT id FROM workers WHERE id > ?1 ORDER BY id LIMIT 1");
	bool found = false;

	db_bind_int(stmt, 1, *id);
	while (db_row(db, stmt)) {
		*id = db_int(stmt, 0);
		found = true;
	}
	return found;
}

/* A process that died between its file and its row left a file only. */
static enum outcome
sweep_files(struct db *db, struct fault *fault)
{
	struct worker_files files = { 0 };
	enum outcome out;

	out = worker_files_list(db, &files, fault);
	for (size_t i = 0; i < files.count && out == OUT_OK; i++) {
		int64_t id = files.ids[i];
		bool dead;
		int fd = -1;

		out = worker_file_probe(db, id, &dead, &fd, fault);
		if (out == OUT_OK && dead)
			worker_file_remove(db, id, &fd);
	}
	free(files.ids);
	return out;
}

enum outcome
worker_recover(struct db *db, const struct worker *self,
    struct recovered *recovered, struct fault *fault)
{
	int64_t id = 0, now = clock_wall_ms();
	enum outcome out = OUT_OK;

	while (out == OUT_OK && worker_next(db, &id)) {
		bool dead;
		int fd = -1;

		if (self && id == self->id)
			continue;
		out = worker_file_probe(db, id, &dead, &fd, fault);
		if (out != OUT_OK || !dead)
			continue;
		out = worker_bury(db, id, now, recovered, fault);
		/* Should the transaction fail: no file is dead as well. */
		worker_file_remove(db, id, &fd);
	}
	if (out == OUT_OK)
		out = db_result(db, fault);
	return out == OUT_OK ? sweep_files(db, fault) : out;
}
