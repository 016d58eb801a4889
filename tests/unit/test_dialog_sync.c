/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram shared store net base */
/*
 * Where people are in the dialogs of other programs: who is taken where, who
 * is told, and that neither goes on for ever.
 */
#include "redis_case.h"
#include "store/dialogs.h"
#include "store/forget.h"
#include "store/mirror.h"
#include "turn/dialog_sync.h"
#include "turn_case.h"

#define FLOW \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\"," \
	"\"vars\":{\"name\":{\"pii\":true},\"n\":{\"type\":\"int\"}}," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"commands\":{\"/start\":[{\"goto\":\"hello\"}]}," \
	"\"fallback\":[{\"send\":\"what\"}]," \
	"\"states\":{\"hello\":{\"enter\":[{\"send\":\"hi\"}]}," \
	"\"name\":{\"alias\":[\"their_name\"],\"ask\":{\"text\":\"who\"," \
	"\"var\":\"name\"},\"then\":\"done\"}," \
	"\"done\":{\"enter\":[{\"send\":\"thanks\"}]}}," \
	"\"texts\":{\"en\":{\"hi\":\"Hi\",\"what\":\"What\"," \
	"\"who\":\"Who\",\"thanks\":\"Thanks {{name}}\"}}}"

static struct dialog_sync *dialogs;

static void
open_sync(const char *mode)
{
	struct config *own = NULL;

	dialog_sync_close(dialogs);
	setenv("LEADPIPE_DIALOGS", mode, 1);
	state_ok(config_open(&own, "/dev/null", &fault), &fault);
	state_ok(dialog_sync_open(&dialogs, turn, own, 42, &fault), &fault);
	config_close(own);
	unsetenv("LEADPIPE_DIALOGS");
}

static int
with_redis(void **state)
{
	if (turn_setup(state, FLOW, "#!/bin/sh\n") < 0)
		return -1;
	redis_afresh(db);
	open_sync("both");
	return 0;
}

static int
without_redis(void **state)
{
	dialog_sync_close(dialogs);
	dialogs = NULL;
	redis_close(redis);
	return turn_teardown(state);
}

#define WITH_REDIS(test) \
	cmocka_unit_test_setup_teardown(test, with_redis, without_redis)

/* CHAT writes TEXT; they are asked for first, as the loop does. */
static void
write_to_us(int chat, const char *text)
{
	char *what = mem_printf("\"text\":\"%s\"", text);

	receive(chat, what);
	free(what);
	dialog_sync_ask(dialogs, redis);
	step_updates(1);
}

/* Tells what there is; how many round trips were made. */
static int
tell_all(void)
{
	bool more = true;
	int trips = 0;

	for (; more && trips < 100; trips++)
		state_ok(dialog_sync_tell(dialogs, redis, 1000, &more, &fault),
		    &fault);
	assert_false(more);
	return trips;
}

static void
look_at_all(void)
{
	char cursor[KEY_CURSOR_SIZE] = "0";

	do
		state_ok(dialog_sync_look(dialogs, redis, cursor, &fault),
		    &fault);
	while (strcmp(cursor, "0") != 0);
}

static bool
is_in(int64_t chat, const char *in)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM chats WHERE chat_id = %lld"
	    " AND state = '%s'",
	    (long long)chat, in);
	return number(sql) == 1;
}

static void
a_value_that_does_not_fit_costs_nobody_the_dialog(void **state)
{
	(void)state;
	theirs("HSET user:state:7 state their_name n many name Ann");
	write_to_us(7, "Bob");
	assert_true(is_in(7, "done"));
	tell_all();
	assert_string_equal("done", theirs("HGET user:state:7 state"));
	assert_string_equal("Bob", theirs("HGET user:state:7 name"));
	assert_string_equal("many", theirs("HGET user:state:7 n"));
}

/* They come back before Redis was told: what is there would be everything that
 * was to be forgotten. */
