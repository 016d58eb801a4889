/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Workers: what a dead one owned is free at the next start, whatever the clock
 * says and whoever else still lives; what a live one owns is not.
 */
#include "state_db.h"

#include "store/statement.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "store/messages.h"
#include "store/meta.h"
#include "store/updates.h"
#include "store/worker.h"

#define HOUR_MS 3600000

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

/* How many files of workers are there. */
static int
file_count(void)
{
	char *path = db_beside(db, "run");
	struct dirent *entry;
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && (entry = readdir(dir)) != NULL)
		count += strncmp(entry->d_name, "w-", 2) == 0;
	if (dir)
		closedir(dir);
	free(path);
	return count;
}

static struct recovered
begin(struct worker *worker)
{
	struct recovered recovered;

	state_ok(worker_begin(db, worker, "send-due", false, state_soon(),
		     &recovered, &fault),
	    &fault);
	return recovered;
}

/* A message of each policy to a chat of its own, all of them `sending`. */
static void
send_three(struct db *own, int64_t worker)
{
	static const enum policy policies[] = { POLICY_IDEMPOTENT,
		POLICY_RESEND, POLICY_ONCE };

	state_ok(db_begin(own, state_soon(), &fault), &fault);
	for (int i = 0; i < 3; i++) {
		struct message m = { .chat_id = 10 + i,
			.method = "sendMessage",
			.params = "{}",
			.policy = policies[i],
			.priority = PRIORITY_ANSWER,
			.created_at = clock_wall_ms() };

		state_ok(messages_add(own, &m, false, &fault), &fault);
		state_ok(messages_claim(own, &m, worker, clock_wall_ms(),
			     &fault),
		    &fault);
	}
	state_ok(db_commit(own, &fault), &fault);
}

/* Another process that works until it is killed; CHILD: has started another
 * program that lives on. */
static pid_t
work(bool child, pid_t *grandchild)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	int ready[2];
	pid_t pid;

	assert_int_equal(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	if (pid == 0) {
		struct db *own = state_open(DB_WRITE);
		pid_t program = 0;

		state_ok(worker_begin(own, &worker, "poll-updates", false,
			     state_soon(), &recovered, &fault),
		    &fault);
		send_three(own, worker.id);
		if (child && (program = fork()) == 0)
			execlp("sleep", "sleep", "60", (char *)NULL);
		if (write(ready[1], &program, sizeof(program)) > 0)
			pause();
		_exit(1);
	}
	assert_int_equal(sizeof(*grandchild),
	    read(ready[0], grandchild, sizeof(*grandchild)));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
assert_freed(const struct recovered *recovered, const struct worker *self)
{
	assert_int_equal(1, recovered->workers);
	assert_int_equal(3, recovered->ambiguous);
	assert_int_equal(1, recovered->crashed_runs);
	assert_int_equal(0, recovered->requeued);
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE state='sending' OR worker IS NOT NULL"));
	assert_int_equal(1,
	    number("SELECT state='ambiguous' FROM messages"
		   " WHERE chat_id=11"));
	assert_int_equal(1,
	    number("SELECT state='unknown' FROM messages"
		   " WHERE chat_id=12"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM lanes"
		   " WHERE busy=1"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM runs"
		   " WHERE crashed=1 AND command='poll-updates'"));
	assert_true(self->id == number("SELECT id FROM workers"));
	assert_int_equal(1, number("SELECT count(*) FROM workers"));
	assert_int_equal(1, file_count());
}

static void
killed_worker_is_freed_at_the_next_start(void **state)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	pid_t none, pid = work(false, &none);

	(void)state;
	end(pid);
	recovered = begin(&worker);
	assert_freed(&recovered, &worker);
	worker_end(db, &worker, 0, "{}");
	assert_int_equal(0, file_count());
}

static void
child_that_lives_on_holds_nothing(void **state)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	pid_t program, pid = work(true, &program);

	(void)state;
	/* Let it exec: before, it is still a copy of the worker. */
	clock_sleep_until(clock_mono_ms() + 200);
	end(pid);
	assert_int_equal(0, kill(program, 0));
	recovered = begin(&worker);
	assert_int_equal(0, kill(program, SIGKILL));
	assert_freed(&recovered, &worker);
	worker_end(db, &worker, 0, "{}");
}

static void
clock_has_no_say(void **state)
{
	static const int64_t shifts[] = { -HOUR_MS, HOUR_MS };
	int64_t now = clock_wall_ms();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct worker worker = WORKER_INIT;
		pid_t none, pid = work(false, &none);
		struct recovered recovered;

		clock_fake(now + shifts[i], clock_mono_ms());
		recovered = begin(&worker);
		assert_int_equal(0, recovered.workers);
		worker_end(db, &worker, 0, "{}");
		end(pid);
		recovered = begin(&worker);
		assert_freed(&recovered, &worker);
		worker_end(db, &worker, 0, "{}");
		state_ok(db_begin(db, state_soon(), &fault), &fault);
		db_run(db, db_use(db, "DELETE FROM messages"));
		db_run(db, db_use(db, "DELETE FROM lanes"));
		db_run(db, db_use(db, "DELETE FROM runs"));
		state_ok(db_commit(db, &fault), &fault);
	}
}

