/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * Queues as BullMQ leaves them in Redis, without BullMQ: 531-bullmq.t has the
 * real one.
 */
#include "redis_case.h"
#include "shared/bull.h"
#include "state_db.h"

#define LEASE_MS 60000
#define Q "bull:orders"

static struct inbox *inbox;

static int
with_queue(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis = redis_server_client(&server, db, REDIS_SYNC);
	/* Slow machines, and valgrind, have their time. */
	redis_end_by(redis, clock_mono_ms() + 60000);
	redis_add(redis, "FLUSHALL");
	redis_add(redis,
	    "HSET " Q ":meta version bullmq:6.7.0 "
	    "opts.maxLenEvents 10000");
	redis_run_ok(redis);
	inbox = inbox_open(INBOX_BULL, Q, "token", LEASE_MS);
	return 0;
}

static int
without_queue(void **state)
{
	inbox_close(inbox);
	redis_close(redis);
	redis = NULL;
	return teardown(state);
}

#define WITH_QUEUE(test) \
	cmocka_unit_test_setup_teardown(test, with_queue, without_queue)

/* The job is there, but in no list. */
static void
make(const char *id, const char *options)
{
	redis_add(redis,
	    "HSET " Q ":%s name lead data %s opts %s timestamp 1000 "
	    "delay 0 priority 0",
	    id, "{\"phone\":1}", options);
	redis_run_ok(redis);
}

static void
put(const char *id)
{
	make(id, "{\"attempts\":0}");
	redis_add(redis, "LPUSH " Q ":wait %s", id);
	redis_run_ok(redis);
}

static void
do_it(const char *command)
{
	redis_add(redis, command);
	redis_run_ok(redis);
	assert_int_not_equal(REDIS_REPLY_ERROR, redis_reply(redis, 0)->type);
}

static long long
number(const char *command)
{
	do_it(command);
	assert_int_equal(REDIS_REPLY_INTEGER, redis_reply(redis, 0)->type);
	return redis_reply(redis, 0)->integer;
}

/* What COMMAND answers: texts with a blank between them. */
static const char *
text(const char *command)
{
	static char all[1024];
	const struct redisReply *reply;

	do_it(command);
	reply = redis_reply(redis, 0);
	all[0] = '\0';
	if (reply->type == REDIS_REPLY_STRING)
		return reply->str;
	for (size_t i = 0; i < reply->elements; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
		    i ? " " : "",
		    reply->element[i]->str ? reply->element[i]->str : "-");
	return all;
}

static void
take(int most)
{
	if (inbox_take(inbox, redis, most, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
}

/* The ids of what was taken. */
static const char *
taken(int most)
{
	static char ids[512];

	take(most);
	assert_string_equal("", inbox->trouble);
	ids[0] = '\0';
	for (int i = 0; i < inbox->count; i++)
		snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s%s",
		    i ? " " : "", inbox->arrivals[i].ticket);
	return ids;
}

static void
settle(enum arrival_fate fate)
{
	for (int i = 0; i < inbox->count; i++) {
		inbox->arrivals[i].fate = fate;
		if (fate != ARRIVAL_TAKEN)
			strcpy(inbox->arrivals[i].why, "because");
	}
	assert_int_equal(OUT_OK, inbox_settle(inbox, redis, &fault));
	assert_string_equal("", inbox->trouble);
}

static void
jobs_are_taken_locked_and_completed(void **state)
{
	(void)state;
	put("1");
	put("2");
	put("3");
	assert_string_equal("1 2", taken(2));
	assert_true(inbox->more);
	assert_string_equal("{\"phone\":1}", inbox->arrivals[0].raw);
	assert_string_equal(Q ":1@1000", inbox->arrivals[0].key);
	assert_string_equal("token", text("GET " Q ":1:lock"));
	assert_in_range(number("PTTL " Q ":1:lock"), 1, LEASE_MS);
	assert_string_equal("2 1", text("LRANGE " Q ":active 0 -1"));
	assert_string_equal("leadpipe 1", text("HMGET " Q ":1 pb ats"));
	settle(ARRIVAL_TAKEN);
	assert_int_equal(0, number("EXISTS " Q ":active"));
	assert_int_equal(0, number("EXISTS " Q ":1:lock"));
	assert_string_equal("1 2", text("ZRANGE " Q ":completed 0 -1"));
	assert_string_equal("1 {\"accepted\":true}",
	    text("HMGET " Q ":1 atm returnvalue"));
	assert_string_equal("3", taken(2));
	assert_false(inbox->more);
}

static void
only_five_and_six_are_spoken(void **state)
{
	static const struct {
		const char *version;
		bool good;
	} versions[] = { { "bullmq:5.81.5", true }, { "bullmq:6.0.0", true },
		{ "bullmq:4.18.2", false }, { "bullmq:7.0.0", false },
		{ "bullmq:50.1.0", false }, { "bullmq-pro:7.1.0", false },
		{ "bull", false } };

	(void)state;
	put("1");
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		redis_add(redis, "HSET " Q ":meta version %s",
		    versions[i].version);
		redis_run_ok(redis);
		take(1);
		assert_int_equal(versions[i].good, inbox->count == 1);
		if (versions[i].good) {
			settle(ARRIVAL_LATER);
			continue;
		}
		assert_non_null(strstr(inbox->trouble, versions[i].version));
		assert_int_equal(1, number("LLEN " Q ":wait"));
	}
	do_it("HDEL " Q ":meta version");
	take(1);
	assert_non_null(strstr(inbox->trouble, "does not say"));
	do_it("DEL " Q ":meta");
	take(1);
	assert_int_equal(0, inbox->count);
	assert_string_equal("", inbox->trouble);
}