static void
who_was_forgotten_is_not_taken_back(void **state)
{
	struct subject subject = { 0 };
	enum forget_wait wait;

	(void)state;
	theirs("HSET user:state:7 state their_name");
	write_to_us(7, "Ann");
	tell_all();
	assert_string_equal("Ann", theirs("HGET user:state:7 name"));
	state_exec(state_path,
	    "UPDATE messages SET state = 'sent' WHERE state = 'queued'");
	state_exec(state_path, "DELETE FROM lanes");
	state_ok(subject_resolve(db, "7", &subject, &fault), &fault);
	state_ok(forget_delete(db, &subject, true, NOW, state_soon(), &wait,
		     &fault),
	    &fault);
	subject_release(&subject);
	write_to_us(7, "/start");
	assert_true(is_in(7, "hello"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM chats WHERE vars LIKE '%Ann%'"));
	tell_all();
	tell_all();
	assert_string_equal("hello", theirs("HGET user:state:7 state"));
	assert_string_equal("(nil)", theirs("HGET user:state:7 name"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM mirror WHERE exported < version"));
	write_to_us(7, "x");
	assert_true(is_in(7, "hello"));
}

static void
locked_ones_are_not_asked_for_ever(void **state)
{
	(void)state;
	for (int i = 1; i <= 250; i++)
		say(i, "/start");
	setenv("LEADPIPE_DIALOG_LOCK_KEY", "lock:{user}", 1);
	open_sync("both");
	unsetenv("LEADPIPE_DIALOG_LOCK_KEY");
	for (int i = 1; i <= 250; i++)
		theirs("SET lock:%d 1", i);
	assert_int_equal(3, tell_all());
	/* After the next commit there is nothing to be asked for a while. */
	theirs("CONFIG RESETSTAT");
	assert_int_equal(1, tell_all());
	assert_string_equal("0",
	    theirs("EVAL %s 0",
		"return redis.call('INFO', 'commandstats'):match("
		"'cmdstat_evalsha:calls=(%d+)') or '0'"));
	for (int i = 1; i <= 250; i++)
		theirs("DEL lock:%d", i);
	dialog_sync_close(dialogs);
	dialogs = NULL;
	open_sync("both");
	tell_all();
	assert_string_equal("hello", theirs("HGET user:state:250 state"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM mirror WHERE exported < version"));
}

/* Killed after Redis was told, before that was noted: what is there is ours. */
static void
what_we_wrote_moves_nobody(void **state)
{
	(void)state;
	theirs("HSET user:state:7 state their_name n 5");
	write_to_us(7, "Ann");
	tell_all();
	state_exec(state_path, "DELETE FROM dialogs");
	state_exec(state_path, "UPDATE chats SET entered_at = 77");
	look_at_all();
	assert_int_equal(77, number("SELECT entered_at FROM chats"));
	assert_true(is_in(7, "done"));
	assert_int_equal(1, number("SELECT count(*) FROM dialogs"));
	/* Another value is another program's. */
	theirs("HSET user:state:7 n 6");
	look_at_all();
	assert_true(number("SELECT entered_at FROM chats") != 77);
}

static void
without_a_flow_nobody_is_told(void **state)
{
	(void)state;
	write_to_us(7, "/start");
	tell_all();
	assert_string_equal("hello", theirs("HGET user:state:7 state"));
	state_exec(state_path, "DELETE FROM meta WHERE key = 'flow'");
	state_exec(state_path, "UPDATE chats SET seen_at = seen_at + 1");
	dialog_sync_close(dialogs);
	dialogs = NULL;
	turn_close(turn);
	turn = NULL;
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	open_sync("both");
	tell_all();
	assert_string_equal("hello", theirs("HGET user:state:7 state"));
}

static void
what_cannot_be_read_is_told_once(void **state)
{
	char name[64];

	(void)state;
	theirs("LPUSH user:state:7 x");
	write_to_us(7, "/start");
	write_to_us(7, "/start");
	assert_int_equal(1, dialog_sync_counts(dialogs)->unknown);
	assert_int_equal(1, dialogs_unknown(db, name, sizeof(name)));
	assert_string_equal("(list)", name);
	tell_all();
	assert_string_equal("list", theirs("TYPE user:state:7"));
	theirs("DEL user:state:7");
	write_to_us(7, "/start");
	assert_int_equal(0, dialogs_unknown(db, name, sizeof(name)));
	tell_all();
	assert_string_equal("hello", theirs("HGET user:state:7 state"));
}

static void
an_unknown_state_stays_until_it_is_known(void **state)
{
	char name[64];

	(void)state;
	write_to_us(7, "/start");
	tell_all();
	theirs("HSET user:state:7 state quiz_7");
	write_to_us(7, "/start");
	assert_int_equal(1, dialogs_unknown(db, name, sizeof(name)));
	tell_all();
	assert_string_equal("quiz_7", theirs("HGET user:state:7 state"));
	char *foreign = dialogs_foreign(db, 7);
	assert_string_equal("quiz_7", foreign);
	free(foreign);
	theirs("HSET user:state:7 state their_name");
	look_at_all();
	assert_true(is_in(7, "name"));
	assert_int_equal(0, dialogs_unknown(db, name, sizeof(name)));
}

static void
groups_and_strangers_have_none(void **state)
{
	(void)state;
	state_exec(state_path,
	    "INSERT INTO chats(chat_id, state, created_at, seen_at)"
	    " VALUES(-7, 'hello', 1, 1)");
	theirs("HSET user:state:-7 state their_name");
	theirs("HSET user:state:8 state their_name");
	theirs("HSET user:state:99x state their_name");
	look_at_all();
	assert_true(is_in(-7, "hello"));
	assert_int_equal(1, number("SELECT count(*) FROM chats"));
	tell_all();
	assert_string_equal("their_name", theirs("HGET user:state:-7 state"));
}

/* The updates of one transaction are all asked for. */
static void
a_full_transaction_is_asked_for(void **state)
{
	for (int i = 1; i <= 100; i++) {
		receive(i, "\"text\":\"Ann\"");
		theirs("HSET user:state:%d state their_name", i);
	}
	(void)state;
	dialog_sync_ask(dialogs, redis);
	step_updates(1);
	assert_int_equal(100,
	    number("SELECT count(*) FROM chats WHERE state = 'done'"));
}

static void
a_failure_is_no_reason_to_go_on(void **state)
{
	bool more = true;

	(void)state;
	for (int i = 1; i <= 120; i++)
		say(i, "/start");
	redis_end_by(redis, clock_mono_ms() + 100);
	redis_server_freeze(&server);
	assert_int_equal(OUT_LATER,
	    dialog_sync_tell(dialogs, redis, 1000, &more, &fault));
	redis_server_thaw(&server);
	assert_false(more);
	state_exec(state_path, "DELETE FROM breakers");
	redis_close(redis);
	redis = redis_server_client(&server, db, REDIS_SYNC);
	assert_int_equal(2, tell_all());
	assert_string_equal("hello", theirs("HGET user:state:1 state"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(a_value_that_does_not_fit_costs_nobody_the_dialog),
		WITH_REDIS(who_was_forgotten_is_not_taken_back),
		WITH_REDIS(locked_ones_are_not_asked_for_ever),
		WITH_REDIS(what_we_wrote_moves_nobody),
		WITH_REDIS(without_a_flow_nobody_is_told),
		WITH_REDIS(what_cannot_be_read_is_told_once),
		WITH_REDIS(an_unknown_state_stays_until_it_is_known),
		WITH_REDIS(groups_and_strangers_have_none),
		WITH_REDIS(a_full_transaction_is_asked_for),
		WITH_REDIS(a_failure_is_no_reason_to_go_on),
	};

	return cmocka_run_group_tests_name("dialog_sync", tests, start, stop);
}
