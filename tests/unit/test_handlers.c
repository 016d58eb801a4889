/* SPDX-License-Identifier: MIT */
/* needs: delivery turn bot telegram store net base */
/*
 * Handlers in the event loop: whoever dies over one, or over the step that
 * goes on with it, is counted, until it is put aside.
 */
#include "turn_case.h"

#include <poll.h>
#include <signal.h>

#include "base/stop.h"
#include "delivery/handlers.h"
#include "store/execs.h"
#include "store/mend.h"

#define FLOW \
	"{\"leadpipe\":1,\"id\":\"x\",\"start\":\"idle\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"commands\":{\"/run\":[{\"exec\":{\"run\":[\"act\"]," \
	"\"on_error\":[{\"send\":\"bad\"}]}}]," \
	"\"/tick\":[{\"send\":\"tick\"}]}," \
	"\"states\":{\"idle\":{\"final\":true}}," \
	"\"texts\":{\"en\":{\"bad\":\"bad\",\"tick\":\"tick\"}}}"

static struct handlers *handlers;
static struct worker worker = { .id = 7, .fd = -1 };

static void
open_handlers(void)
{
	state_ok(handlers_open(&handlers, db, turn, &worker, config, &fault),
	    &fault);
}

static int
setup_handlers(void **state)
{
	if (turn_setup(state, FLOW, "#!/bin/sh\necho '{}'\n") != 0)
		return -1;
	open_handlers();
	return 0;
}

static int
teardown_handlers(void **state)
{
	handlers_close(handlers);
	return turn_teardown(state);
}

static void
commit_and_start(void)
{
	commit();
	handlers_start(handlers);
}

static int64_t
unsent(void)
{
	return number("SELECT count(*) FROM messages"
		      " WHERE state = 'queued'");
}

/* What the loop does with the database in one turn; with DIES it is killed as
 * it goes on with one that ended. */
static void
turn_once(bool dies)
{
	begin();
	state_ok(handlers_settle(handlers, NOW, &fault), &fault);
	state_ok(handlers_claim(handlers, NOW, &fault), &fault);
	commit_and_start();
	if (!handlers_have_suspect(handlers))
		return;
	begin();
	state_ok(handlers_try(handlers, &fault), &fault);
	commit_and_start();
	if (dies)
		return;
	begin();
	state_ok(handlers_settle_alone(handlers, NOW, &fault), &fault);
	commit_and_start();
}

/* The programs that run end. */
static void
wait_for_them(void)
{
	while (handlers_running(handlers) > 0) {
		struct pollfd wait = { .fd = handlers_fd(handlers),
			.events = POLLIN };

		poll(&wait, 1, 100);
		handlers_work(handlers);
	}
}

/* The command is killed, and the next one finds what it ran. */
static void
die(void)
{
	int count;

	handlers_close(handlers);
	begin();
	state_ok(execs_orphaned(db, worker.id, &count, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	assert_int_equal(count, 1);
	++worker.id;
	open_handlers();
}

/* Where the flow goes on is what kills: it must not be stepped in a
 * transaction that forgets, as it is undone, whose turn it was. */
static void
what_goes_on_is_counted_too(void **state)
{
	const char *became;

	(void)state;
	say(1, "/run");
	say(1, "/tick");
	turn_once(false);
	wait_for_them();
	assert_false(handlers_have_suspect(handlers));
	die();
	for (int i = 0; i < 2 * EXECS_TRIES; i++) {
		turn_once(true);
		assert_int_equal(i < EXECS_TRIES, handlers_running(handlers));
		wait_for_them();
		turn_once(true);
		assert_int_equal(i + 1, number("SELECT tries FROM execs"));
		assert_int_equal(0, unsent());
		die();
	}
	turn_once(false);
	assert_int_equal(0, unsent());
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'exec'"
		   " AND reason LIKE '%died each time the flow went on'"));
	/* The chat goes on. */
	step_updates(1);
	assert_int_equal(1, unsent());
	begin();
	state_ok(mend_item(db, "exec", 1, MEND_RETRY, NOW, &became, &fault),
	    &fault);
	commit();
	turn_once(false);
	assert_int_equal(1, handlers_running(handlers));
}

/* An answer that kills is left out. */
static void
the_flow_is_told_of_the_answer_that_kills(void **state)
{
	(void)state;
	say(1, "/run");
	turn_once(false);
	die();
	for (int i = 0; i < EXECS_TRIES; i++) {
		turn_once(true);
		wait_for_them();
		turn_once(true);
		die();
	}
	turn_once(false);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE text = 'bad'"));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
}

/* It runs, and somebody else kills the command, or it does. */
static void
who_dies_while_it_runs_is_counted(void **state)
{
	(void)state;
	say(1, "/run");
	for (int i = 0; i < EXECS_CRASHES; i++) {
		turn_once(false);
		assert_int_equal(1, handlers_running(handlers));
		die();
	}
	assert_int_equal(0, number("SELECT tries FROM execs"));
	turn_once(false);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE text = 'bad'"));
}

/* The last one: a signal is for the whole process. */
static void
after_the_signal_nobody_spins(void **state)
{
	struct pollfd ready = { .fd = handlers_fd(handlers),
		.events = POLLIN };

	(void)state;
	handlers_close(handlers);
	stop_install();
	open_handlers();
	ready.fd = handlers_fd(handlers);
	assert_int_equal(0, poll(&ready, 1, 0));
	assert_int_equal(0, raise(SIGTERM));
	assert_int_equal(1, poll(&ready, 1, 1000));
	handlers_abandon(handlers);
	assert_int_equal(0, poll(&ready, 1, 0));
	handlers_abandon(handlers);
	assert_int_equal(0, poll(&ready, 1, 0));
}

#define WITH_HANDLERS(test) \
	cmocka_unit_test_setup_teardown(test, setup_handlers, \
	    teardown_handlers)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HANDLERS(what_goes_on_is_counted_too),
		WITH_HANDLERS(the_flow_is_told_of_the_answer_that_kills),
		WITH_HANDLERS(who_dies_while_it_runs_is_counted),
		WITH_HANDLERS(after_the_signal_nobody_spins),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
