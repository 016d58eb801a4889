/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * Handlers: at most one in a chat, owned by one worker, and whatever comes for
 * the chat meanwhile waits and follows in order; what they answer goes on with
 * the step, once.
 */
#include "turn_case.h"

#include "store/chats.h"
#include "store/history.h"
#include "store/mend.h"
#include "store/messages.h"
#include "turn/turn_exec.h"
#include "turn/turn_tasks.h"

#define OURS 7
#define OTHERS 8

#define FLOW \
	"{\"leadpipe\":1,\"id\":\"x\",\"start\":\"idle\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"vars\":{\"n\":{\"type\":\"int\"}}," \
	"\"commands\":{\"/run\":[{\"schedule\":\"due\",\"after\":\"1s\"," \
	"\"do\":[{\"send\":\"due\"}]},{\"send\":\"one\"}," \
	"{\"exec\":{\"run\":[\"act\",\"-v\"],\"timeout\":\"9s\"," \
	"\"retry\":[\"2s\",\"3s\"],\"history\":5," \
	"\"input\":{\"a\":\"{{user.id}}\"}," \
	"\"on_error\":[{\"send\":\"bad\"}]}},{\"send\":\"two\"}]," \
	"\"/round\":[{\"exec\":{\"run\":[\"act\"]}},{\"goto\":\"round\"}]," \
	"\"/tick\":[{\"send\":\"tick\"}]}," \
	"\"events\":{\"ping\":[{\"send\":\"ping\"}]}," \
	"\"states\":{\"idle\":{\"final\":true},\"round\":{\"enter\":[" \
	"{\"if\":{\"not\":{\"tag\":\"out\"}},\"then\":[{\"goto\":" \
	"\"round\"}]}]}}," \
	"\"texts\":{\"en\":{\"one\":\"one\",\"two\":\"two {{n}}\"," \
	"\"bad\":\"bad\",\"tick\":\"tick\",\"ping\":\"ping\"," \
	"\"due\":\"due\"}}}"

static int
setup_turn(void **state)
{
	return turn_setup(state, FLOW, "#!/bin/sh\n");
}

/* What the bot says to a chat, in order. */
static const char *
said(int chat)
{
	static char text[300];
	struct history_row row;
	int64_t after = 0;

	*text = '\0';
	while (history_unsent(db, chat, &after, &row)) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s",
		    len > 0 ? " " : "", row.text);
	}
	return text;
}

/* Claims the one that is ready. */
static struct exec
claim(int64_t worker)
{
	struct exec_place place = { INT64_MIN, 0 };
	struct exec exec;

	begin();
	assert_true(execs_ready(db, NOW, &place, &exec));
	state_ok(execs_claim(db, &exec, worker, NOW, &fault), &fault);
	commit();
	return exec;
}

static void
answer(const struct exec *exec, int64_t worker, int status, const char *output)
{
	struct handler_end end = { 0 };
	struct child_result result = { .status = status,
		.output = BUF_INIT(4096) };

	buf_add_text(&result.output, output);
	begin();
	state_ok(turn_exec_end(turn, exec, worker, &result, &end, NOW, &fault),
	    &fault);
	commit();
	buf_release(&result.output);
}

static void
step_waiting(void)
{
	bool more;

	begin();
	state_ok(turn_updates(turn, NOW, 100, &more, &fault), &fault);
	state_ok(turn_tasks(turn, NOW + 2000, 100, &more, &fault), &fault);
	commit();
}

