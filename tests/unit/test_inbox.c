/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * Leads in lists and streams of a real Redis: none lost, none twice, whatever
 * ends in the middle.
 */
#include "redis_case.h"
#include "shared/inbox.h"
#include "state_db.h"

#define LEASE_MS 60000
#define ME "leadpipe:here"

static struct inbox *inbox;

static int
with_redis(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis = redis_server_client(&server, db, REDIS_SYNC);
	/* Slow machines, and valgrind, have their time. */
	redis_end_by(redis, clock_mono_ms() + 60000);
	redis_add(redis, "FLUSHALL");
	redis_run_ok(redis);
	return 0;
}

static int
without_redis(void **state)
{
	inbox_close(inbox);
	inbox = NULL;
	redis_close(redis);
	redis = NULL;
	return teardown(state);
}

#define WITH_REDIS(test) \
	cmocka_unit_test_setup_teardown(test, with_redis, without_redis)

static void
put(const char *text)
{
	redis_add(redis, "RPUSH leadpipe:in %s", text);
	redis_run_ok(redis);
}

/* What the command FORMAT answers, as a number. */
static long long
number(const char *format, const char *key)
{
	redis_add(redis, format, key);
	redis_run_ok(redis);
	assert_int_equal(REDIS_REPLY_INTEGER, redis_reply(redis, 0)->type);
	return redis_reply(redis, 0)->integer;
}

static struct inbox *
list_of(const char *owner)
{
	return inbox_open(INBOX_LIST, "leadpipe:in", owner, LEASE_MS);
}

static struct inbox *
stream_of(const char *owner, int64_t lease_ms)
{
	return inbox_open(INBOX_STREAM, "leadpipe:leads", owner, lease_ms);
}

