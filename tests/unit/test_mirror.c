/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * What a real Redis is told of chats: which state of the bot may, from where
 * it goes on, and what stays behind.
 */
#include "base/mem.h"
#include "redis_case.h"
#include "shared/mirror_push.h"
#include "state_db.h"
#include "store/meta.h"
#include "store/mirror.h"

static struct mirror_options options = { .wanted = true, .history = 2 };
static int64_t users;
static bool more;

static void
chat(int64_t id, const char *in)
{
	char *sql =
	    mem_printf("INSERT INTO chats(chat_id, state, created_at, seen_at)"
		       " VALUES(%lld, '%s', 1, 1) ON CONFLICT(chat_id)"
		       " DO UPDATE SET state = excluded.state",
		(long long)id, in);

	state_exec(state_path, sql);
	free(sql);
}

static int
with_redis(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis_afresh(db);
	options = (struct mirror_options){ .wanted = true, .history = 2 };
	chat(7, "hello");
	chat(8, "hello");
	return 0;
}

static int
without_redis(void **state)
{
	redis_close(redis);
	redis = NULL;
	return teardown(state);
}

#define WITH_REDIS(test) \
	cmocka_unit_test_setup_teardown(test, with_redis, without_redis)

static enum outcome
push(void)
{
	return mirror_push(redis, db, 42, &options, &users, &more, &fault);
}

/* WANT chats are told of, and that is all. */
static void
told(int64_t want)
{
	state_ok(push(), &fault);
	assert_int_equal(want, users);
	assert_false(more);
}

static void
each_is_told_once(void **state)
{
	(void)state;
	told(2);
	assert_string_equal("hello", theirs("HGET lp:chat:42:7 state"));
	told(0);
	chat(7, "paid");
	told(1);
	assert_string_equal("paid", theirs("HGET lp:chat:42:7 state"));
	assert_int_equal(0, mirror_behind_count(db));
	assert_true(mirror_told_at(db) > 0);
}

static void
a_lower_version_is_not_written(void **state)
{
	(void)state;
	told(2);
	theirs("HSET lp:chat:42:7 ver 99999 state theirs");
	chat(7, "paid");
	told(1);
	assert_string_equal("theirs", theirs("HGET lp:chat:42:7 state"));
}

/* As a host has that was set up anew: its versions begin at 1 again. */
static void
another_database_is_another_state(void **state)
{
	int64_t epoch;

	(void)state;
	told(2);
	for (int i = 0; i < 5; i++)
		chat(7, i % 2 ? "a" : "b");
	told(1);
	epoch = meta_int(db, META_MIRROR_EPOCH, 0);
	state_exec(state_path, "DELETE FROM mirror");
	state_exec(state_path, "DELETE FROM meta");
	chat(7, "new");
	told(2);
	assert_string_equal("new", theirs("HGET lp:chat:42:7 state"));
	assert_true(meta_int(db, META_MIRROR_EPOCH, 0) > epoch);
}

static void
the_older_one_is_refused(void **state)
{
	(void)state;
	told(2);
	theirs("HSET lp:mirror:42 epoch 9000000000000");
	chat(7, "paid");
	assert_int_equal(OUT_NEVER, push());
	assert_non_null(strstr(fault.text, "newer state"));
	assert_string_equal("hello", theirs("HGET lp:chat:42:7 state"));
	char *why = meta_text(db, META_MIRROR_FAULT);
	assert_string_equal(fault.text, why);
	free(why);
	/* It may have begun in between. */
	theirs("HSET lp:chat:42:7 epoch 9000000000000");
	state_exec(state_path,
	    "UPDATE meta SET value = 8000000000000"
	    " WHERE key = 'mirror_epoch'");
	theirs("HSET lp:mirror:42 epoch 8000000000000");
	assert_int_equal(OUT_NEVER, push());
	/* Set up anew, it is the newest, though its clock is slow. */
	state_exec(state_path, "DELETE FROM meta WHERE key = 'mirror_epoch'");
	theirs("HSET lp:mirror:42 epoch 9000000000000");
	told(2);
	assert_string_equal("9000000000001",
	    theirs("HGET lp:chat:42:7 epoch"));
	assert_false(meta_has(db, META_MIRROR_FAULT));
}

static void
a_redis_that_lost_it_is_told_all(void **state)
{
	(void)state;
	told(2);
	theirs("FLUSHALL");
	told(2);
	theirs("HSET lp:mirror:42 epoch nonsense");
	told(2);
	/* Restarted: its id is another one. */
	state_exec(state_path,
	    "UPDATE meta SET value = 'other' WHERE key = 'mirror'");
	told(2);
	told(0);
}