static void
all_waits_in_order(void **state)
{
	struct exec exec;

	(void)state;
	say(1, "/run");
	assert_string_equal(said(1), "one");
	say(1, "/tick");
	say(2, "/tick");
	begin();
	state_ok(turn_event(turn, 1, "ping", NULL, NOW, &fault), &fault);
	commit();
	step_waiting();
	say(1, "/tick");
	assert_string_equal(said(1), "one");
	assert_string_equal(said(2), "tick");
	assert_int_equal(3,
	    number("SELECT count(*) FROM updates WHERE state = 'waiting'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends WHERE state = 'held'"
		   " AND reason = 'a handler works for the chat'"));
	exec = claim(OURS);
	answer(&exec, OURS, 0, "{\"set\":{\"n\":7}}");
	assert_string_equal(said(1), "one two 7");
	step_waiting();
	assert_string_equal(said(1), "one two 7 tick ping tick due");
	assert_int_equal(1,
	    number("SELECT count(*) FROM execs WHERE state = 'done'"));
}

/* Who ends a handler need not step updates (send-due): what is due and what
 * happens until somebody does must not overtake them. */
static void
nothing_overtakes(void **state)
{
	struct exec exec;
	bool more;

	(void)state;
	say(1, "/run");
	say(1, "/tick");
	exec = claim(OURS);
	answer(&exec, OURS, 0, "{\"set\":{\"n\":7}}");
	begin();
	state_ok(turn_tasks(turn, NOW + 2000, 100, &more, &fault), &fault);
	state_ok(turn_event(turn, 1, "ping", NULL, NOW, &fault), &fault);
	commit();
	assert_string_equal(said(1), "one two 7");
	step_waiting();
	assert_string_equal(said(1), "one two 7 tick ping due");
	assert_int_equal(0,
	    number("SELECT count(*) FROM updates WHERE state <> 'done'"));
}

/* What cannot be stepped at all does not keep the others for ever, whether it
 * fails or kills. */
static void
what_is_parked_keeps_nobody(void **state)
{
	static const char *const good =
	    "UPDATE updates SET event = 'gone' WHERE state = 'waiting'";
	struct exec exec;
	int waiting;

	(void)state;
	for (int chat = 1; chat <= 2; chat++) {
		say(chat, "/run");
		begin();
		state_ok(turn_event(turn, chat, "ping", NULL, NOW, &fault),
		    &fault);
		commit();
		state_exec(state_path, good);
		exec = claim(OURS);
		answer(&exec, OURS, 0, "{}");
		if (chat == 1)
			for (int i = 0; i < 3; i++)
				step_waiting();
		for (int i = 0; chat == 2 && i < 3; i++) {
			begin();
			if (i == 0) {
				bool more;
				state_ok(turn_tasks(turn, NOW + 2000, 100,
					     &more, &fault),
				    &fault);
			}
			state_ok(updates_count_tries(db, NOW, &waiting,
				     &fault),
			    &fault);
			commit();
		}
		assert_string_equal(said(chat),
		    chat == 1 ? "one two  due" : "one two ");
	}
	assert_int_equal(2,
	    number("SELECT count(*) FROM updates WHERE state = 'parked'"));
	step_waiting();
	assert_string_equal(said(2), "one two  due");
}

/* Whoever lost it changes nothing, and nothing is done twice. */
static void
one_owner(void **state)
{
	struct exec exec, again;

	(void)state;
	say(1, "/run");
	exec = claim(OURS);
	answer(&exec, OTHERS, 0, "{}");
	assert_string_equal(said(1), "one");
	int count = 0;
	begin();
	state_ok(execs_orphaned(db, OURS, &count, &fault), &fault);
	commit();
	assert_int_equal(count, 1);
	again = claim(OTHERS);
	assert_int_equal(again.attempt, 2);
	assert_int_equal(again.crashes, 1);
	answer(&exec, OURS, 0, "{}");
	assert_string_equal(said(1), "one");
	answer(&again, OTHERS, 0, "{}");
	assert_string_equal(said(1), "one two ");
	answer(&again, OTHERS, 0, "{}");
	assert_string_equal(said(1), "one two ");
	begin();
	exec = (struct exec){ .chat_id = 1,
		.flow = "f",
		.request = "{}",
		.resume = "{}" };
	state_ok(execs_add(db, &exec, &fault), &fault);
	assert_int_equal(execs_add(db, &exec, &fault), OUT_BUG);
	db_rollback(db);
}