static void
take(struct inbox *from, int most)
{
	if (inbox_take(from, redis, most, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	assert_string_equal("", from->trouble);
}

static void
settle(struct inbox *of, enum arrival_fate fate)
{
	for (int i = 0; i < of->count; i++)
		of->arrivals[i].fate = fate;
	if (inbox_settle(of, redis, &fault) != OUT_OK)
		fail_msg("%s", fault.text);
	assert_string_equal("", of->trouble);
}

static void
a_list_is_taken_from_its_beginning(void **state)
{
	(void)state;
	put("{\"a\":1}");
	put("{\"a\":2}");
	put("{\"a\":3}");
	inbox = list_of(ME);
	take(inbox, 2);
	assert_int_equal(2, inbox->count);
	assert_true(inbox->more);
	assert_string_equal("{\"a\":1}", inbox->arrivals[0].raw);
	assert_string_equal("{\"a\":2}", inbox->arrivals[1].raw);
	settle(inbox, ARRIVAL_TAKEN);
	assert_int_equal(1, number("LLEN %s", "leadpipe:in"));
	assert_int_equal(0, number("EXISTS %s", "leadpipe:in:processing"));
	take(inbox, 2);
	assert_int_equal(1, inbox->count);
	assert_false(inbox->more);
	settle(inbox, ARRIVAL_TAKEN);
	take(inbox, 2);
	assert_int_equal(0, inbox->count);
}

static void
equal_elements_are_two_and_bytes_are_kept(void **state)
{
	char key[128];

	(void)state;
	put("same");
	put("same");
	redis_add(redis, "RPUSH leadpipe:in %b", "\0\xff\r\n", (size_t)4);
	redis_run_ok(redis);
	inbox = list_of(ME);
	take(inbox, 10);
	assert_int_equal(3, inbox->count);
	assert_string_not_equal(inbox->arrivals[0].key,
	    inbox->arrivals[1].key);
	assert_int_equal(4, inbox->arrivals[2].len);
	assert_memory_equal("\0\xff\r\n", inbox->arrivals[2].raw, 4);
	snprintf(key, sizeof(key), "%s", inbox->arrivals[0].key);
	/* Killed here: the same ones come again, alone, under their keys. */
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_int_equal(1, inbox->arrivals[0].tries);
	assert_true(inbox->more);
}

static void
what_a_crash_left_comes_again_as_the_same(void **state)
{
	char key[128];

	(void)state;
	put("one");
	inbox = list_of(ME);
	take(inbox, 10);
	snprintf(key, sizeof(key), "%s", inbox->arrivals[0].key);
	inbox_close(inbox);

	/* Somebody else waits for the lease to end. */
	inbox = list_of("leadpipe:there");
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
	inbox_close(inbox);

	inbox = list_of(ME);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_string_equal(key, inbox->arrivals[0].key);
	assert_string_equal("one", inbox->arrivals[0].raw);
	settle(inbox, ARRIVAL_TAKEN);
	assert_int_equal(0, number("EXISTS %s", "leadpipe:in:processing"));
}

static void
whose_lease_is_over_loses_it(void **state)
{
	struct inbox *slow =
	    inbox_open(INBOX_LIST, "leadpipe:in", "leadpipe:slow", 1);

	(void)state;
	put("one");
	take(slow, 10);
	assert_int_equal(1, slow->count);
	usleep(5000);
	inbox = list_of(ME);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_string_equal(slow->arrivals[0].key, inbox->arrivals[0].key);
	assert_int_equal(OUT_OK, inbox_hold(slow, redis, &fault));
	assert_null(slow->arrivals[0].ticket);
	assert_int_equal(OUT_OK, inbox_hold(inbox, redis, &fault));
	assert_non_null(inbox->arrivals[0].ticket);
	/* Who lost it ends nothing. */
	settle(slow, ARRIVAL_REFUSED);
	assert_int_equal(0, number("EXISTS %s", "leadpipe:in:poison"));
	settle(inbox, ARRIVAL_TAKEN);
	assert_int_equal(0, number("EXISTS %s", "leadpipe:in:processing"));
	inbox_close(slow);
}

static void
given_back_it_is_first_again(void **state)
{
	(void)state;
	put("one");
	put("two");
	put("three");
	inbox = list_of(ME);
	take(inbox, 2);
	settle(inbox, ARRIVAL_LATER);
	assert_int_equal(1, number("LLEN %s", "leadpipe:in"));
	for (int i = 0; i < 3; i++) {
		take(inbox, 3);
		assert_int_equal(1, inbox->count);
		assert_string_equal(i == 0 ? "one"
			: i == 1	   ? "two"
					   : "three",
		    inbox->arrivals[0].raw);
		settle(inbox, ARRIVAL_TAKEN);
	}
}

/* A full disk of many hours refuses nothing, and what may have been committed
 * all the same is the same. */
static void
given_back_it_keeps_its_name(void **state)
{
	char key[128];

	(void)state;
	put("one");
	redis_add(redis, "XADD leadpipe:leads * data one");
	redis_run_ok(redis);
	for (int kind = 0; kind < 2; kind++) {
		inbox_close(inbox);
		inbox = kind == 0 ? list_of(ME) : stream_of(ME, LEASE_MS);
		for (int i = 0; i < 2 * INBOX_TRIES; i++) {
			take(inbox, 10);
			assert_int_equal(1, inbox->count);
			assert_string_equal("", inbox->arrivals[0].why);
			if (i > 0)
				assert_string_equal(key,
				    inbox->arrivals[0].key);
			snprintf(key, sizeof(key), "%s",
			    inbox->arrivals[0].key);
			settle(inbox, ARRIVAL_LATER);
		}
	}
}

static void
poison_goes_aside_as_it_came(void **state)
{
	(void)state;
	put("no lead");
	put("{}");
	inbox = list_of(ME);
	take(inbox, 10);
	inbox->arrivals[0].fate = ARRIVAL_REFUSED;
	inbox->arrivals[1].fate = ARRIVAL_TAKEN;
	assert_int_equal(OUT_OK, inbox_settle(inbox, redis, &fault));
	redis_add(redis, "LRANGE leadpipe:in:poison 0 -1");
	redis_run_ok(redis);
	assert_int_equal(1, redis_reply(redis, 0)->elements);
	assert_string_equal("no lead", redis_reply(redis, 0)->element[0]->str);
	assert_int_equal(0, number("EXISTS %s", "leadpipe:in:processing"));
}

static void
ten_megabytes_are_not_fetched(void **state)
{
	size_t len = 10 << 20;
	char *large = malloc(len);

	(void)state;
	memset(large, 'x', len);
	redis_add(redis, "RPUSH leadpipe:in %b", large, len);
	redis_add(redis, "XADD leadpipe:leads * data %b", large, len);
	redis_run_ok(redis);
	free(large);
	inbox = list_of(ME);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_int_equal(len, inbox->arrivals[0].size);
	assert_int_equal(256, inbox->arrivals[0].len);
	assert_non_null(strstr(inbox->arrivals[0].why, "larger than"));
	settle(inbox, ARRIVAL_REFUSED);
	assert_int_equal(1, number("LLEN %s", "leadpipe:in:poison"));
	inbox_close(inbox);

	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_int_equal(len + 4, inbox->arrivals[0].size);
	assert_int_equal(0, inbox->arrivals[0].len);
	assert_non_null(strstr(inbox->arrivals[0].why, "larger than"));
	settle(inbox, ARRIVAL_REFUSED);
	assert_int_equal(1, number("XLEN %s", "leadpipe:leads:poison"));
	assert_int_equal(0, number("XLEN %s", "leadpipe:leads"));
}

/* Each costs the reader of an answer more than its bytes. */
static void
very_many_fields_are_not_fetched(void **state)
{
	enum { FIELDS = 100000 };
	const char **words = calloc(FIELDS + 3, sizeof(*words));

	(void)state;
	words[0] = "XADD";
	words[1] = "leadpipe:leads";
	words[2] = "*";
	for (int i = 0; i < FIELDS; i++)
		words[i + 3] = "";
	redis_add_words(redis, FIELDS + 3, words, NULL);
	redis_run_ok(redis);
	free(words);
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_int_equal(0, inbox->arrivals[0].len);
	assert_non_null(strstr(inbox->arrivals[0].why, "larger than"));
}

/* Somebody makes it something else while we work. */
static void
a_place_for_poison_that_is_none_loses_nothing(void **state)
{
	(void)state;
	put("no lead");
	put("{}");
	inbox = list_of(ME);
	take(inbox, 10);
	redis_add(redis, "SET leadpipe:in:poison something");
	redis_run_ok(redis);
	inbox->arrivals[0].fate = ARRIVAL_REFUSED;
	inbox->arrivals[1].fate = ARRIVAL_TAKEN;
	assert_int_equal(OUT_OK, inbox_settle(inbox, redis, &fault));
	assert_non_null(strstr(inbox->trouble, "leadpipe:in:poison"));
	assert_int_equal(2, number("HLEN %s", "leadpipe:in:processing"));
}

static void
one_answer_is_not_larger_than_its_budget(void **state)
{
	size_t len = 900 << 10;
	char *large = malloc(len);

	(void)state;
	memset(large, 'x', len);
	for (int i = 0; i < 4; i++) {
		redis_add(redis, "RPUSH leadpipe:in %b", large, len);
		redis_add(redis, "XADD leadpipe:leads * data %b", large, len);
	}
	redis_run_ok(redis);
	free(large);
	inbox = list_of(ME);
	take(inbox, 100);
	assert_int_equal(3, inbox->count);
	assert_true(inbox->more);
	inbox_close(inbox);
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 100);
	assert_int_equal(3, inbox->count);
	assert_true(inbox->more);
}

static void
what_kills_again_and_again_is_refused(void **state)
{
	(void)state;
	put("deadly");
	put("fine");
	redis_add(redis, "XADD leadpipe:leads * data deadly");
	redis_add(redis, "XADD leadpipe:leads * data fine");
	redis_run_ok(redis);
	for (int kind = 0; kind < 2; kind++) {
		inbox_close(inbox);
		inbox = kind == 0 ? list_of(ME) : stream_of(ME, LEASE_MS);
		take(inbox, 1);
		for (int i = 1; i < INBOX_TRIES; i++) {
			take(inbox, 10);
			assert_int_equal(1, inbox->count);
			assert_string_equal("deadly", inbox->arrivals[0].raw);
			assert_string_equal("", inbox->arrivals[0].why);
		}
		take(inbox, 10);
		assert_non_null(strstr(inbox->arrivals[0].why, "ended"));
		settle(inbox, ARRIVAL_REFUSED);
		take(inbox, 10);
		assert_int_equal(1, inbox->count);
		assert_string_equal("fine", inbox->arrivals[0].raw);
		assert_string_equal("", inbox->arrivals[0].why);
		settle(inbox, ARRIVAL_TAKEN);
	}
}

static void
a_key_of_another_type_turns_it_off(void **state)
{
	static const struct {
		const char *key, *is;
		enum inbox_kind kind;
	} keys[] = { { "leadpipe:in", "string", INBOX_LIST },
		{ "leadpipe:in:processing", "string", INBOX_LIST },
		{ "leadpipe:in:poison", "string", INBOX_LIST },
		{ "leadpipe:leads", "string", INBOX_STREAM },
		{ "leadpipe:leads:poison", "string", INBOX_STREAM } };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		redis_add(redis, "FLUSHALL");
		redis_add(redis, "RPUSH leadpipe:in lead");
		redis_add(redis, "XADD leadpipe:leads * data lead");
		redis_add(redis, "SET %s something", keys[i].key);
		redis_run_ok(redis);
		inbox_close(inbox);
		inbox = keys[i].kind == INBOX_LIST ? list_of(ME)
						   : stream_of(ME, LEASE_MS);
		assert_int_equal(OUT_OK, inbox_take(inbox, redis, 10, &fault));
		assert_int_equal(0, inbox->count);
		assert_false(inbox->more);
		assert_non_null(strstr(inbox->trouble, keys[i].key));
		assert_non_null(strstr(inbox->trouble, keys[i].is));
		/* Nothing has moved. */
		redis_add(redis, "DEL %s", keys[i].key);
		redis_run_ok(redis);
		assert_true(number("LLEN %s", "leadpipe:in") == 1 ||
		    strcmp(keys[i].key, "leadpipe:in") == 0);
		assert_true(redis_usable(redis));
	}
}

