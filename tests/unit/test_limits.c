/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Limits: never more than promised in any window, answers never wait for them,
 * and a clock that jumps does not lock anybody out.
 */
#include "state_db.h"

#include "store/limits.h"

#define NOW INT64_C(1800000000000)

static const struct limits usual = { .per_second = 30,
	.chat_per_second = 1,
	.group_per_minute = 20 };

/* True when a message to CHAT may leave at NOW; else *UNTIL. */
static bool
take(const struct limits *limits, int64_t chat, bool answer, int64_t reserve,
    int64_t now, int64_t *until)
{
	bool bot_wide;

	state_ok(limits_take(db, limits, chat, answer, reserve, now, until,
		     &bot_wide, &fault),
	    &fault);
	return *until == 0;
}

/* Asks every ms; the most that left within any WINDOW_MS. */
static int
most_in_window(const struct limits *limits, bool one_chat, int64_t chat,
    int64_t reserve, int64_t span_ms, int64_t window_ms)
{
	static int64_t left[4096];
	int count = 0, most = 0;
	int64_t until;

	for (int64_t t = 0; t < span_ms; t += 5)
		while (take(limits, one_chat ? chat : 1000 + count, false,
		    reserve, NOW + t, &until))
			left[count++] = t;
	for (int i = 0, j = 0; i < count; i++) {
		while (left[i] - left[j] >= window_ms)
			++j;
		if (i - j + 1 > most)
			most = i - j + 1;
	}
	return most;
}

static void
begin(void)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
}

static void
a_bot_keeps_its_rate_in_every_second(void **state)
{
	(void)state;
	begin();
	int most = most_in_window(&usual, false, 0, 0, 4000, 1000);
	assert_in_range(most, 28, 30);
	db_rollback(db);
	begin();
	/* Broadcasts leave five a second to everything else. */
	most = most_in_window(&usual, false, 0, 5, 4000, 1000);
	assert_in_range(most, 23, 25);
	db_rollback(db);
}

static void
a_chat_gets_three_at_once_then_one_a_second(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int i = 0; i < 3; i++)
		assert_true(take(&usual, 5, false, 0, NOW, &until));
	assert_false(take(&usual, 5, false, 0, NOW, &until));
	assert_int_equal(NOW + 1000, until);
	assert_true(take(&usual, 5, false, 0, NOW + 1000, &until));
	assert_false(take(&usual, 5, false, 0, NOW + 1999, &until));
	assert_true(take(&usual, 6, false, 0, NOW + 2000, &until));
	db_rollback(db);
}

static void
a_group_gets_twenty_a_minute(void **state)
{
	(void)state;
	begin();
	int most = most_in_window(&usual, true, -100, 0, 180000, 60000);
	assert_in_range(most, 18, 20);
	db_rollback(db);
}

static void
answers_are_counted_but_do_not_wait(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int i = 0; i < 50; i++)
		assert_true(take(&usual, 5, true, 0, NOW, &until));
	assert_false(take(&usual, 9, false, 0, NOW, &until));
	/* Nor do they lock reminders out for longer than a moment. */
	assert_in_range(until, NOW + 1, NOW + 1000);
	db_rollback(db);
}

static void
a_flood_wait_is_for_the_chat_and_after_three_for_the_bot(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int64_t chat = 1; chat <= 2; chat++)
		state_ok(limits_flooded(db, chat, 7000, NOW, &until, &fault),
		    &fault);
	assert_int_equal(NOW + 7000, until);
	assert_false(take(&usual, 1, true, 0, NOW, &until));
	assert_int_equal(NOW + 7000, until);
	assert_true(take(&usual, 9, true, 0, NOW, &until));
	assert_int_equal(0, limits_blocked_until(db, NOW));
	state_ok(limits_flooded(db, 3, 9000, NOW + 4999, &until, &fault),
	    &fault);
	assert_false(take(&usual, 9, true, 0, NOW + 4999, &until));
	assert_int_equal(NOW + 13999, until);
	assert_true(take(&usual, 9, true, 0, NOW + 13999, &until));
	db_rollback(db);
}

