/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * The Redis client against a real server.
 */
#include <netdb.h>
#include <poll.h>

#include "redis_case.h"
#include "state_db.h"

#include "store/meta.h"

static int
with_redis(void **state)
{
	if (setup(state) < 0)
		return -1;
	redis = redis_server_client(&server, db, REDIS_BOT);
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

static void
commands_are_answered_in_one_round_trip(void **state)
{
	(void)state;
	redis_add(redis, "SET %s %b", "a", "x\0y\r\n", (size_t)5);
	redis_add(redis, "GET a");
	redis_add(redis, "INCRBY n %lld", 7LL);
	redis_run_ok(redis);
	assert_int_equal(REDIS_REPLY_STATUS, redis_reply(redis, 0)->type);
	assert_int_equal(5, redis_reply(redis, 1)->len);
	assert_memory_equal("x\0y\r\n", redis_reply(redis, 1)->str, 5);
	assert_int_equal(7, redis_reply(redis, 2)->integer);
	assert_null(redis_reply(redis, 3));
}

/* Appends its word to the list. */
static const struct redis_script append = {
	"b9705020f551c492b7692cdba607bbdb64837972",
	"return redis.call('RPUSH', KEYS[1], ARGV[1])"
};

static void
add_append(const char *word)
{
	const char *words[] = { "list", word };

	redis_add_script(redis, &append, 1, 2, words, NULL);
}

static void
assert_list(const char *wanted)
{
	char found[100] = "";

	redis_add(redis, "LRANGE list 0 -1");
	redis_add(redis, "DEL list");
	redis_run_ok(redis);
	for (size_t i = 0; i < redis_reply(redis, 0)->elements; i++)
		strcat(found, redis_reply(redis, 0)->element[i]->str);
	assert_string_equal(wanted, found);
}

/* How often Redis was sent COMMAND. */
static int
calls_of(const char *command)
{
	const char *at;
	int count = 0;

	redis_add(redis, "INFO commandstats");
	redis_run_ok(redis);
	at = strstr(redis_reply(redis, 0)->str, command);
	if (at)
		sscanf(strchr(at, ':'), ":calls=%d", &count);
	return count;
}

static void
forget_scripts(void)
{
	redis_add(redis, "SCRIPT FLUSH");
	redis_add(redis, "CONFIG RESETSTAT");
	redis_run_ok(redis);
}

static void
a_script_is_sent_once(void **state)
{
	(void)state;
	forget_scripts();
	for (int i = 0; i < 3; i++) {
		add_append("a");
		redis_run_ok(redis);
		assert_int_equal(i + 1, redis_reply(redis, 0)->integer);
		assert_null(redis_reply(redis, 1));
	}
	assert_int_equal(1, calls_of("cmdstat_eval:"));
	assert_int_equal(3, calls_of("cmdstat_evalsha:"));
	assert_list("aaa");
}

static void
scripts_keep_their_place(void **state)
{
	(void)state;
	forget_scripts();
	add_append("a");
	redis_add(redis, "RPUSH list b");
	add_append("c");
	add_append("d");
	redis_add(redis, "RPUSH list e");
	add_append("f");
	redis_run_ok(redis);
	for (int i = 0; i < 6; i++)
		assert_int_equal(i + 1, redis_reply(redis, i)->integer);
	assert_int_equal(1, calls_of("cmdstat_eval:"));
	assert_list("abcdef");
}

static void
a_script_at_the_end_keeps_its_place(void **state)
{
	(void)state;
	forget_scripts();
	redis_add(redis, "RPUSH list a");
	add_append("b");
	redis_run_ok(redis);
	assert_int_equal(1, redis_reply(redis, 0)->integer);
	assert_int_equal(2, redis_reply(redis, 1)->integer);
	assert_list("ab");
}

static void
words_may_hold_anything(void **state)
{
	const char *words[] = { "SET", "\r\n*1\r\n", "\0\xff" };
	const size_t lengths[] = { 3, 6, 2 };

	(void)state;
	redis_add_words(redis, 3, words, lengths);
	redis_add(redis, "GET %b", words[1], lengths[1]);
	redis_run_ok(redis);
	assert_int_equal(2, redis_reply(redis, 1)->len);
	assert_memory_equal(words[2], redis_reply(redis, 1)->str, 2);
}

static void
nothing_to_do_asks_nobody(void **state)
{
	struct redis *none = NULL;

	(void)state;
	redis_run_ok(redis);
	redis_add(none, "GET a");
	assert_int_equal(OUT_LATER, redis_run(none, &fault));
	assert_false(redis_usable(none));
	assert_null(redis_reply(none, 0));
	redis_end_by(none, 0);
	redis_close(none);
}

/* Thousands of commands, and more bytes than the sockets hold. */
static void
a_long_pipeline_does_not_jam(void **state)
{
	static char large[100000];
	struct redis *sync = redis_server_client(&server, db, REDIS_SYNC);

	(void)state;
	memset(large, 'x', sizeof(large));
	for (int i = 0; i < 100; i++) {
		redis_add(sync, "SET large %b", large, sizeof(large));
		redis_add(sync, "GET large");
	}
	for (int i = 0; i < 5000; i++)
		redis_add(sync, "INCR many");
	redis_run_ok(sync);
	assert_int_equal(sizeof(large), redis_reply(sync, 199)->len);
	assert_int_equal(5000, redis_reply(sync, 5199)->integer);
	redis_close(sync);
}

static void
replies_last_until_the_next_command(void **state)
{
	(void)state;
	redis_add(redis, "ECHO a");
	redis_run_ok(redis);
	assert_string_equal("a", redis_reply(redis, 0)->str);
	redis_add(redis, "ECHO b");
	assert_null(redis_reply(redis, 0));
	redis_run_ok(redis);
	assert_string_equal("b", redis_reply(redis, 0)->str);
}

static void
its_time_ends_when_the_caller_says(void **state)
{
	struct redis *sync = redis_server_client(&server, db, REDIS_SYNC);
	int64_t start = clock_mono_ms();

	(void)state;
	redis_end_by(sync, start + 80);
	redis_server_freeze(&server);
	redis_add(sync, "PING");
	assert_int_equal(OUT_LATER, redis_run(sync, &fault));
	assert_in_range(clock_mono_ms() - start, 75, REDIS_LATE_MS);
	redis_server_thaw(&server);
	assert_false(redis_usable(sync));
	redis_close(sync);
}

/* In place of the C library's: where names lead, and after how long. */
static const char *name_leads_to = "127.0.0.1";
static int name_takes_ms;

int
getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **found)
{
	static struct sockaddr_in at = { .sin_family = AF_INET };
	static struct addrinfo one = { .ai_family = AF_INET,
		.ai_addr = (struct sockaddr *)&at,
		.ai_addrlen = sizeof(at) };

	(void)name;
	(void)service;
	(void)hints;
	poll(NULL, 0, name_takes_ms);
	*found = &one;
	return inet_pton(AF_INET, name_leads_to, &at.sin_addr) == 1
	    ? 0
	    : EAI_NONAME;
}