static void
a_stream_is_read_by_a_group_of_ours(void **state)
{
	(void)state;
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
	/* Nobody who has no stream gets one. */
	assert_int_equal(0, number("EXISTS %s", "leadpipe:leads"));
	redis_add(redis, "XADD leadpipe:leads 1-1 data %s", "{\"a\":1}");
	redis_add(redis, "XADD leadpipe:leads 1-2 name %s phone %s",
	    "\xd0\x90 & b=c", "+7 999");
	redis_run_ok(redis);
	take(inbox, 10);
	assert_int_equal(2, inbox->count);
	assert_string_equal("leadpipe:leads/1-1", inbox->arrivals[0].key);
	assert_string_equal("{\"a\":1}", inbox->arrivals[0].raw);
	assert_string_equal("name=%D0%90%20%26%20b%3Dc&phone=%2B7%20999",
	    inbox->arrivals[1].raw);
	settle(inbox, ARRIVAL_TAKEN);
	assert_int_equal(0, number("XLEN %s", "leadpipe:leads"));
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
}

static void
other_groups_keep_their_entries(void **state)
{
	(void)state;
	redis_add(redis, "XADD leadpipe:leads * data lead");
	redis_add(redis, "XGROUP CREATE leadpipe:leads others 0");
	redis_run_ok(redis);
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 10);
	settle(inbox, ARRIVAL_TAKEN);
	assert_int_equal(1, number("XLEN %s", "leadpipe:leads"));
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
}

