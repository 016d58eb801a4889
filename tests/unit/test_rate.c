/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * The limit that hosts share, in a real Redis whose clock is moved: an arrival
 * time that is earlier by an hour is an hour that went by.
 */
#include "redis_case.h"
#include "shared/rate.h"
#include "state_db.h"

#define KEY "lp:gcra:4242"
#define BOT 4242
#define SECOND_US 1000000

static struct rate rates[2];
static int64_t now;

/* 3 at once, then one each 35,715 us. */
static const struct limits limits = { .per_second = 30 };

static int
with_redis(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis_afresh(db);
	now = 1800000000000;
	for (int i = 0; i < 2; i++)
		rates[i] = (struct rate){ .shared = true,
			.allowance = { .share = 50 } };
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

/* What a command answers, as a number. */
static int64_t
number(const char *format, const char *key, long long argument)
{
	redis_add(redis, format, key, argument);
	redis_run_ok(redis);
	const struct redisReply *reply = redis_reply(redis, 0);
	return reply->type == REDIS_REPLY_INTEGER ? reply->integer
	    : reply->str			  ? atoll(reply->str)
						  : -1;
}

static int64_t
redis_now_us(void)
{
	redis_add(redis, "TIME");
	redis_run_ok(redis);
	const struct redisReply *time = redis_reply(redis, 0);
	return atoll(time->element[0]->str) * SECOND_US +
	    atoll(time->element[1]->str);
}

/* US go by, for Redis and for us. */
static void
go_by(int64_t us)
{
	now += us / 1000;
	if (number("EXISTS %s", KEY, 0) == 1)
		redis_add(redis, "INCRBY " KEY " %lld", (long long)-us);
	redis_run_ok(redis);
}

/* What RATE may send now; all of it is sent. */
static int64_t
send_all(struct rate *rate)
{
	rate_ask(rate, redis, BOT, &limits, true, now);
	assert_true(rate->allowance.rules);
	int64_t got = rate->allowance.left;
	rate->allowance.left = 0;
	return got;
}

static void
two_together_never_exceed_it(void **state)
{
	int64_t sent = 0, began = redis_now_us(), passed = 0;

	(void)state;
	for (; passed < SECOND_US; passed += 1000) {
		sent += send_all(&rates[passed % 2000 / 1000]);
		go_by(1000);
	}
	int64_t real = redis_now_us() - began;
	assert_true(sent >= 30);
	/* The last is less than a second after the first. */
	assert_true(sent <= 3 + (passed - 1000 + real) / 35715);
}

static void
a_second_has_no_more_than_its_messages(void **state)
{
	int64_t step, burst;

	(void)state;
	for (int64_t per = 1; per <= 100; per++) {
		const struct limits some = { .per_second = per };
		limits_bot_rate(&some, &step, &burst);
		assert_true(burst + (SECOND_US - 1) / step <= per);
	}
}

static void
what_is_not_used_is_given_back(void **state)
{
	(void)state;
	rate_ask(&rates[0], redis, BOT, &limits, true, now);
	assert_int_equal(3, rates[0].allowance.left);
	rates[0].allowance.left = 2;
	go_by(1000);
	rate_ask(&rates[0], redis, BOT, &limits, true, now);
	assert_int_equal(2, rates[0].allowance.left);
}

static void
quiet_does_not_pile_up(void **state)
{
	int64_t sent = 0, began;

	(void)state;
	rate_ask(&rates[0], redis, BOT, &limits, true, now);
	rate_ask(&rates[1], redis, BOT, &limits, true, now + 1);
	go_by(3600 * (int64_t)SECOND_US);
	began = redis_now_us();
	for (int i = 0; i < 4; i++) {
		rates[i % 2].allowance.wait_until = 0;
		sent += send_all(&rates[i % 2]);
	}
	assert_true(sent >= 3);
	assert_true(sent <= 3 + (redis_now_us() - began) / 35715);
}

static void
what_was_granted_is_not_kept(void **state)
{
	(void)state;
	rate_ask(&rates[0], redis, BOT, &limits, true, now);
	assert_int_equal(3, rates[0].allowance.left);
	rate_ask(&rates[0], redis, BOT, &limits, false, now);
	assert_int_equal(0, rates[0].allowance.left);
}

static void
answers_are_paid_for(void **state)
{
	(void)state;
	number("SET %s 0", KEY, 0);
	send_all(&rates[0]);
	rates[0].allowance.owed = 9;
	rate_ask(&rates[0], redis, BOT, &limits, false, now + 50);
	assert_int_equal(9, rates[0].allowance.owed);
	rate_ask(&rates[0], redis, BOT, &limits, false, now + 150);
	assert_int_equal(0, rates[0].allowance.owed);
	int64_t ahead = number("GET %s", KEY, 0) - redis_now_us();
	assert_true(ahead > 8 * 35715);
	/* Many: the others wait for half a second at most. */
	rates[0].allowance.owed = 100000;
	rate_ask(&rates[0], redis, BOT, &limits, false, now + 300);
	ahead = number("GET %s", KEY, 0) - redis_now_us();
	assert_true(ahead > 0 && ahead <= 4 * 3 * 35715);
}

static void
a_clock_that_goes_back_stops_nobody(void **state)
{
	(void)state;
	send_all(&rates[0]);
	go_by(-3600 * (int64_t)SECOND_US);
	assert_int_equal(3, send_all(&rates[0]));
	rates[0].allowance.owed = 1;
	now -= 3600 * 1000;
	rate_ask(&rates[0], redis, BOT, &limits, false, now);
	assert_int_equal(0, rates[0].allowance.owed);
}

static void
a_key_of_another_type_turns_it_off(void **state)
{
	(void)state;
	number("LPUSH %s %lld", KEY, 1);
	rate_ask(&rates[0], redis, BOT, &limits, true, now);
	assert_false(rates[0].allowance.rules);
	assert_int_equal(RATE_OFF, rates[0].found);
	assert_non_null(strstr(rates[0].why, "WRONGTYPE"));
	number("DEL %s", KEY, 0);
	rate_ask(&rates[0], redis, BOT, &limits, true, now + 1);
	assert_false(rates[0].allowance.rules);
	/* Nor does the other key harm ours. */
	number("SET %s %lld", "ratelimit:bot", 1);
	redis_add(redis, "APPEND ratelimit:bot x");
	redis_run_ok(redis);
	rates[1].join = "ratelimit:bot";
	rate_ask(&rates[1], redis, BOT, &limits, true, now);
	assert_int_equal(RATE_OFF, rates[1].found);
	assert_int_equal(0, number("EXISTS %s", KEY, 0));
}

static void
without_redis_it_has_its_share(void **state)
{
	int64_t sent[2] = { 0, 0 }, wait;
	bool bot_wide;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct limits mine = { .per_second = 30,
			.shared = i == 0 ? &rates[0].allowance : NULL };
		state_exec(state_path, "DELETE FROM limits");
		rate_ask(&rates[0], NULL, BOT, &mine, true, now);
		state_ok(db_begin(db, state_soon(), &fault), &fault);
		for (int64_t ms = 0; ms < 1000; ms++) {
			state_ok(limits_take(db, &mine, 7, false, 0, now + ms,
				     &wait, &bot_wide, &fault),
			    &fault);
			sent[i] += wait == 0;
		}
		state_ok(db_commit(db, &fault), &fault);
	}
	assert_int_equal(15, sent[0]);
	assert_int_equal(30, sent[1]);
}