static void
a_paused_queue_is_not_touched(void **state)
{
	(void)state;
	put("1");
	make("2", "{}");
	do_it("ZADD " Q ":delayed 0 2");
	do_it("HSET " Q ":meta paused 1");
	assert_string_equal("", taken(10));
	assert_false(inbox->more);
	assert_int_equal(1, number("LLEN " Q ":wait"));
	assert_int_equal(1, number("ZCARD " Q ":delayed"));
	do_it("HDEL " Q ":meta paused");
	assert_string_equal("1 2", taken(10));
}

static void
concurrency_and_limiter_bind_us(void **state)
{
	(void)state;
	for (char id[2] = "1"; *id <= '6'; ++*id)
		put(id);
	do_it("HSET " Q ":meta concurrency 2");
	assert_string_equal("1 2", taken(10));
	assert_string_equal("", taken(10));
	do_it("HDEL " Q ":meta concurrency");
	do_it("HSET " Q ":meta max 3 duration 60000");
	assert_string_equal("3 4 5", taken(10));
	assert_false(inbox->more);
	assert_string_equal("", taken(10));
	assert_in_range(number("PTTL " Q ":limiter"), 1, 60000);
	do_it("PEXPIRE " Q ":limiter 1");
	usleep(5000);
	assert_string_equal("6", taken(10));
}

static void
due_and_ranked_jobs_come_in_their_order(void **state)
{
	(void)state;
	put("1");
	make("due", "{}");
	make("later", "{}");
	make("low", "{}");
	make("high", "{}");
	make("ranked", "{}");
	do_it("HSET " Q ":ranked priority 7");
	do_it("ZADD " Q ":delayed 4096 due 4097 ranked 9e15 later");
	do_it("ZADD " Q ":prioritized 21474836481 low 4294967297 high");
	assert_string_equal("1 due high low ranked", taken(10));
	assert_string_equal("later", text("ZRANGE " Q ":delayed 0 -1"));
}

static void
jobs_of_flows_are_put_back_and_hinder_nobody(void **state)
{
	(void)state;
	put("flow");
	put("1");
	put("again");
	put("once");
	put("2");
	make("high", "{}");
	do_it("ZADD " Q ":prioritized 4294967299 high");
	do_it("HSET " Q ":flow parentKey bull:x:7");
	do_it("HSET " Q ":again rjk every");
	do_it("HSET " Q ":once deid k1");
	do_it("HSET " Q ":high deid k2");
	assert_string_equal("1 2", taken(10));
	assert_non_null(strstr(inbox->notice, "4 jobs"));
	assert_non_null(strstr(inbox->notice, "flow"));
	assert_string_equal("once again flow", text("LRANGE " Q ":wait 0 -1"));
	assert_string_equal("high 4294967299",
	    text("ZRANGE " Q ":prioritized 0 -1 WITHSCORES"));
	assert_int_equal(0, number("EXISTS " Q ":flow:lock"));
	assert_int_equal(0, number("HEXISTS " Q ":flow ats"));
	assert_int_equal(1, number("ZCARD " Q ":marker"));
	assert_string_equal("", taken(10));
}