static void
a_dead_consumer_is_inherited(void **state)
{
	(void)state;
	redis_add(redis, "XADD leadpipe:leads 1-1 data one");
	redis_add(redis, "XADD leadpipe:leads 1-2 data two");
	redis_run_ok(redis);
	inbox = stream_of("leadpipe:dead", LEASE_MS);
	take(inbox, 10);
	assert_int_equal(2, inbox->count);
	inbox_close(inbox);

	/* Not before its time is over. */
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
	inbox_close(inbox);

	usleep(5000);
	inbox = stream_of(ME, 2);
	for (int i = 0; i < 2; i++) {
		take(inbox, 10);
		assert_int_equal(1, inbox->count);
		assert_int_equal(1, inbox->arrivals[0].tries);
		assert_string_equal(i ? "two" : "one", inbox->arrivals[0].raw);
		settle(inbox, ARRIVAL_TAKEN);
	}
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
}

static void
an_entry_of_somebody_else_is_not_held(void **state)
{
	struct inbox *slow = stream_of("leadpipe:slow", LEASE_MS);

	(void)state;
	redis_add(redis, "XADD leadpipe:leads 1-1 data one");
	redis_run_ok(redis);
	take(slow, 10);
	assert_int_equal(OUT_OK, inbox_hold(slow, redis, &fault));
	assert_non_null(slow->arrivals[0].ticket);
	usleep(5000);
	inbox = stream_of(ME, 2);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_int_equal(OUT_OK, inbox_hold(slow, redis, &fault));
	assert_null(slow->arrivals[0].ticket);
	inbox_close(slow);
}