static void
what_others_count_is_counted(void **state)
{
	struct rate *rate = &rates[0];

	(void)state;
	rate->join = "ratelimit:bot";
	number("SET %s 28 PX %lld", rate->join, 700);
	assert_int_equal(2, send_all(rate));
	assert_int_equal(30, number("GET %s", rate->join, 0));
	assert_true(number("PTTL %s", rate->join, 0) <= 700);
	assert_true(rate->allowance.wait_until > now + 100);
	now += 800;
	number("DEL %s", rate->join, 0);
	go_by(SECOND_US);
	rate_ask(rate, redis, BOT, &limits, true, now);
	assert_int_equal(3, rate->allowance.left);
	assert_int_equal(3, number("GET %s", rate->join, 0));
	assert_true(number("PTTL %s", rate->join, 0) <= 1000);
	/* The 3 were not used, but that second is over for those who count. */
	number("DEL %s", rate->join, 0);
	go_by(SECOND_US);
	rate_ask(rate, redis, BOT, &limits, true, now);
	assert_int_equal(3, number("GET %s", rate->join, 0));
	/* A counter that never ends is given an end. */
	number("PERSIST %s", rate->join, 0);
	rate_ask(rate, redis, BOT, &limits, true, now + 1);
	assert_true(number("PTTL %s", rate->join, 0) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(two_together_never_exceed_it),
		WITH_REDIS(a_second_has_no_more_than_its_messages),
		WITH_REDIS(what_is_not_used_is_given_back),
		WITH_REDIS(quiet_does_not_pile_up),
		WITH_REDIS(what_was_granted_is_not_kept),
		WITH_REDIS(answers_are_paid_for),
		WITH_REDIS(a_clock_that_goes_back_stops_nobody),
		WITH_REDIS(a_key_of_another_type_turns_it_off),
		WITH_REDIS(without_redis_it_has_its_share),
		WITH_REDIS(what_others_count_is_counted),
	};

	return cmocka_run_group_tests_name("rate", tests, start, stop);
}
