/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * What recurs comes once each time, whatever happens to the clock, the flow
 * and the chat.
 */
#include "state_db.h"

#include "store/hold.h"
#include "store/meta.h"
#include "store/tasks.h"
#include "turn/deploy.h"
#include "turn/turn_recur.h"
#include "turn/turn_tasks.h"

/* 2027-01-15 08:00 UTC */
#define EIGHT INT64_C(1800000000000)
#define HOUR INT64_C(3600000)
#define NINE (EIGHT + HOUR)
#define DAY (24 * HOUR)

static struct turn *turn;
static struct config *config;

static void
deploy(const char *at, const char *said)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path };

	snprintf(path, sizeof path, "%s/flow.json", state_dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
	    "{\"leadpipe\":1,\"id\":\"x\",\"start\":\"idle\",\"tz\":\"UTC\","
	    "\"lang\":{\"default\":\"en\",\"available\":[\"en\"]},"
	    "\"roles\":{\"admin\":[8]},\"recurring\":{\"daily\":{"
	    "\"role\":\"admin\",\"at\":\"%s\",\"do\":[{\"send\":\"hi\"}]}},"
	    "\"commands\":{\"/start\":[{\"send\":\"hi\"}]},"
	    "\"states\":{\"idle\":{\"final\":true}},"
	    "\"texts\":{\"en\":{\"hi\":\"%s\"}}}",
	    at, said);
	assert_int_equal(fclose(file), 0);
	state_ok(deploy_flow(db, config, &deploy, state_soon(), &report,
		     &findings, &fault),
	    &fault);
	findings_release(&findings);
}

/* A command starts: another process, with the flow of now. */
static void
restart(void)
{
	turn_close(turn);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
}

static void
pass(int64_t now)
{
	bool more;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(turn_recurring(turn, now, &fault), &fault);
	state_ok(turn_tasks(turn, now, 100, &more, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	turn_committed(turn);
}

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static void
sent_and_next(int64_t sent, int64_t next)
{
	assert_int_equal(number("SELECT count(*) FROM messages"), sent);
	assert_int_equal(number("SELECT count(*) FROM tasks"), 1);
	assert_int_equal(number("SELECT due_at FROM tasks"), next);
}

static int
setup_turn(void **state)
{
	if (setup(state) != 0)
		return -1;
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	deploy("09:00", "hi");
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	state_exec(state_path,
	    "INSERT INTO chats(chat_id, user_id, state, created_at, seen_at)"
	    " VALUES(8, 8, 'idle', 1, 1)");
	pass(EIGHT);
	sent_and_next(0, NINE);
	return 0;
}

static int
teardown_turn(void **state)
{
	turn_close(turn);
	turn = NULL;
	config_close(config);
	return teardown(state);
}

static void
restarts(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		restart();
		pass(NINE + i * 60000);
		sent_and_next(1, NINE + DAY);
	}
}

/* Of a backup: what was due may have been said since; the next is planned. */
static void
a_restore(void **state)
{
	struct hold_counts held = { 0 };
	sqlite3 *raw = NULL;

	(void)state;
	turn_close(turn);
	turn = NULL;
	db_close(db);
	assert_int_equal(SQLITE_OK, sqlite3_open(state_path, &raw));
	state_ok(hold_due(raw, state_path, NINE + HOUR, false, &held, &fault),
	    &fault);
	sqlite3_close(raw);
	assert_int_equal(1, held.tasks);
	db = state_open(DB_WRITE);
	restart();
	pass(NINE + HOUR);
	sent_and_next(0, NINE + DAY);
	assert_int_equal(number("SELECT count(*) FROM task_ends"
				" WHERE state = 'dead'"),
	    1);
	pass(NINE + DAY);
	sent_and_next(1, NINE + 2 * DAY);
}

/* It was due while the bot was away, and the bot comes back with another
 * version. */
static void
deployed_when_due(void **state)
{
	(void)state;
	deploy("10:00", "hello");
	restart();
	pass(NINE + HOUR / 2);
	sent_and_next(1, NINE + HOUR);
	deploy("12:00", "hello");
	restart();
	pass(NINE + HOUR / 2);
	sent_and_next(1, NINE + 3 * HOUR);
}

static void
clock_was_ahead(void **state)
{
	(void)state;
	pass(NINE + 700 * DAY);
	sent_and_next(0, NINE + 701 * DAY);
	restart();
	pass(EIGHT + HOUR / 2);
	sent_and_next(0, NINE);
	pass(NINE);
	sent_and_next(1, NINE + DAY);
}

/* Set right by a little it does not come again. */
static void
clock_set_right(void **state)
{
	(void)state;
	pass(NINE);
	restart();
	pass(NINE - 5000);
	sent_and_next(1, NINE + DAY);
}

static void
chat_is_blocked(void **state)
{
	(void)state;
	state_exec(state_path, "UPDATE chats SET blocked_at = 1");
	for (int i = 0; i < 3; i++) {
		restart();
		pass(NINE + i * HOUR);
	}
	assert_int_equal(number("SELECT count(*) FROM tasks"), 0);
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends WHERE state = 'held'"));
	state_exec(state_path, "UPDATE chats SET blocked_at = NULL");
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(tasks_unhold(db, 8, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	restart();
	pass(NINE + 4 * HOUR);
	sent_and_next(1, NINE + DAY);
}

/* The bot goes on for everybody else. */
static void
a_member_is_damaged(void **state)
{
	(void)state;
	state_exec(state_path, "UPDATE chats SET vars = 'no'");
	restart();
	pass(EIGHT + 1);
	sent_and_next(0, NINE);
	pass(NINE);
	assert_int_equal(
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'task'"),
	    1);
}

#define WITH_TURN(test) \
	cmocka_unit_test_setup_teardown(test, setup_turn, teardown_turn)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TURN(restarts),
		WITH_TURN(a_restore),
		WITH_TURN(deployed_when_due),
		WITH_TURN(clock_was_ahead),
		WITH_TURN(clock_set_right),
		WITH_TURN(chat_is_blocked),
		WITH_TURN(a_member_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
