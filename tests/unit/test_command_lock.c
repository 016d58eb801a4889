/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * The lock of a command of which one may run: who waits is seen, and a kill
 * hands it over.
 */
#include "state_db.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "store/worker.h"

/* Waits in another process; it exits 0 with the lock, 1 without. */
static pid_t
take_elsewhere(int64_t deadline)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	pid_t pid = fork();

	if (pid == 0)
		end_child(command_lock_take(db, "poll", deadline, &lock,
			      &fault) == OUT_OK);
	return pid;
}

static void
wait_until_wanted(const struct command_lock *lock)
{
	int64_t deadline = state_soon();

	while (!command_lock_wanted(lock)) {
		assert_true(clock_mono_ms() < deadline);
		clock_sleep_until(clock_mono_ms() + 5);
	}
}

static void
one_at_a_time(void **state)
{
	struct command_lock one = COMMAND_LOCK_INIT, two = COMMAND_LOCK_INIT,
			    other = COMMAND_LOCK_INIT;

	(void)state;
	state_ok(command_lock_take(db, "poll", 0, &one, &fault), &fault);
	assert_int_equal(OUT_LATER,
	    command_lock_take(db, "poll", 0, &two, &fault));
	assert_int_equal(EXIT_LATER, fault.code);
	assert_int_equal(-1, two.fd);
	assert_true(two.busy);
	state_ok(command_lock_take(db, "crm", 0, &other, &fault), &fault);
	command_lock_drop(&one);
	state_ok(command_lock_take(db, "poll", 0, &two, &fault), &fault);
	assert_false(two.busy);
	command_lock_drop(&two);
	command_lock_drop(&other);
	assert_false(command_lock_wanted(&two));
}

/* Then nothing is known of another process: nothing was done. */
static void
no_descriptor_is_not_another_process(void **state)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	struct rlimit old, none;

	(void)state;
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
	enum outcome out = command_lock_take(db, "poll", 0, &lock, &fault);
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &old));
	assert_int_equal(OUT_LATER, out);
	assert_int_equal(EXIT_LATER, fault.code);
	assert_false(lock.busy);
}

static void
waiting_is_seen_and_ends_with_the_lock(void **state)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	int status;
	pid_t pid;

	(void)state;
	state_ok(command_lock_take(db, "poll", 0, &lock, &fault), &fault);
	for (int i = 0; i < 100; i++)
		assert_false(command_lock_wanted(&lock));
	pid = take_elsewhere(state_soon());
	wait_until_wanted(&lock);
	command_lock_drop(&lock);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
	state_ok(command_lock_take(db, "poll", 0, &lock, &fault), &fault);
	assert_false(command_lock_wanted(&lock));
	command_lock_drop(&lock);
}

static void
deadline_ends_the_waiting(void **state)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	int64_t start = clock_mono_ms();
	int status;

	(void)state;
	state_ok(command_lock_take(db, "poll", 0, &lock, &fault), &fault);
	take_elsewhere(start + 200);
	wait(&status);
	assert_int_equal(1, WEXITSTATUS(status));
	assert_in_range(clock_mono_ms() - start, 190, 20000);
	assert_false(command_lock_wanted(&lock));
	command_lock_drop(&lock);
}

static void
kill_hands_it_over(void **state)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (command_lock_take(db, "poll", state_soon(), &lock,
			&fault) == OUT_OK)
			pause();
		_exit(1);
	}
	/* The child has it when we do not get it. */
	while (command_lock_take(db, "poll", 0, &lock, &fault) == OUT_OK) {
		command_lock_drop(&lock);
		clock_sleep_until(clock_mono_ms() + 5);
		if (waitpid(pid, NULL, WNOHANG) != 0)
			fail();
	}
	kill(pid, SIGKILL);
	state_ok(command_lock_take(db, "poll", state_soon(), &lock, &fault),
	    &fault);
	command_lock_drop(&lock);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(one_at_a_time),
		WITH_DB(no_descriptor_is_not_another_process),
		WITH_DB(waiting_is_seen_and_ends_with_the_lock),
		WITH_DB(deadline_ends_the_waiting),
		WITH_DB(kill_hands_it_over),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