static void
a_job_without_data_is_forgotten(void **state)
{
	(void)state;
	do_it("LPUSH " Q ":wait gone 0:3");
	put("1");
	assert_string_equal("1", taken(10));
	assert_string_equal("1", text("LRANGE " Q ":active 0 -1"));
}

static enum bull_fate
add(const char *id, int64_t delay_ms, char why[200])
{
	const struct bull_new job = { .queue = Q,
		.id = id,
		.name = "call",
		.data = "{\"n\":1}",
		.delay_ms = delay_ms };
	struct bull_end end;

	assert_int_equal(OUT_OK, bull_add(redis, &job, 1, &end, &fault));
	if (end.fate == BULL_REFUSED)
		strcpy(why, end.why);
	return end.fate;
}

/* A hundred of them would be more than an answer may have. */
static void
a_job_with_large_options_is_left_to_others(void **state)
{
	size_t len = 70000;
	char *large = malloc(len + 1);

	(void)state;
	memset(large, 'x', len);
	large[len] = '\0';
	put("1");
	make("2", large);
	do_it("LPUSH " Q ":wait 2");
	put("3");
	free(large);
	assert_string_equal("1 3", taken(10));
	assert_non_null(strstr(inbox->notice, "large options"));
	assert_string_equal("2", text("LRANGE " Q ":wait 0 -1"));
}

/* What a setting of the queue spoils takes no job along. */
static void
a_queue_that_says_nonsense_loses_no_job(void **state)
{
	char why[200];

	(void)state;
	do_it("HSET " Q ":meta opts.maxLenEvents many concurrency few");
	assert_int_equal(BULL_ADDED, add("a", 0, why));
	assert_string_equal("a", text("LRANGE " Q ":wait 0 -1"));
	do_it("HDEL " Q ":meta concurrency");
	assert_string_equal("a", taken(10));
	settle(ARRIVAL_LATER);
	assert_string_equal("a", taken(10));
	do_it("DEL " Q ":events");
	do_it("SET " Q ":events x");
	inbox->arrivals[0].fate = ARRIVAL_LATER;
	assert_int_equal(OUT_OK, inbox_settle(inbox, redis, &fault));
	assert_non_null(strstr(inbox->trouble, "WRONGTYPE"));
	/* Until its lock ends, and somebody sweeps. */
	assert_string_equal("a", text("LRANGE " Q ":active 0 -1"));
	assert_int_equal(1, number("EXISTS " Q ":a:lock"));
}

static void
what_is_refused_fails_with_its_reason(void **state)
{
	(void)state;
	put("1");
	taken(1);
	settle(ARRIVAL_REFUSED);
	assert_string_equal("1", text("ZRANGE " Q ":failed 0 -1"));
	assert_string_equal("because [] 1",
	    text("HMGET " Q ":1 failedReason stacktrace atm"));
}

static void
finished_jobs_are_kept_as_they_ask(void **state)
{
	(void)state;
	make("all", "{\"removeOnComplete\":true}");
	make("none", "{\"removeOnComplete\":false}");
	do_it("LPUSH " Q ":wait all none");
	taken(10);
	settle(ARRIVAL_TAKEN);
	assert_int_equal(0, number("EXISTS " Q ":all"));
	assert_string_equal("none", text("ZRANGE " Q ":completed 0 -1"));

	do_it("ZADD " Q ":completed 1 a 2 b 3 c");
	make("c", "{}");
	do_it("HSET " Q ":c parentKey x");
	make("two", "{\"removeOnComplete\":{\"count\":2}}");
	do_it("LPUSH " Q ":wait two");
	taken(10);
	settle(ARRIVAL_TAKEN);
	/* What is part of a flow is more than we know of. */
	assert_string_equal("c none two", text("ZRANGE " Q ":completed 0 -1"));

	make("aged", "{\"removeOnFail\":{\"age\":3600}}");
	do_it("ZADD " Q ":failed 1 old");
	make("old", "{}");
	do_it("LPUSH " Q ":wait aged");
	taken(10);
	settle(ARRIVAL_REFUSED);
	assert_string_equal("aged", text("ZRANGE " Q ":failed 0 -1"));
	assert_int_equal(0, number("EXISTS " Q ":old"));
}

