/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * The writer turnstile: a deadline that holds, a kill that frees, and no
 * process that starves.
 */
#include "state_dir.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "store/meta.h"
#include "store/turnstile.h"

static struct turnstile
opened(void)
{
	struct turnstile turnstile = TURNSTILE_INIT;
	struct fault fault;

	state_ok(turnstile_open(&turnstile, state_path, &fault), &fault);
	return turnstile;
}

/* Another process that is inside when this returns; it stays MS. */
static pid_t
hold(int ms)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(0, pipe(ready));
	pid = fork();
	if (pid == 0) {
		struct turnstile turnstile = opened();

		if (turnstile_enter(&turnstile, state_soon()) &&
		    write(ready[1], "x", 1) == 1)
			clock_sleep_until(clock_mono_ms() + ms);
		turnstile_leave(&turnstile);
		_exit(0);
	}
	assert_int_equal(1, read(ready[0], &byte, 1));
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
deadline_holds_while_another_is_inside(void **state)
{
	struct turnstile turnstile = opened();
	pid_t pid = hold(60000);
	int64_t start = clock_mono_ms();

	(void)state;
	assert_false(turnstile_enter(&turnstile, 0));
	assert_false(turnstile_enter(&turnstile, start - 1));
	assert_in_range(clock_mono_ms() - start, 0, 20000);
	assert_false(turnstile_enter(&turnstile, start + 300));
	assert_in_range(clock_mono_ms() - start, 290, 20000);
	assert_false(turnstile.inside);
	/* Who gave up keeps nobody else waiting. */
	end(pid);
	pid = hold(60000);
	end(pid);
	turnstile_close(&turnstile);
}

static void
kill_of_the_holder_frees_at_once(void **state)
{
	struct turnstile turnstile = opened();
	pid_t pid = hold(60000), killer;
	int64_t start = clock_mono_ms();

	(void)state;
	killer = fork();
	if (killer == 0) {
		clock_sleep_until(start + 200);
		kill(pid, SIGKILL);
		_exit(0);
	}
	/* Or else it would be there for a minute. */
	assert_true(turnstile_enter(&turnstile, start + 30000));
	assert_true(clock_mono_ms() - start >= 190);
	turnstile_leave(&turnstile);
	waitpid(pid, NULL, 0);
	waitpid(killer, NULL, 0);
	turnstile_close(&turnstile);
}

/* The one who leaves does not pass the one who waits, however quick it is. */
static void
waiting_comes_before_coming_back(void **state)
{
	struct turnstile turnstile = opened();

	(void)state;
	for (int round = 0; round < 20; round++) {
		assert_true(turnstile_enter(&turnstile, state_soon()));
		pid_t pid = fork();
		if (pid == 0) {
			struct turnstile own = opened();

			if (!turnstile_enter(&own, state_soon()))
				_exit(1);
			clock_sleep_until(clock_mono_ms() + 60000);
		}
		/* It waits when the queue is taken. */
		int64_t deadline = state_soon();
		while (file_flock_until(turnstile.turn_fd, FILE_LOCK_EXCLUSIVE,
		    0)) {
			flock(turnstile.turn_fd, LOCK_UN);
			assert_true(clock_mono_ms() < deadline);
			clock_sleep_until(clock_mono_ms() + 5);
		}
		turnstile_leave(&turnstile);
		assert_false(turnstile_enter(&turnstile, 0));
		end(pid);
	}
	turnstile_close(&turnstile);
}

/* Also two connections of one process shut each other out. */
static void
same_process_is_no_exception(void **state)
{
	struct turnstile one = opened(), other = opened();

	(void)state;
	assert_true(turnstile_enter(&one, 0));
	assert_false(turnstile_enter(&other, 0));
	turnstile_leave(&one);
	assert_true(turnstile_enter(&other, 0));
	assert_false(turnstile_enter(&one, 0));
	turnstile_close(&other);
	assert_true(turnstile_enter(&one, 0));
	turnstile_close(&one);
}

