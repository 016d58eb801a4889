/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * What another program's people said, in our history: in order, once, and
 * before what was said here.
 */
#include "state_db.h"
#include "store/said.h"

#define NOW INT64_C(1800000000000)

static bool
add(int64_t at, const char *role, const char *text)
{
	const struct said said = { .chat_id = 7,
		.at = at,
		.role = role,
		.text = text };
	bool added;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(said_add(db, &said, NOW, &added, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	return added;
}

static void
the_same_is_known(void **state)
{
	(void)state;
	assert_true(add(NOW - 5000, "user", "Hi"));
	assert_false(add(NOW - 5000, "user", "Hi"));
	assert_true(add(NOW - 5000, "assistant", "Hi"));
	assert_true(add(NOW - 5000, "user", "Hi!"));
	assert_true(add(NOW - 4999, "user", "Hi"));
	assert_int_equal(4,
	    state_number(state_path, "SELECT count(*) FROM history"));
}

static void
time_is_the_order(void **state)
{
	(void)state;
	state_exec(state_path,
	    "INSERT INTO messages(id, chat_id, state, role, created_at,"
	    " settled_at, text) VALUES(1, 7, 'received', 'user', 1, 1, 'us')");
	add(NOW - 1, "user", "c");
	add(1376438400000, "user", "a");
	add(NOW - 2, "user", "b");
	add(NOW - 1, "assistant", "d");
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT group_concat(text, '') = 'abcdus' FROM (SELECT text"
		" FROM history WHERE chat_id = 7 ORDER BY id)"));
}

static void
what_is_no_time_is_refused(void **state)
{
	static const int64_t times[] = { INT64_MIN, -1, 0, 1376438399999,
		NOW + 25 * 3600 * 1000, INT64_MAX };
	bool added;

	(void)state;
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const struct said said = { 7, times[i], "user", "Hi" };
		assert_int_equal(OUT_NEVER,
		    said_add(db, &said, NOW, &added, &fault));
		assert_int_equal(EXIT_INPUT, fault.code);
	}
	state_ok(db_commit(db, &fault), &fault);
	assert_int_equal(0,
	    state_number(state_path, "SELECT count(*) FROM messages"));
}

/* An import of many chats by one who knows the day only. */
static void
many_have_one_instant(void **state)
{
	char text[16];

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_true(add(NOW - 9, "user", text));
	}
	assert_int_equal(50,
	    state_number(state_path,
		"SELECT count(DISTINCT id) FROM messages WHERE id < 0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(the_same_is_known),
		WITH_DB(time_is_the_order),
		WITH_DB(what_is_no_time_is_refused),
		WITH_DB(many_have_one_instant),
	};

	return cmocka_run_group_tests_name("said", tests, NULL, NULL);
}