static void
what_fails_here_waits_its_backoff(void **state)
{
	(void)state;
	make("1",
	    "{\"attempts\":3,"
	    "\"backoff\":{\"type\":\"exponential\",\"delay\":100000}}");
	do_it("LPUSH " Q ":wait 1");
	for (int made = 0; made < 2; made++) {
		assert_string_equal("1", taken(10));
		settle(ARRIVAL_LATER);
		assert_string_equal(made ? "200000 2 because"
					 : "100000 1 because",
		    text("HMGET " Q ":1 delay atm failedReason"));
		assert_int_equal(0, number("EXISTS " Q ":1:lock"));
		assert_string_equal("1", text("ZRANGE " Q ":marker -1 -1"));
		assert_string_equal("", taken(10));
		do_it("DEL " Q ":marker");
		do_it("ZADD " Q ":delayed 1 1");
	}
	/* The last attempt is not lost to our troubles. */
	assert_string_equal("1", taken(10));
	settle(ARRIVAL_LATER);
	assert_string_equal("1", text("LRANGE " Q ":wait 0 -1"));
	assert_string_equal("2", text("HGET " Q ":1 atm"));
	assert_int_equal(0, number("EXISTS " Q ":failed"));
}

static void
given_back_it_keeps_its_rank(void **state)
{
	(void)state;
	make("1", "{}");
	do_it("HSET " Q ":1 priority 3");
	do_it("ZADD " Q ":prioritized 12884901900 1");
	assert_string_equal("1", taken(10));
	do_it("HSET " Q ":meta paused 1");
	settle(ARRIVAL_LATER);
	assert_string_equal("1 12884901888",
	    text("ZRANGE " Q ":prioritized 0 -1 WITHSCORES"));
}

static void
given_back_to_a_paused_queue_it_survives_the_resume(void **state)
{
	static const char *const versions[] = { "5.81.5", "6.7.0" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		put("1");
		redis_add(redis, "HSET " Q ":meta version bullmq:%s",
		    versions[i]);
		redis_run_ok(redis);
		assert_string_equal("1", taken(10));
		do_it("HSET " Q ":meta paused 1");
		settle(ARRIVAL_LATER);
		assert_string_equal("1",
		    text(i == 0 ? "LRANGE " Q ":paused 0 -1"
				: "LRANGE " Q ":wait 0 -1"));
		do_it("DEL " Q ":paused " Q ":wait");
		do_it("HDEL " Q ":meta paused");
	}
}

static void
a_lock_of_somebody_else_is_left_alone(void **state)
{
	(void)state;
	put("1");
	put("2");
	put("3");
	taken(10);
	do_it("SET " Q ":1:lock other");
	do_it("DEL " Q ":2:lock");
	do_it("SADD " Q ":stalled 3");
	do_it("PEXPIRE " Q ":3:lock 100");
	assert_int_equal(OUT_OK, inbox_hold(inbox, redis, &fault));
	assert_null(inbox->arrivals[0].ticket);
	assert_null(inbox->arrivals[1].ticket);
	assert_non_null(inbox->arrivals[2].ticket);
	assert_in_range(number("PTTL " Q ":3:lock"), 1000, LEASE_MS);
	assert_int_equal(0, number("EXISTS " Q ":stalled"));

	/* The same without asking before. */
	do_it("SET " Q ":3:lock other");
	settle(ARRIVAL_TAKEN);
	assert_int_equal(0, number("EXISTS " Q ":completed"));
	assert_int_equal(3, number("LLEN " Q ":active"));
}

static void
sweep(int64_t interval_ms)
{
	do_it("DEL " Q ":stalled-check");
	assert_int_equal(OUT_OK,
	    bull_sweep(inbox, redis, interval_ms, &fault));
}

