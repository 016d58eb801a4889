/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * A flow that goes round in a circle: whatever made it do so is put aside, and
 * the person it was about begins again with nothing left of the place where it
 * happened.  An operator's message is about the person, not the operator.  And
 * whatever else goes wrong in one step, a bug of ours too, is that step's.
 */
#include "turn_case.h"

#include "turn/turn_tasks.h"

#define HOUR_MS (60 * 60000)

#define FLOW \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"idle\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"roles\":{\"op\":[501]},\"vars\":{\"v\":{\"type\":\"text\"}}," \
	"\"commands\":{\"/idle\":[{\"goto\":\"idle\"}]," \
	"\"/ask\":[{\"goto\":\"asked\"}]," \
	"\"/later\":[{\"schedule\":\"turn\",\"after\":\"5m\"," \
	"\"do\":[{\"goto\":\"round\"}]},{\"goto\":\"asked\"}]," \
	"\"/help\":[{\"goto\":\"other\"}]}," \
	"\"states\":{\"idle\":{\"final\":true}," \
	"\"other\":{\"enter\":[{\"handoff\":{\"role\":\"op\"," \
	"\"on_end\":[{\"goto\":\"round\"}]}}]}," \
	"\"asked\":{\"ask\":{\"text\":\"q\",\"var\":\"v\"," \
	"\"choices\":[{\"id\":\"a\",\"text\":\"q\"}]}," \
	"\"then\":\"idle\",\"ttl\":\"1h\"," \
	"\"on_expire\":[{\"goto\":\"round\"}]}," \
	"\"round\":{\"enter\":[{\"if\":{\"not\":{\"tag\":\"out\"}}," \
	"\"then\":[{\"goto\":\"round\"}]}]}}," \
	"\"texts\":{\"en\":{\"q\":\"Q\"}}}"

static int
setup_turn(void **state)
{
	return turn_setup(state, FLOW, "");
}

/* They write it until it is done, or given up. */
static void
write_all(int chat, const char *what)
{
	receive(chat, what);
	step_updates(10);
}

static void
promote(int64_t now)
{
	bool more;

	begin();
	state_ok(turn_tasks(turn, now, 100, &more, &fault), &fault);
	commit();
}

/* Person 5 asks for the operator, whose message about it has the id 77. */
static void
call_operator(void)
{
	write_all(501, "\"text\":\"/idle\"");
	write_all(5, "\"text\":\"/help\"");
	state_exec(state_path,
	    "UPDATE messages SET state = 'sent', message_id = 77"
	    " WHERE about = 5");
}

#define REPLY \
	"\"reply_to_message\":{\"message_id\":77,\"date\":1," \
	"\"chat\":{\"id\":501,\"type\":\"private\"}},"

/* A picture is more than what is written below it. */
static void
the_operators_media_arrive(void **state)
{
	(void)state;
	call_operator();
	write_all(501,
	    REPLY "\"photo\":[{\"file_id\":\"f\",\"file_unique_id\":\"u\","
		  "\"width\":1,\"height\":1}],\"caption\":\"look\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE chat_id = 5"
		   " AND role = 'operator' AND method = 'copyMessage'"
		   " AND params ->> '$.from_chat_id' = 501"
		   " AND params ->> '$.message_id' = 1003"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE chat_id = 501"
		   " AND state = 'received' AND text = 'look'"));
	write_all(501, REPLY "\"text\":\"well\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE chat_id = 5"
		   " AND role = 'operator' AND method = 'sendMessage'"
		   " AND text = 'well'"));
}

/* Nobody is made up for the sake of an answer, and the operator is told. */
static void
an_answer_to_nobody_is_told(void **state)
{
	(void)state;
	call_operator();
	state_exec(state_path, "DELETE FROM chats WHERE chat_id = 5");
	write_all(501, REPLY "\"text\":\"well\"");
	assert_int_equal(0,
	    number("SELECT count(*) FROM chats WHERE chat_id = 5"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages WHERE chat_id = 5"
		   " AND text = 'well'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE chat_id = 501"
		   " AND text LIKE 'This talk is over%'"));
}

static void
the_person_begins_again_not_the_operator(void **state)
{
	(void)state;
	call_operator();
	state_exec(state_path,
	    "UPDATE chats SET state = 'other' WHERE chat_id = 501");
	write_all(501, REPLY "\"text\":\"/done\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters"
		   " WHERE kind = 'update'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = 501"
		   " AND state = 'other'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = 5"
		   " AND state = 'idle' AND handoff_until = 0"));
}

/* Nothing of the question, nor of the end of its session, is left. */
static void
assert_begins_again(void)
{
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'task'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = 5"
		   " AND state = 'idle' AND expires_at = 0 AND asked_at = 0"
		   " AND memory ->> '$.ttl' IS NULL"
		   " AND memory ->> '$.ask' IS NULL"));
	assert_int_equal(0, number("SELECT count(*) FROM tasks"));
}

static void
a_schedule_that_goes_round(void **state)
{
	(void)state;
	write_all(5, "\"text\":\"/later\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE state = 'asked'"
		   " AND asked_at > 0 AND memory ->> '$.ttl' IS NOT NULL"));
	assert_int_equal(2, number("SELECT count(*) FROM tasks"));
	promote(NOW + 5 * 60000);
	assert_begins_again();
}

/* Its own timer: else the session would never end again. */
static void
an_end_that_goes_round(void **state)
{
	(void)state;
	write_all(5, "\"text\":\"/ask\"");
	promote(NOW + HOUR_MS);
	assert_begins_again();
	write_all(5, "\"text\":\"/ask\"");
	assert_int_equal(1, number("SELECT count(*) FROM tasks"));
}

/* What the database refuses is no reason to stop for everybody and for ever. */
static void
a_bug_costs_only_what_it_is_in(void **state)
{
	(void)state;
	write_all(6, "\"text\":\"/ask\"");
	state_exec(state_path,
	    "CREATE TRIGGER bug BEFORE UPDATE ON chats"
	    " WHEN new.chat_id = 6 AND new.state <> 'asked'"
	    " BEGIN SELECT RAISE(ABORT, 'a bug'); END");
	write_all(6, "\"text\":\"/idle\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'update'"
		   " AND reason LIKE '%a bug%'"));
	write_all(5, "\"text\":\"/ask\"");
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = 5"
		   " AND state = 'asked'"));
	state_exec(state_path,
	    "DROP TRIGGER bug;"
	    "CREATE TRIGGER bug BEFORE INSERT ON task_ends"
	    " WHEN new.chat_id = 6 AND new.state = 'promoted'"
	    " BEGIN SELECT RAISE(ABORT, 'a bug'); END");
	promote(NOW + HOUR_MS);
	assert_int_equal(2,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'task'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'task'"
		   " AND chat_id = 6 AND reason LIKE '%a bug%'"));
}

#define WITH_TURN(test) \
	cmocka_unit_test_setup_teardown(test, setup_turn, turn_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TURN(the_operators_media_arrive),
		WITH_TURN(an_answer_to_nobody_is_told),
		WITH_TURN(the_person_begins_again_not_the_operator),
		WITH_TURN(a_schedule_that_goes_round),
		WITH_TURN(an_end_that_goes_round),
		WITH_TURN(a_bug_costs_only_what_it_is_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