static void
asks_to_be_run_again(void **state)
{
	struct exec_place place = { INT64_MIN, 0 };
	struct exec exec;

	(void)state;
	say(1, "/run");
	for (int i = 0; i < 2; i++) {
		exec = claim(OURS);
		assert_int_equal(exec.attempt, i + 1);
		answer(&exec, OURS, 75, "");
		assert_int_equal(number("SELECT not_before FROM execs"),
		    NOW + 2000 + i * 1000);
		begin();
		assert_false(execs_ready(db, NOW, &place, &exec));
		commit();
		state_exec(state_path, "UPDATE execs SET not_before = 0");
	}
	exec = claim(OURS);
	answer(&exec, OURS, 75, "");
	assert_string_equal(said(1), "one bad two ");
	assert_int_equal(1,
	    number("SELECT count(*) FROM execs WHERE state = 'failed'"
		   " AND retries = 2 AND reason LIKE '%3 times%'"));
}

static void
failures(void **state)
{
	static const struct {
		struct child_result result;
		const char *output, *why;
	} cases[] = {
		{ { .status = 1 }, "", "exit status 1" },
		{ { .status = -1, .signal = 11 }, "", "signal 11" },
		{ { .status = -1, .signal = 9, .timed_out = true }, "",
		    "timeout" },
		{ { .status = -1, .signal = 9, .overflow = true }, "",
		    "65536 bytes" },
		{ { .status = -1, .signal = 9, .flooded = true }, "",
		    "to stderr" },
		{ { .status = 0 }, "no", "cannot be used" },
		{ { .status = 0 }, "[]", "cannot be used" },
		{ { .status = 0 }, "{\"goto\":\"nowhere\"}", "nowhere" },
		{ { .status = 0 }, "{\"actions\":[{\"boom\":1}]}",
		    "/actions/0" },
		{ { .status = 0 }, "{\"set\":{\"m\":1}}", "/set/m" },
	};
	char sql[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct handler_end end = { 0 };
		struct child_result result = cases[i].result;
		int chat = (int)i + 1;

		say(chat, "/run");
		struct exec exec = claim(OURS);
		result.output = (struct buf)BUF_INIT(4096);
		buf_add_text(&result.output, cases[i].output);
		begin();
		state_ok(turn_exec_end(turn, &exec, OURS, &result, &end, NOW,
			     &fault),
		    &fault);
		commit();
		buf_release(&result.output);
		assert_string_equal(said(chat), "one bad two ");
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM execs WHERE chat_id = %d"
		    " AND state = 'failed' AND reason LIKE '%%%s%%'",
		    chat, cases[i].why);
		if (number(sql) != 1)
			fail_msg("'%s' is not the reason", cases[i].why);
	}
}

/* The flow cannot go on: a dead letter, and the chat does not wait for it. */
static void
dead(void **state)
{
	const char *became;
	struct exec exec;

	(void)state;
	say(1, "/round");
	say(1, "/tick");
	exec = claim(OURS);
	answer(&exec, OURS, 0, "{}");
	step_waiting();
	assert_string_equal(said(1), "tick");
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'exec'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM execs WHERE state = 'dead'"));
	say(1, "/run");
	begin();
	assert_int_equal(mend_item(db, "exec", exec.id, MEND_RETRY, NOW,
			     &became, &fault),
	    OUT_NEVER);
	assert_non_null(strstr(fault.text, "a handler works"));
	db_rollback(db);
	exec = claim(OURS);
	answer(&exec, OURS, 0, "{}");
	begin();
	state_ok(mend_item(db, "exec", 1, MEND_RETRY, NOW, &became, &fault),
	    &fault);
	assert_string_equal(became, "pending");
	commit();
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	exec = claim(OURS);
	assert_int_equal(exec.id, 1);
}