void
freeaddrinfo(struct addrinfo *found)
{
	(void)found;
}

static int64_t
name_age(void)
{
	char *known = meta_text(db, META_REDIS_ADDRESS);
	long long at = 0;

	if (known)
		sscanf(known, "%*s %*s %lld", &at);
	free(known);
	return at;
}

/* Only who has the time looks names up; the others use what it found. */
static void
a_name_is_looked_up_by_sync_alone(void **state)
{
	char url[64];
	struct redis *other;
	int64_t found_at;

	(void)state;
	snprintf(url, sizeof(url), "redis://far.test:%d", server.port);
	other = redis_client(url, db, REDIS_BOT);
	assert_false(redis_usable(other));
	redis_add(other, "PING");
	assert_int_equal(OUT_LATER, redis_run(other, &fault));
	assert_non_null(strstr(fault.text, "sync-redis"));
	redis_close(other);
	other = redis_client(url, db, REDIS_SYNC);
	redis_add(other, "PING");
	redis_run_ok(other);
	redis_close(other);
	found_at = name_age();
	assert_true(found_at > 0);
	other = redis_client(url, db, REDIS_BOT);
	assert_true(redis_usable(other));
	redis_close(other);
	/* Stale is better than none, but who may look looks again. */
	state_exec(state_path,
	    "UPDATE meta SET value = 'far.test 127.0.0.1 5'"
	    " WHERE key = 'redis_address'");
	other = redis_client(url, db, REDIS_BOT);
	redis_add(other, "PING");
	redis_run_ok(other);
	redis_close(other);
	other = redis_client(url, db, REDIS_SYNC);
	redis_add(other, "PING");
	redis_run_ok(other);
	redis_close(other);
	assert_true(name_age() >= found_at);
}

static void
a_name_that_nobody_knows_costs_its_time(void **state)
{
	struct redis *other = redis_client("redis://far.test", db, REDIS_SYNC);
	int64_t start = clock_mono_ms();

	(void)state;
	name_leads_to = "";
	redis_add(other, "PING");
	assert_int_equal(OUT_LATER, redis_run(other, &fault));
	assert_non_null(strstr(fault.text, "name was not found"));
	/* A resolver that is silent. */
	name_takes_ms = 1500;
	redis_end_by(other, start + 200);
	redis_add(other, "PING");
	assert_int_equal(OUT_LATER, redis_run(other, &fault));
	assert_in_range(clock_mono_ms() - start, 190, 1400);
	redis_close(other);
	/* A thread that is still there would be lost memory to valgrind. */
	poll(NULL, 0, 1600);
	name_leads_to = "127.0.0.1";
	name_takes_ms = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(commands_are_answered_in_one_round_trip),
		WITH_REDIS(a_script_is_sent_once),
		WITH_REDIS(scripts_keep_their_place),
		WITH_REDIS(a_script_at_the_end_keeps_its_place),
		WITH_REDIS(words_may_hold_anything),
		WITH_REDIS(nothing_to_do_asks_nobody),
		WITH_REDIS(a_long_pipeline_does_not_jam),
		WITH_REDIS(replies_last_until_the_next_command),
		WITH_REDIS(its_time_ends_when_the_caller_says),
		WITH_REDIS(a_name_is_looked_up_by_sync_alone),
		WITH_REDIS(a_name_that_nobody_knows_costs_its_time),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
