/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Circuit breakers: when they open, for how long, and what closes them.
 */
#include "state_db.h"

#include "store/breaker.h"
#include "store/counters.h"

#define NOW INT64_C(1800000000000)

static struct breaker
load(void)
{
	struct breaker breaker;

	breaker_load(db, "amocrm", &breaker);
	return breaker;
}

static void
fail_at(int64_t now)
{
	state_ok(breaker_failed(db, "amocrm", "HTTP 502", now, &fault),
	    &fault);
}

static bool
answer_at(int64_t now)
{
	bool recovered;

	state_ok(breaker_answered(db, "amocrm", now, &recovered, &fault),
	    &fault);
	return recovered;
}

static int
breaker_setup(void **state)
{
	if (setup(state) < 0)
		return -1;
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	return 0;
}

static int
breaker_teardown(void **state)
{
	db_rollback(db);
	return teardown(state);
}

static void
five_failures_open_it(void **state)
{
	(void)state;
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		fail_at(NOW + i);
	assert_int_equal(0, load().open_until);
	assert_int_equal(NOW, load().since);
	fail_at(NOW + 10);
	assert_int_equal(NOW + 10 + 30000, load().open_until);
	assert_int_equal(NOW, load().since);
	assert_string_equal("HTTP 502", load().reason);
}

static void
the_time_doubles_up_to_five_minutes(void **state)
{
	static const int64_t open_s[] = { 30, 60, 120, 240, 300, 300 };

	(void)state;
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		fail_at(NOW);
	for (size_t i = 0; i < sizeof(open_s) / sizeof(open_s[0]); i++) {
		fail_at(NOW);
		assert_int_equal(NOW + open_s[i] * 1000, load().open_until);
	}
}

static void
an_answer_closes_it(void **state)
{
	(void)state;
	assert_false(answer_at(NOW));
	for (int i = 0; i < BREAKER_FAILURES; i++)
		fail_at(NOW);
	assert_true(answer_at(NOW + 1));
	assert_int_equal(0, load().failures);
	assert_int_equal(0, load().since);
	assert_int_equal(0, load().open_until);
	assert_int_equal(NOW + 1, load().answered_at);
	assert_false(answer_at(NOW + 2));
}

/* Calls that left before a ban end after it, and must not shorten it. */
static void
a_ban_outlasts_failures(void **state)
{
	(void)state;
	state_ok(breaker_shut(db, "amocrm", BREAKER_CLOSED, 900000, 77,
		     "banned", NOW, &fault),
	    &fault);
	fail_at(NOW + 1000);
	assert_int_equal(BREAKER_CLOSED, load().kind);
	assert_int_equal(NOW + 900000, load().open_until);
	assert_int_equal(77, load().credential);
	assert_string_equal("banned", load().reason);
	/* Its trial was refused again: twice as long. */
	state_ok(breaker_shut(db, "amocrm", BREAKER_CLOSED, 900000, 77,
		     "banned", NOW + 900000, &fault),
	    &fault);
	assert_int_equal(NOW + 900000 + 1800000, load().open_until);
	assert_int_equal(NOW, load().since);
}

static void
floods_wait_longer_each_time(void **state)
{
	int64_t until;

	(void)state;
	for (int64_t wait = 1000; wait <= 8000; wait *= 2) {
		state_ok(breaker_flooded(db, "amocrm", 0, NOW, &until, &fault),
		    &fault);
		assert_int_equal(NOW + wait, until);
	}
	state_ok(breaker_flooded(db, "amocrm", 600000, NOW, &until, &fault),
	    &fault);
	assert_int_equal(NOW + 600000, until);
	assert_int_equal(0, load().open_until);
	answer_at(NOW);
	state_ok(breaker_flooded(db, "amocrm", 0, NOW, &until, &fault),
	    &fault);
	assert_int_equal(NOW + 1000, until);
}

static void
what_was_mended_by_hand_is_forgotten(void **state)
{
	const char *name = "";

	(void)state;
	fail_at(NOW);
	assert_true(breaker_next(db, "", &name));
	assert_string_equal("amocrm", name);
	assert_false(breaker_next(db, "amocrm", &name));
	state_ok(breaker_reset(db, "amocrm", &fault), &fault);
	assert_int_equal(0, load().failures);
	assert_false(breaker_next(db, "", &name));
}

static struct breaker
load_redis(void)
{
	struct breaker breaker;

	breaker_load(db, BREAKER_REDIS, &breaker);
	return breaker;
}

static void
redis_has_its_own_times(void **state)
{
	static const int64_t open_s[] = { 5, 10, 20, 40, 60, 60 };

	(void)state;
	state_ok(breaker_failed(db, BREAKER_REDIS, "refused", NOW, &fault),
	    &fault);
	assert_int_equal(0, load_redis().open_until);
	for (size_t i = 0; i < sizeof(open_s) / sizeof(open_s[0]); i++) {
		state_ok(breaker_failed(db, BREAKER_REDIS, "refused", NOW,
			     &fault),
		    &fault);
		assert_in_range(load_redis().open_until - NOW, open_s[i] * 800,
		    open_s[i] * 1200);
	}
}

static void
what_hangs_opens_it_at_once(void **state)
{
	(void)state;
	state_ok(breaker_hung(db, BREAKER_REDIS, "no answer", NOW, &fault),
	    &fault);
	assert_in_range(load_redis().open_until - NOW, 4000, 6000);
	assert_int_equal(2, load_redis().failures);
	/* No CRM has that name. */
	const char *name;
	assert_false(breaker_next(db, "", &name));
	fail_at(NOW);
	state_ok(db_commit(db, &fault), &fault);
	assert_int_equal(1, counter_sum(db, COUNT_CRM_FAILURES));
}

static void
what_redis_refuses_does_not_double(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		state_ok(breaker_shut(db, BREAKER_REDIS, BREAKER_DENIED, 60000,
			     1, "NOAUTH", NOW, &fault),
		    &fault);
		assert_int_equal(NOW + 60000, load_redis().open_until);
	}
}

static void
one_alone_tries_it(void **state)
{
	bool mine;

	(void)state;
	state_ok(breaker_hung(db, BREAKER_REDIS, "no answer", NOW, &fault),
	    &fault);
	state_ok(breaker_claim(db, BREAKER_REDIS, NOW + 3000, NOW + 9000,
		     &mine, &fault),
	    &fault);
	assert_false(mine);
	state_ok(breaker_claim(db, BREAKER_REDIS, NOW + 6000, NOW + 11000,
		     &mine, &fault),
	    &fault);
	assert_true(mine);
	state_ok(breaker_claim(db, BREAKER_REDIS, NOW + 6001, NOW + 11001,
		     &mine, &fault),
	    &fault);
	assert_false(mine);
	assert_int_equal(NOW + 11000, load_redis().open_until);
}

#define WITH_BREAKER(test) \
	cmocka_unit_test_setup_teardown(test, breaker_setup, breaker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BREAKER(five_failures_open_it),
		WITH_BREAKER(the_time_doubles_up_to_five_minutes),
		WITH_BREAKER(an_answer_closes_it),
		WITH_BREAKER(a_ban_outlasts_failures),
		WITH_BREAKER(floods_wait_longer_each_time),
		WITH_BREAKER(redis_has_its_own_times),
		WITH_BREAKER(what_hangs_opens_it_at_once),
		WITH_BREAKER(what_redis_refuses_does_not_double),
		WITH_BREAKER(one_alone_tries_it),
		WITH_BREAKER(what_was_mended_by_hand_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