/* A bug is no reason to stop for everybody and for ever. */
static void
a_bug_is_buried(void **state)
{
	(void)state;
	say(1, "/run");
	struct exec exec = claim(OURS);
	state_exec(state_path,
	    "CREATE TRIGGER bug BEFORE INSERT ON messages"
	    " WHEN new.text LIKE 'two%'"
	    " BEGIN SELECT RAISE(ABORT, 'a bug'); END");
	answer(&exec, OURS, 0, "{}");
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'exec'"
		   " AND reason LIKE '%a bug%'"));
}

/* What a group writes under its new id must not come before the news. */
static void
a_group_moves_while_one_works(void **state)
{
	static const char raw[] =
	    "{\"update_id\":50,\"message\":{\"message_id\":5,\"date\":1,"
	    "\"chat\":{\"id\":1,\"type\":\"group\"},"
	    "\"migrate_to_chat_id\":77}}";
	int64_t row;
	bool fresh, more;

	(void)state;
	say(1, "/run");
	struct exec exec = claim(OURS);
	/* An operator's message about it. */
	state_exec(state_path,
	    "INSERT INTO messages(chat_id, state, role, created_at, method,"
	    " message_id, about)"
	    " VALUES(9, 'sent', 'assistant', 1, 'sendMessage', 8, 1)");
	begin();
	state_ok(updates_add(db, 50, raw, strlen(raw), NOW, &row, &fresh,
		     &fault),
	    &fault);
	state_ok(turn_updates(turn, NOW, 100, &more, &fault), &fault);
	commit();
	say(77, "/tick");
	assert_string_equal(said(77), "one");
	answer(&exec, OURS, 0, "{\"set\":{\"n\":7}}");
	step_waiting();
	assert_string_equal(said(77), "one two 7 tick due");
	assert_int_equal(1, number("SELECT count(*) FROM chats"));
	assert_int_equal(77, messages_about(db, 9, 8));
}

static void
what_it_is_told(void **state)
{
	struct handler handler;
	struct exec_place place = { INT64_MIN, 0 };
	struct exec exec;
	char dir[160];

	(void)state;
	say(1, "/run");
	begin();
	assert_true(execs_ready(db, NOW, &place, &exec));
	state_ok(execs_claim(db, &exec, OURS, NOW, &fault), &fault);
	state_ok(handler_plan(db, &exec, &handler, &fault), &fault);
	commit();
	json_t *input = json_loads(handler.input, 0, NULL);
	snprintf(dir, sizeof(dir), "%s/handlers/act", state_dir);
	assert_string_equal(handler.path, dir);
	assert_string_equal(handler.argv[0], "act");
	assert_string_equal(handler.argv[1], "-v");
	assert_null(handler.argv[2]);
	assert_int_equal(handler.timeout_ms, 9000);
	assert_string_equal(json_string_value(json_object_get(input, "key")),
	    handler.key);
	assert_string_equal(json_string_value(json_object_get(input, "flow")),
	    "x");
	assert_int_equal(json_integer_value(json_object_get(input, "attempt")),
	    1);
	assert_string_equal(json_string_value(
				json_object_get(json_object_get(input,
						    "input"),
				    "a")),
	    "1");
	const json_t *history = json_object_get(input, "history");
	assert_int_equal(json_array_size(history), 1);
	assert_string_equal(json_string_value(
				json_object_get(json_array_get(history, 0),
				    "text")),
	    "/run");
	json_decref(input);
	handler_release(&handler);
}

#define WITH_TURN(test) \
	cmocka_unit_test_setup_teardown(test, setup_turn, turn_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TURN(all_waits_in_order),
		WITH_TURN(nothing_overtakes),
		WITH_TURN(what_is_parked_keeps_nobody),
		WITH_TURN(one_owner),
		WITH_TURN(asks_to_be_run_again),
		WITH_TURN(failures),
		WITH_TURN(dead),
		WITH_TURN(a_bug_is_buried),
		WITH_TURN(a_group_moves_while_one_works),
		WITH_TURN(what_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