static void
two_sweeps_bring_back_what_nobody_holds(void **state)
{
	(void)state;
	put("1");
	put("2");
	taken(10);
	sweep(60000);
	do_it("DEL " Q ":1:lock");
	/* Within the interval nothing happens. */
	assert_int_equal(OUT_OK, bull_sweep(inbox, redis, 60000, &fault));
	assert_string_equal("2 1", text("LRANGE " Q ":active 0 -1"));
	sweep(60000);
	assert_string_equal("2", text("LRANGE " Q ":active 0 -1"));
	assert_string_equal("1", text("HGET " Q ":1 stc"));
	assert_string_equal("1", taken(10));
}

static void
what_stalls_again_and_again_fails(void **state)
{
	(void)state;
	put("1");
	for (int i = 0; i <= INBOX_TRIES; i++) {
		assert_string_equal("1", taken(10));
		assert_string_equal("", inbox->arrivals[0].why);
		sweep(60000);
		do_it("DEL " Q ":1:lock");
		sweep(60000);
	}
	assert_string_equal("1", taken(10));
	assert_non_null(strstr(inbox->arrivals[0].why, "stalled"));
	inbox->arrivals[0].fate = ARRIVAL_REFUSED;
	assert_int_equal(OUT_OK, inbox_settle(inbox, redis, &fault));
	assert_string_equal("job stalled more than allowable limit",
	    text("HGET " Q ":1 failedReason"));
	assert_int_equal(0, number("HEXISTS " Q ":1 defa"));

	/* A worker of BullMQ's own may let it stall once. */
	put("2");
	taken(10);
	do_it("HSET " Q ":2 pb theirs stc 1");
	sweep(60000);
	do_it("DEL " Q ":2:lock");
	sweep(60000);
	assert_int_equal(1, number("HEXISTS " Q ":2 defa"));
}

static void
a_key_of_another_type_turns_it_off(void **state)
{
	static const char *const keys[] = { ":wait", ":active", ":prioritized",
		":events", ":limiter", ":delayed", ":meta", ":pc", ":marker" };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		redis_add(redis, "DEL " Q "%s", keys[i]);
		redis_add(redis, "SADD " Q "%s x", keys[i]);
		redis_run_ok(redis);
		take(10);
		assert_int_equal(0, inbox->count);
		assert_non_null(strstr(inbox->trouble, keys[i]));
		redis_add(redis, "DEL " Q "%s", keys[i]);
		redis_run_ok(redis);
	}
}

static void
adding_twice_is_adding_once(void **state)
{
	char why[200];

	(void)state;
	assert_int_equal(BULL_ADDED, add("leadpipe-a", 0, why));
	assert_int_equal(BULL_KNOWN, add("leadpipe-a", 0, why));
	assert_string_equal("leadpipe-a", text("LRANGE " Q ":wait 0 -1"));
	assert_string_equal("call {\"n\":1} {\"attempts\":0} 0 0",
	    text("HMGET " Q ":leadpipe-a name data opts delay priority"));
	assert_int_equal(1, number("ZCARD " Q ":marker"));
	assert_string_equal("leadpipe-a", taken(10));
	do_it("HSET " Q ":leadpipe-a opts {\"removeOnComplete\":true}");
	settle(ARRIVAL_TAKEN);
	/* BullMQ forgets the id of a job that is removed; we do not. */
	do_it("DEL " Q ":leadpipe-a");
	assert_int_equal(BULL_KNOWN, add("leadpipe-a", 0, why));
	assert_int_equal(0, number("EXISTS " Q ":wait"));
}

static void
adding_later_and_to_a_paused_queue(void **state)
{
	char why[200];

	(void)state;
	assert_int_equal(BULL_ADDED, add("b", 100000, why));
	assert_int_equal(1, number("ZCARD " Q ":delayed"));
	assert_string_equal("1", text("ZRANGE " Q ":marker 0 -1"));
	assert_string_equal("{\"delay\":100000,\"attempts\":0}",
	    text("HGET " Q ":b opts"));
	do_it("HSET " Q ":meta paused 1");
	do_it("DEL " Q ":marker");
	assert_int_equal(BULL_ADDED, add("c", 0, why));
	assert_string_equal("c", text("LRANGE " Q ":wait 0 -1"));
	do_it("HSET " Q ":meta version bullmq:5.81.5");
	assert_int_equal(BULL_ADDED, add("d", 0, why));
	assert_string_equal("d", text("LRANGE " Q ":paused 0 -1"));
	assert_int_equal(0, number("EXISTS " Q ":marker"));
}

