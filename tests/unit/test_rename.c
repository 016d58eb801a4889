/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * A state gets another name: everybody who is there goes on there, no
 * transaction moves all of them, and a deployment may die at any commit.
 */
#include "state_db.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/connection.h"
#include "store/flows.h"
#include "store/meta.h"
#include "turn/deploy.h"
#include "turn/explain.h"
#include "turn/turn.h"

#define PEOPLE 5000
#define MOST 2000 /* chats of one transaction; each is touched once */

/* The name of the flow's second state, members, more states. */
#define FLOW \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\",%s" \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"states\":{\"hello\":{\"on\":{\"any\":[{\"goto\":\"%s\"}]}}," \
	"\"%s\":{\"on\":{\"event:ping\":[{\"tag\":[\"+pinged\"]}]}}%s}," \
	"\"texts\":{\"en\":{}}}"

static struct config *config;
static int commits, die_at, rows_at_last_commit, rows_at_most;

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static enum outcome
deploy(struct db *at, const char *name, const char *members, const char *more)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path };
	FILE *file;

	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	file = fopen(path, "w");
	fprintf(file, FLOW, members, name, name, more);
	fclose(file);
	enum outcome out = deploy_flow(at, config, &deploy, state_soon(),
	    &report, &findings, &fault);
	findings_release(&findings);
	return out;
}

#define RENAMED "\"renamed\":{\"paid\":\"bought\"},"

static int
setup_people(void **state)
{
	char sql[400];

	if (setup(state) != 0)
		return -1;
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	state_ok(deploy(db, "paid", "", ""), &fault);
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %d) INSERT INTO chats(chat_id, state, visits, memory,"
	    " created_at, seen_at) SELECT i, 'paid', '{\"paid\":[1,2]}',"
	    " '{\"ask\":{\"state\":\"paid\"}}', 1, 1 FROM n",
	    PEOPLE);
	state_exec(state_path, sql);
	return 0;
}

static int
teardown_people(void **state)
{
	config_close(config);
	return teardown(state);
}

static int
count_commit(void *handle)
{
	int rows = sqlite3_total_changes(handle);

	if (++commits == die_at)
		(void)kill(getpid(), SIGKILL);
	if (rows - rows_at_last_commit > rows_at_most)
		rows_at_most = rows - rows_at_last_commit;
	rows_at_last_commit = rows;
	return 0;
}

static void
no_transaction_moves_all(void **state)
{
	(void)state;
	commits = die_at = rows_at_most = 0;
	rows_at_last_commit = sqlite3_total_changes(db->handle);
	sqlite3_commit_hook(db->handle, count_commit, db->handle);
	state_ok(deploy(db, "bought", RENAMED, ""), &fault);
	assert_in_range(rows_at_most, MOST, MOST + 10);
	assert_int_equal(PEOPLE,
	    number("SELECT count(*) FROM chats WHERE state = 'bought'"
		   " AND memory ->> '$.ask.state' = 'bought'"));
}

/* Deploys the new name in a process that dies at its commit AT; false when it
 * got through. */
static bool
die_deploying(int at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct db *own = state_open(DB_WRITE);

		commits = 0;
		die_at = at;
		sqlite3_commit_hook(own->handle, count_commit, own->handle);
		(void)!deploy(own, "bought", RENAMED, "");
		db_close(own);
		end_child(true);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	return WIFSIGNALED(status);
}

/* Whatever is current, CHAT is where they were. */
static void
is_at_home(int64_t chat)
{
	struct turn *turn = NULL;
	json_t *about = NULL;
	char sql[120];

	state_ok(turn_open(&turn, db, config, &fault), &fault);
	state_ok(explain_chat(turn, chat, false, 1, 1, &about, &fault),
	    &fault);
	assert_true(json_is_true(json_object_get(about, "state_known")));
	json_decref(about);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(turn_event(turn, chat, "ping", NULL, 5, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM chats WHERE tags <> '{}' AND chat_id = %lld",
	    (long long)chat);
	assert_int_equal(1, number(sql));
	turn_close(turn);
}

static void
it_may_die_at_any_commit(void **state)
{
	bool died = true;
	int at = 0;

	while (died) {
		assert_int_equal(0, setup_people(state));
		died = die_deploying(++at);
		is_at_home(1);
		is_at_home(PEOPLE);
		state_ok(deploy(db, "bought", RENAMED, ""), &fault);
		assert_int_equal(PEOPLE,
		    number("SELECT count(*) FROM chats"
			   " WHERE state = 'bought'"));
		assert_int_equal(0, teardown_people(state));
	}
	/* three of the past, the switch, three of the people */
	assert_in_range(at, 8, 10);
}

/* As if the deployment had died behind the switch. */
static void
leave_some(void)
{
	state_ok(deploy(db, "bought", RENAMED, ""), &fault);
	state_exec(state_path,
	    "UPDATE chats SET state = 'paid' WHERE chat_id % 2 = 0");
}

static void
the_same_flow_again_moves_the_rest(void **state)
{
	(void)state;
	leave_some();
	state_ok(deploy(db, "bought", RENAMED, ""), &fault);
	assert_int_equal(PEOPLE,
	    number("SELECT count(*) FROM chats WHERE state = 'bought'"));
}

/* A new state of the old name is none of theirs. */
static void
the_old_name_may_mean_something_else(void **state)
{
	(void)state;
	leave_some();
	state_ok(deploy(db, "bought", "", ",\"paid\":{\"final\":true}"),
	    &fault);
	assert_int_equal(PEOPLE,
	    number("SELECT count(*) FROM chats WHERE state = 'bought'"));
}

static void
a_dry_run_counts_who_is_left(void **state)
{
	struct deploy_report report;
	struct findings findings = { 0 };
	char path[160];
	const struct deploy dry = { .path = path, .dry_run = true };

	(void)state;
	leave_some();
	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	state_ok(deploy_flow(db, config, &dry, state_soon(), &report,
		     &findings, &fault),
	    &fault);
	findings_release(&findings);
	assert_int_equal(PEOPLE, report.chats);
	assert_int_equal(0, report.moved);
	assert_int_equal(PEOPLE / 2,
	    number("SELECT count(*) FROM chats WHERE state = 'paid'"));
}

#define WITH_PEOPLE(test) \
	cmocka_unit_test_setup_teardown(test, setup_people, teardown_people)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PEOPLE(no_transaction_moves_all),
		cmocka_unit_test(it_may_die_at_any_commit),
		WITH_PEOPLE(the_same_flow_again_moves_the_rest),
		WITH_PEOPLE(the_old_name_may_mean_something_else),
		WITH_PEOPLE(a_dry_run_counts_who_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