static void
live_worker_keeps_what_it_owns(void **state)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	pid_t none, pid = work(false, &none);

	(void)state;
	recovered = begin(&worker);
	assert_int_equal(0, recovered.workers);
	assert_int_equal(3,
	    number("SELECT count(*) FROM messages"
		   " WHERE state='sending'"));
	assert_int_equal(2, number("SELECT count(*) FROM workers"));
	/* Long runs look again. */
	end(pid);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(worker_recover(db, &worker, &recovered, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	assert_freed(&recovered, &worker);
	worker_end(db, &worker, 0, "{}");
}

static int
make_file(int64_t id)
{
	char *name, *path, text[64];
	int fd;

	snprintf(text, sizeof(text), "run/w-%lld.lock", (long long)id);
	name = text;
	path = db_beside(db, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	assert_true(fd >= 0);
	return fd;
}

/* A process may die between its file and its row, or the file be deleted. */
static void
halves_are_swept(void **state)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	int locked;

	(void)state;
	begin(&worker);
	worker_end(db, &worker, 0, "{}");
	close(make_file(5));
	locked = make_file(6);
	assert_int_equal(0, flock(locked, LOCK_EX | LOCK_NB));
	state_exec(state_path,
	    "INSERT INTO workers VALUES(7,'x',1,0,NULL);"
	    "INSERT INTO runs(command, worker, started_at) VALUES('x',7,0)");
	recovered = begin(&worker);
	assert_int_equal(1, recovered.workers);
	assert_int_equal(1, recovered.crashed_runs);
	assert_int_equal(1, number("SELECT count(*) FROM workers"));
	/* 6 is about to insert its row. */
	assert_int_equal(2, file_count());
	close(locked);
	worker_end(db, &worker, 0, "{}");
	begin(&worker);
	assert_int_equal(1, file_count());
	worker_end(db, &worker, 0, "{}");
}

static void
run_is_recorded(void **state)
{
	struct worker worker = WORKER_INIT;

	(void)state;
	begin(&worker);
	assert_int_equal(1,
	    number(
		"SELECT count(*) FROM runs WHERE"
		" finished_at IS NULL AND command='send-due' AND crashed=0"));
	send_three(db, worker.id);
	worker_end(db, &worker, 75, "{\"sent\":3}");
	assert_int_equal(-1, worker.fd);
	assert_int_equal(1,
	    number(
		"SELECT count(*) FROM runs WHERE"
		" finished_at >= started_at AND exit_code=75 AND max_rss_kb > 500"
		" AND counts='{\"sent\":3}' AND crashed=0"));
	assert_int_equal(0, number("SELECT count(*) FROM workers"));
	assert_int_equal(0, file_count());
	/* What it had not settled must not wait for ever. */
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE state='sending'"));
	worker_end(db, &worker, 0, "{}");
}

static void
refused_begin_leaves_nothing(void **state)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	struct db *other;

	(void)state;
	other = state_open(DB_WRITE);
	state_ok(db_begin(other, state_soon(), &fault), &fault);
	assert_int_equal(OUT_LATER,
	    worker_begin(db, &worker, "x", false, 0, &recovered, &fault));
	db_close(other);
	assert_int_equal(-1, worker.fd);
	assert_int_equal(0, file_count());
	assert_int_equal(0, number("SELECT count(*) FROM workers"));
}

static void
begin_stepping(struct worker *worker)
{
	struct recovered recovered;

	state_ok(worker_begin(db, worker, "poll-updates", true, state_soon(),
		     &recovered, &fault),
	    &fault);
}

/* Once for each crash of the command that steps, whoever found it. */
static void
tries_are_counted_for_who_steps(void **state)
{
	struct worker worker = WORKER_INIT;
	pid_t none;
	int64_t row;
	bool fresh;

	(void)state;
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(updates_add(db, 1, "{}", 2, 1, &row, &fresh, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	begin_stepping(&worker);
	worker_end(db, &worker, 0, "{}");
	/* Without a flow nothing was stepped, so nothing killed anybody. */
	end(work(false, &none));
	begin_stepping(&worker);
	worker_end(db, &worker, 0, "{}");
	assert_int_equal(0, number("SELECT tries FROM updates"));
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(meta_set_text(db, META_FLOW, "any", &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	end(work(false, &none));
	begin(&worker);
	worker_end(db, &worker, 0, "{}");
	assert_int_equal(0, number("SELECT tries FROM updates"));
	for (int i = 0; i < 2; i++) {
		begin_stepping(&worker);
		worker_end(db, &worker, 0, "{}");
		assert_int_equal(1, number("SELECT tries FROM updates"));
	}
	end(work(false, &none));
	begin_stepping(&worker);
	worker_end(db, &worker, 0, "{}");
	assert_int_equal(2, number("SELECT tries FROM updates"));
}

/* Starts and ends at once, each sweeping what the others leave: nobody is
 * taken for dead, nothing is left. */
static void
starts_do_not_sweep_each_other(void **state)
{
	int status;

	(void)state;
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			db = state_open(DB_WRITE);
			for (int round = 0; round < 60; round++) {
				struct worker worker = WORKER_INIT;

				begin(&worker);
				worker_end(db, &worker, 0, "{}");
			}
			end_child(true);
		}
	while (wait(&status) > 0)
		assert_int_equal(0, status);
	assert_int_equal(360,
	    number("SELECT count(*) FROM runs"
		   " WHERE exit_code=0 AND crashed=0"));
	assert_int_equal(360, number("SELECT count(*) FROM runs"));
	assert_int_equal(0, number("SELECT count(*) FROM workers"));
	assert_int_equal(0, file_count());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(killed_worker_is_freed_at_the_next_start),
		WITH_DB(child_that_lives_on_holds_nothing),
		WITH_DB(live_worker_keeps_what_it_owns),
		WITH_DB(halves_are_swept),
		WITH_DB(run_is_recorded),
		WITH_DB(refused_begin_leaves_nothing),
		WITH_DB(tries_are_counted_for_who_steps),
		WITH_DB(starts_do_not_sweep_each_other),
		/* Last: there is no way back from a faked clock. */
		WITH_DB(clock_has_no_say),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