static void
three_floods_far_apart_are_three_chats(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int64_t i = 0; i < 3; i++)
		state_ok(limits_flooded(db, i + 1, 1000, NOW + i * 5001,
			     &until, &fault),
		    &fault);
	assert_int_equal(0, limits_blocked_until(db, NOW + 10002));
	db_rollback(db);
}

static void
a_clock_set_back_locks_nobody_out(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int i = 0; i < 3; i++)
		assert_true(take(&usual, 5, false, 0, NOW + 3600000, &until));
	assert_true(take(&usual, 5, false, 0, NOW, &until));
	db_rollback(db);
}

static void
a_flood_wait_of_the_future_is_over(void **state)
{
	int64_t until;

	(void)state;
	begin();
	for (int64_t chat = 1; chat <= 3; chat++)
		state_ok(limits_flooded(db, chat, 7000, NOW + 3600000, &until,
			     &fault),
		    &fault);
	assert_false(take(&usual, 1, true, 0, NOW + 3600000, &until));
	assert_true(take(&usual, 1, true, 0, NOW, &until));
	assert_int_equal(0, limits_blocked_until(db, NOW));
	db_rollback(db);
}

static void
zero_turns_a_limit_off(void **state)
{
	const struct limits off = { 0 };
	int64_t until;

	(void)state;
	begin();
	for (int i = 0; i < 200; i++)
		assert_true(take(&off, i % 2 ? 5 : -5, false, 0, NOW, &until));
	db_rollback(db);
}

static bool
take_crm(int64_t per_second, int64_t burst, int64_t now, int64_t *until)
{
	state_ok(limits_take_crm(db, "amocrm", per_second, burst, now, until,
		     &fault),
	    &fault);
	return *until == 0;
}

/* amoCRM counts calls of any second; Bitrix24 has a bucket that leaks. */
static void
a_crm_has_a_rate_of_its_own(void **state)
{
	int64_t until, count = 0;

	(void)state;
	begin();
	for (int64_t t = 0; t < 3000; t += 5)
		count += take_crm(5, 1, NOW + t, &until);
	assert_int_equal(15, count);
	state_ok(limits_take_crm(db, "bitrix24", 2, 10, NOW, &until, &fault),
	    &fault);
	assert_int_equal(0, until);
	for (count = 1; until == 0; count++)
		state_ok(limits_take_crm(db, "bitrix24", 2, 10, NOW, &until,
			     &fault),
		    &fault);
	assert_int_equal(10, count - 1);
	assert_int_equal(NOW + 500, until);
	/* 0: off, but a 429 holds all the same. */
	for (int i = 0; i < 100; i++)
		assert_true(take_crm(0, 0, NOW + 3000, &until));
	state_ok(limits_block_crm(db, "amocrm", NOW + 9000, NOW + 3000,
		     &fault),
	    &fault);
	assert_false(take_crm(0, 0, NOW + 3000, &until));
	assert_int_equal(NOW + 9000, until);
	assert_true(take_crm(0, 0, NOW + 9000, &until));
	db_rollback(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(a_bot_keeps_its_rate_in_every_second),
		WITH_DB(a_chat_gets_three_at_once_then_one_a_second),
		WITH_DB(a_group_gets_twenty_a_minute),
		WITH_DB(answers_are_counted_but_do_not_wait),
		WITH_DB(
		    a_flood_wait_is_for_the_chat_and_after_three_for_the_bot),
		WITH_DB(three_floods_far_apart_are_three_chats),
		WITH_DB(a_clock_set_back_locks_nobody_out),
		WITH_DB(a_flood_wait_of_the_future_is_over),
		WITH_DB(zero_turns_a_limit_off),
		WITH_DB(a_crm_has_a_rate_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
