/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "unit/child.h"

static char out[4096];

static void
one_signal(void *arg)
{
	struct pollfd wait = { .events = POLLIN };

	stop_install();
	wait.fd = stop_fd();
	if (stop_wanted() || stop_since() != CLOCK_NEVER ||
	    poll(&wait, 1, 0) != 0)
		_exit(10);
	raise(*(int *)arg);
	if (!stop_wanted() || clock_mono_ms() - stop_since() > 5000 ||
	    poll(&wait, 1, 0) != 1)
		_exit(11);
	/* timeout(1) signals twice at once: one request. */
	raise(*(int *)arg);
	_exit(12);
}

static void
first_signal_asks(void **state)
{
	int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	(void)state;
	assert_int_equal(stop_fd(), -1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(child_run(one_signal, &numbers[i], out,
				     sizeof(out)),
		    12);
}

static void
two_signals(void *arg)
{
	(void)arg;
	stop_install();
	raise(SIGTERM);
	clock_sleep_until(clock_mono_ms() + 150);
	raise(SIGINT);
	_exit(10);
}

static void
hang_up_under_nohup(void *arg)
{
	(void)arg;
	signal(SIGHUP, SIG_IGN);
	stop_install();
	raise(SIGHUP);
	_exit(stop_wanted() ? 10 : 12);
}

static void
nohup_is_respected(void **state)
{
	(void)state;
	assert_int_equal(child_run(hang_up_under_nohup, NULL, out,
			     sizeof(out)),
	    12);
}

static void
second_signal_ends(void **state)
{
	(void)state;
	assert_int_equal(child_run(two_signals, NULL, out, sizeof(out)), 75);
}

static void
hang(void *arg)
{
	int64_t start = clock_mono_ms();
	sigset_t inherited;

	/* As a careless parent may leave it. */
	sigfillset(&inherited);
	sigprocmask(SIG_SETMASK, &inherited, NULL);
	file_sanitize_process();
	stop_hard_at(start + *(int *)arg);
	for (;;)
		pause();
}

static void
hard_lifetime_ends(void **state)
{
	int after[] = { 80, 0, -1000 };
	int64_t start = clock_mono_ms();

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(child_run(hang, &after[i], out, sizeof(out)),
		    75);
		assert_non_null(strstr(out, "hard lifetime reached"));
	}
	assert_in_range(clock_mono_ms() - start, 80, 20000);
}

static void
disarm(void *arg)
{
	int64_t start = clock_mono_ms();

	(void)arg;
	stop_hard_at(start + 50);
	stop_hard_at(CLOCK_NEVER);
	clock_sleep_until(start + 120);
}

static void
hard_lifetime_can_be_lifted(void **state)
{
	(void)state;
	assert_int_equal(child_run(disarm, NULL, out, sizeof(out)), 0);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_signal_asks),
		cmocka_unit_test(nohup_is_respected),
		cmocka_unit_test(second_signal_ends),
		cmocka_unit_test(hard_lifetime_ends),
		cmocka_unit_test(hard_lifetime_can_be_lifted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
