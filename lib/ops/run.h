/* SPDX-License-Identifier: MIT */
/*
 * One run of a command: configuration, log, database, worker, exit code.
 */
#ifndef LEADPIPE_RUN_H
#define LEADPIPE_RUN_H

#include <stdint.h>

#include "base/config.h"
#include "base/opt.h"
#include "store/db.h"
#include "store/worker.h"

struct run {
	struct opt_shared shared;
	struct config *config;
	struct db *db;
	struct worker worker;
	struct fault fault; /* why it failed; OUT_OK: it did not */
	bool recurs; /* what it leaves undone the next run of cron does */
};

#define RUN_INIT \
	{ \
		.worker = WORKER_INIT \
	}

/*
 * Prepares the process (file_sanitize_process(), log, signals, root becomes
 * the owner of the state directory), reads the configuration and opens the
 * database in MODE.  The process ends by itself LIFE_MS after that, whatever
 * it hangs in, or when opening takes longer than a migration may; RUN->recurs
 * chooses its last words.  RUN->shared must have been filled by opt_parse().
 */
enum outcome run_begin(struct run *run, const struct opt_command *command,
    enum db_mode mode, int64_t life_ms) must_check;

/* The same without a database, for what must work when it does not: LIFE_MS
 * counts from now, and stop_hard_say() is the caller's. */
enum outcome run_begin_bare(struct run *run, const struct opt_command *command,
    int64_t life_ms) must_check;

/* The process alone: what run_begin_bare() does before the configuration. */
void run_prepare(const struct run *run, const struct opt_command *command,
    int64_t life_ms);

/* After run_begin_bare(): opens the database as run_begin() does. */
enum outcome run_open_db(struct run *run, enum db_mode mode) must_check;

/* The same by DEADLINE (monotonic ms), whoever keeps it. */
enum outcome run_open_db_by(struct run *run, enum db_mode mode,
    int64_t deadline) must_check;

/* After run_begin_bare(), for who does not open the database: becomes its
 * owner.  *PATH is where it is; the caller frees it, also on failure. */
enum outcome run_own_db(struct run *run, char **path) must_check;

/* The bot of the token, 0: none is set. */
int64_t run_bot_id(const struct run *run);

/* Where the database is, by --db, DATABASE_PATH, $STATE_DIRECTORY or the home
 * directory; the caller frees it. */
char *run_db_path(const struct run *run);

/* True when that is a path that somebody typed. */
bool run_db_chosen(const struct run *run);

/* Makes the directory of the database PATH where nobody chose it; of one that
 * was chosen it is made by who opens it, without parents. */
enum outcome run_make_home(struct run *run, const char *path) must_check;

/* Makes the process a worker (worker_begin()). STEPS: it steps updates. */
enum outcome run_work(struct run *run, const struct opt_command *command,
    bool steps) must_check;

/*
 * Ends the run: says what went wrong, records the end with COUNTS (a JSON
 * object or NULL), closes everything, checks that stdout was written.  DEAD:
 * something became dead.  Returns the exit code.
 */
int run_end(struct run *run, bool dead, const char *counts);

/*
 * USER as given on a command line: a chat id, or @username of a known chat.
 */
enum outcome run_user(struct run *run, const char *user, int64_t *chat_id)
    must_check;

#endif