static void
a_bad_key_stops_no_other(void **state)
{
	(void)state;
	told(2);
	theirs("SET lp:chat:42:7 x");
	chat(7, "paid");
	chat(8, "paid");
	assert_int_equal(OUT_NEVER, push());
	assert_int_equal(1, users);
	assert_non_null(strstr(fault.text,
	    "lp:chat:42:7 is a string of another program, not a hash"));
	assert_string_equal("paid", theirs("HGET lp:chat:42:8 state"));
	assert_true(meta_has(db, META_MIRROR_FAULT));
	assert_int_equal(1, mirror_behind_count(db));
	theirs("DEL lp:chat:42:7");
	told(1);
	assert_false(meta_has(db, META_MIRROR_FAULT));
	theirs("DEL lp:mirror:42");
	theirs("SET lp:mirror:42 x");
	assert_int_equal(OUT_NEVER, push());
	assert_non_null(strstr(fault.text, "lp:mirror:42 is a string"));
	assert_int_equal(0, users);
}

/* Killed after some were marked, and after some were told. */
static void
a_walk_goes_on(void **state)
{
	bool left;

	(void)state;
	for (int i = 0; i < 20; i++)
		chat(100 + i, "hello");
	state_ok(mirror_begin(db, "x", 5, state_soon(), &fault), &fault);
	state_ok(mirror_mark(db, 5, state_soon(), &left, &fault), &fault);
	assert_true(left);
	assert_int_equal(5, mirror_behind_count(db));
	state_ok(mirror_mark(db, 5, state_soon(), &left, &fault), &fault);
	assert_int_equal(10, mirror_behind_count(db));
	struct mirror_row rows[3];
	assert_int_equal(3, mirror_behind(db, INT64_MIN, 3, rows));
	state_ok(mirror_pushed(db, rows, 3, state_soon(), &fault), &fault);
	while (left)
		state_ok(mirror_mark(db, 5, state_soon(), &left, &fault),
		    &fault);
	assert_int_equal(19, mirror_behind_count(db));
}

static void
who_is_gone_is_told_and_forgotten(void **state)
{
	(void)state;
	chat(-5, "group");
	state_exec(state_path,
	    "INSERT INTO meta(key, value) VALUES('dialogs', '1')");
	told(3);
	state_exec(state_path, "UPDATE mirror SET exported = version");
	state_exec(state_path, "DELETE FROM chats WHERE chat_id <> 8");
	/* A chat that is new to Redis is there, too. */
	theirs("HSET lp:chat:42:7 ver 1");
	told(2);
	assert_string_equal("0",
	    theirs("EXISTS lp:chat:42:7 lp:chat:42:-5 lp:history:42:7"));
	/* Programs with dialogs have not heard of it; of groups they know
	 * none. */
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT count(*) FROM mirror WHERE chat_id = 7"));
	assert_int_equal(0,
	    state_number(state_path,
		"SELECT count(*) FROM mirror WHERE chat_id = -5"));
}

static void
a_group_that_moves_moves(void **state)
{
	(void)state;
	chat(-5, "group");
	told(3);
	state_exec(state_path,
	    "UPDATE chats SET chat_id = -1005 WHERE chat_id = -5");
	told(2);
	assert_string_equal("group", theirs("HGET lp:chat:42:-1005 state"));
	assert_string_equal("0", theirs("EXISTS lp:chat:42:-5"));
}

static void
not_wanted_it_is_left_alone(void **state)
{
	(void)state;
	told(2);
	options.wanted = false;
	told(0);
	chat(7, "paid");
	state_exec(state_path, "DELETE FROM chats WHERE chat_id = 8");
	assert_false(mirror_wanted(db));
	assert_int_equal(0, mirror_behind_count(db));
	options.wanted = true;
	told(2);
	assert_string_equal("paid", theirs("HGET lp:chat:42:7 state"));
	assert_string_equal("0", theirs("EXISTS lp:chat:42:8"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(each_is_told_once),
		WITH_REDIS(a_lower_version_is_not_written),
		WITH_REDIS(another_database_is_another_state),
		WITH_REDIS(the_older_one_is_refused),
		WITH_REDIS(a_redis_that_lost_it_is_told_all),
		WITH_REDIS(a_bad_key_stops_no_other),
		WITH_REDIS(a_walk_goes_on),
		WITH_REDIS(who_is_gone_is_told_and_forgotten),
		WITH_REDIS(a_group_that_moves_moves),
		WITH_REDIS(not_wanted_it_is_left_alone),
	};

	return cmocka_run_group_tests_name("mirror", tests, start, stop);
}