static void
adding_to_what_we_do_not_speak_is_refused(void **state)
{
	char why[200];

	(void)state;
	do_it("HSET " Q ":meta version bullmq:4.1.0");
	assert_int_equal(BULL_REFUSED, add("a", 0, why));
	assert_non_null(strstr(why, "4.1.0"));
	do_it("DEL " Q ":meta");
	do_it("SET " Q ":wait x");
	assert_int_equal(BULL_REFUSED, add("a", 0, why));
	assert_non_null(strstr(why, "string"));
	do_it("DEL " Q ":wait");
	assert_int_equal(BULL_ADDED, add("a", 0, why));
}

static void
each_queue_hears_its_own_reason(void **state)
{
	const struct bull_new jobs[] = {
		{ .queue = Q, .id = "a", .name = "call", .data = "1" },
		{ .queue = "bull:calls",
		    .id = "b",
		    .name = "call",
		    .data = "1" },
	};
	struct bull_end ends[2];

	(void)state;
	do_it("HSET " Q ":meta version bullmq:4.1.0");
	do_it("SET bull:calls:wait x");
	assert_int_equal(OUT_OK, bull_add(redis, jobs, 2, ends, &fault));
	assert_int_equal(BULL_REFUSED, ends[0].fate);
	assert_non_null(strstr(ends[0].why, "4.1.0"));
	assert_int_equal(BULL_REFUSED, ends[1].fate);
	assert_non_null(strstr(ends[1].why, "bull:calls:wait"));
}

/* A script whose name is wrong would be sent in full each time. */
static void
scripts_are_known_by_their_names(void **state)
{
	long long calls = 0;
	char why[200];

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(BULL_ADDED, add(round ? "y" : "x", 0, why));
		taken(10);
		assert_int_equal(OUT_OK, inbox_hold(inbox, redis, &fault));
		settle(ARRIVAL_TAKEN);
		sweep(1);
		do_it("INFO commandstats");
		const char *eval =
		    strstr(redis_reply(redis, 0)->str, "cmdstat_eval:calls=");
		long long now = eval ? atoll(eval + 19) : 0;

		if (round == 1)
			assert_int_equal(calls, now);
		calls = now;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_QUEUE(jobs_are_taken_locked_and_completed),
		WITH_QUEUE(only_five_and_six_are_spoken),
		WITH_QUEUE(a_paused_queue_is_not_touched),
		WITH_QUEUE(concurrency_and_limiter_bind_us),
		WITH_QUEUE(due_and_ranked_jobs_come_in_their_order),
		WITH_QUEUE(jobs_of_flows_are_put_back_and_hinder_nobody),
		WITH_QUEUE(a_job_without_data_is_forgotten),
		WITH_QUEUE(a_job_with_large_options_is_left_to_others),
		WITH_QUEUE(a_queue_that_says_nonsense_loses_no_job),
		WITH_QUEUE(what_is_refused_fails_with_its_reason),
		WITH_QUEUE(finished_jobs_are_kept_as_they_ask),
		WITH_QUEUE(what_fails_here_waits_its_backoff),
		WITH_QUEUE(given_back_it_keeps_its_rank),
		WITH_QUEUE(
		    given_back_to_a_paused_queue_it_survives_the_resume),
		WITH_QUEUE(a_lock_of_somebody_else_is_left_alone),
		WITH_QUEUE(two_sweeps_bring_back_what_nobody_holds),
		WITH_QUEUE(what_stalls_again_and_again_fails),
		WITH_QUEUE(a_key_of_another_type_turns_it_off),
		WITH_QUEUE(adding_twice_is_adding_once),
		WITH_QUEUE(adding_later_and_to_a_paused_queue),
		WITH_QUEUE(adding_to_what_we_do_not_speak_is_refused),
		WITH_QUEUE(each_queue_hears_its_own_reason),
		WITH_QUEUE(scripts_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