static void
an_entry_that_was_deleted_hinders_nobody(void **state)
{
	(void)state;
	redis_add(redis, "XADD leadpipe:leads 1-1 data one");
	redis_add(redis, "XADD leadpipe:leads 1-2 data two");
	redis_run_ok(redis);
	inbox = stream_of(ME, LEASE_MS);
	take(inbox, 1);
	redis_add(redis, "XDEL leadpipe:leads 1-1");
	redis_run_ok(redis);
	take(inbox, 10);
	assert_int_equal(0, inbox->count);
	assert_true(inbox->more);
	take(inbox, 10);
	assert_int_equal(1, inbox->count);
	assert_string_equal("two", inbox->arrivals[0].raw);
}

/* A script whose name is wrong would be sent in full each time. */
static void
scripts_are_known_by_their_names(void **state)
{
	long long calls = 0;

	(void)state;
	for (int round = 0; round < 2; round++) {
		put("one");
		redis_add(redis, "XADD leadpipe:leads * data one");
		redis_run_ok(redis);
		for (int kind = 0; kind < 2; kind++) {
			inbox_close(inbox);
			inbox = kind == 0 ? list_of(ME)
					  : stream_of(ME, LEASE_MS);
			take(inbox, 10);
			assert_int_equal(1, inbox->count);
			assert_int_equal(OUT_OK,
			    inbox_hold(inbox, redis, &fault));
			settle(inbox, ARRIVAL_TAKEN);
		}
		redis_add(redis, "INFO commandstats");
		redis_run_ok(redis);
		const char *eval =
		    strstr(redis_reply(redis, 0)->str, "cmdstat_eval:calls=");
		long long now = eval ? atoll(eval + 19) : 0;

		if (round == 1)
			assert_int_equal(calls, now);
		calls = now;
	}
}

static void
without_redis_there_is_nothing(void **state)
{
	(void)state;
	inbox = list_of(ME);
	assert_int_equal(OUT_OK, inbox_take(inbox, NULL, 10, &fault));
	assert_int_equal(0, inbox->count);
	assert_string_equal("", inbox->trouble);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(a_list_is_taken_from_its_beginning),
		WITH_REDIS(equal_elements_are_two_and_bytes_are_kept),
		WITH_REDIS(what_a_crash_left_comes_again_as_the_same),
		WITH_REDIS(whose_lease_is_over_loses_it),
		WITH_REDIS(given_back_it_is_first_again),
		WITH_REDIS(given_back_it_keeps_its_name),
		WITH_REDIS(poison_goes_aside_as_it_came),
		WITH_REDIS(ten_megabytes_are_not_fetched),
		WITH_REDIS(very_many_fields_are_not_fetched),
		WITH_REDIS(a_place_for_poison_that_is_none_loses_nothing),
		WITH_REDIS(one_answer_is_not_larger_than_its_budget),
		WITH_REDIS(what_kills_again_and_again_is_refused),
		WITH_REDIS(a_key_of_another_type_turns_it_off),
		WITH_REDIS(a_stream_is_read_by_a_group_of_ours),
		WITH_REDIS(other_groups_keep_their_entries),
		WITH_REDIS(a_dead_consumer_is_inherited),
		WITH_REDIS(an_entry_of_somebody_else_is_not_held),
		WITH_REDIS(an_entry_that_was_deleted_hinders_nobody),
		WITH_REDIS(scripts_are_known_by_their_names),
		WITH_REDIS(without_redis_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