/* The files must not be open in what this process starts. */
static void
descriptors_close_on_exec(void **state)
{
	struct turnstile turnstile = opened();
	int status, started[2];
	char byte;

	(void)state;
	assert_int_equal(0, pipe2(started, O_CLOEXEC));
	assert_true(turnstile_enter(&turnstile, 0));
	pid_t pid = fork();
	if (pid == 0)
		execlp("sleep", "sleep", "60", (char *)NULL);
	close(started[1]);
	assert_int_equal(0, read(started[0], &byte, 1));
	close(started[0]);
	turnstile_close(&turnstile);
	turnstile = opened();
	assert_true(turnstile_enter(&turnstile, 0));
	turnstile_close(&turnstile);
	end(pid);
	assert_int_equal(-1, waitpid(pid, &status, 0));
}

static void
passing_costs_next_to_nothing(void **state)
{
	struct turnstile turnstile = opened();
	clock_t start = clock(), took;
	int rounds = 20000;

	(void)state;
	for (int i = 0; i < rounds; i++) {
		assert_true(turnstile_enter(&turnstile, 0));
		turnstile_leave(&turnstile);
	}
	/* Not of the time that others had the processor. */
	took = (clock() - start) / (CLOCKS_PER_SEC / 1000000);
	printf("# %.2f us uncontended\n", (double)took / rounds);
	assert_true(took < 25 * rounds);
	turnstile_close(&turnstile);
}

#define WRITERS 4

struct share {
	volatile bool ready;
	int commits;
	int64_t worst_us;
};

static void
write_for(struct share *share, int begin)
{
	struct db *db = state_open(DB_WRITE);
	struct fault fault;
	int64_t start, took, until;

	/* When all of them are there. */
	share->ready = true;
	if (read(begin, &until, sizeof(until)) != sizeof(until))
		_exit(1);
	while (clock_mono_ms() < until) {
		start = clock_mono_us();
		state_ok(db_begin(db, state_soon(), &fault), &fault);
		state_ok(meta_set_int(db, META_OFFSET, start, &fault), &fault);
		state_ok(db_commit(db, &fault), &fault);
		took = clock_mono_us() - start;
		if (took > share->worst_us)
			share->worst_us = took;
		share->commits++;
	}
	db_close(db);
}

static void
nobody_starves(void **state)
{
	struct share *shares = mmap(NULL, sizeof(*shares) * WRITERS,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int least = INT32_MAX, most = 0, status, begin[2];
	int64_t worst = 0, until[WRITERS];
	int64_t deadline = clock_mono_ms() + 30000;

	(void)state;
	assert_ptr_not_equal(MAP_FAILED, shares);
	assert_int_equal(0, pipe(begin));
	db_close(state_open(DB_CREATE));
	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			close(begin[1]);
			write_for(&shares[i], begin[0]);
			_exit(0);
		}
	for (int i = 0; i < WRITERS; i++)
		while (!shares[i].ready) {
			assert_true(clock_mono_ms() < deadline);
			clock_sleep_until(clock_mono_ms() + 1);
		}
	for (int i = 0; i < WRITERS; i++)
		until[i] = clock_mono_ms() + 1200;
	assert_int_equal(sizeof(until), write(begin[1], until, sizeof(until)));
	close(begin[0]);
	close(begin[1]);
	while (wait(&status) > 0)
		assert_int_equal(0, status);
	for (int i = 0; i < WRITERS; i++) {
		least = shares[i].commits < least ? shares[i].commits : least;
		most = shares[i].commits > most ? shares[i].commits : most;
		worst = shares[i].worst_us > worst ? shares[i].worst_us
						   : worst;
	}
	printf("# commits: %d to %d a writer, worst wait %.1f ms\n", least,
	    most, (double)worst / 1000);
	munmap(shares, sizeof(*shares) * WRITERS);
	/* SQLite's own busy handler: one commit against thousands. */
	assert_true(least > 0);
	assert_true(most < 3 * least + 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(deadline_holds_while_another_is_inside),
		IN_STATE_DIR(kill_of_the_holder_frees_at_once),
		IN_STATE_DIR(waiting_comes_before_coming_back),
		IN_STATE_DIR(same_process_is_no_exception),
		IN_STATE_DIR(descriptors_close_on_exec),
		IN_STATE_DIR(passing_costs_next_to_nothing),
		IN_STATE_DIR(nobody_starves),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
