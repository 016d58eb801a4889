/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * Everything that can be wrong with a real Redis: what is said of it, what it
 * costs, and that it is asked again when it is well.
 */
#include <poll.h>

#include "redis_server.h"
#include "shared/redis_state.h"
#include "state_db.h"

static struct redis_server server;
static struct redis *redis;
static char url[160];

static int
without_server(void **state)
{
	redis_close(redis);
	redis = NULL;
	if (server.pid > 0)
		redis_server_remove(&server);
	server = (struct redis_server){ 0 };
	return teardown(state);
}

#define FAULT(test) \
	cmocka_unit_test_setup_teardown(test, setup, without_server)

#define START(...) \
	redis_server_start(&server, (const char *[]){ __VA_ARGS__, NULL })

/* A client of the server's port, with USERINFO ("user:pass@"). */
static void
connect_as(const char *userinfo)
{
	redis_close(redis);
	snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d", userinfo,
	    server.port);
	redis = redis_client(url, db, REDIS_BOT);
}

static enum outcome
set_something(void)
{
	redis_add(redis, "SET something 1");
	return redis_run(redis, &fault);
}

static void
says(enum outcome out, const char *words)
{
	enum outcome found = set_something();

	if (found != out)
		fail_msg("%d, not %d: %s", found, out, fault.text);
	if (!strstr(fault.text, words))
		fail_msg("'%s' says nothing of '%s'", fault.text, words);
	assert_non_null(strstr(fault.text, "127.0.0.1"));
	assert_null(strstr(fault.text, "sesame"));
}

static int64_t
breaker(const char *column)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
	    "SELECT coalesce((SELECT %s FROM breakers WHERE name = 'redis'),"
	    " -1)",
	    column);
	return state_number(state_path, sql);
}

/* As if the time had passed for which it is not asked. */
static void
let_pass(void)
{
	state_exec(state_path,
	    "UPDATE breakers SET open_until = 1 WHERE open_until > 0");
}

/* Nobody is asked; how long that takes. */
static void
assert_free(void)
{
	int64_t start, best = INT64_MAX;

	for (int i = 0; i < 20 && best > 40000; i++) {
		start = clock_mono_us();
		assert_false(redis_usable(redis));
		assert_int_equal(OUT_LATER, set_something());
		if (clock_mono_us() - start < best)
			best = clock_mono_us() - start;
	}
	assert_in_range(best, 0, 40000);
}

static void
an_absent_one_is_asked_twice(void **state)
{
	(void)state;
	server.port = redis_free_port();
	connect_as("");
	says(OUT_LATER, "connection refused");
	assert_int_equal(1, breaker("failures"));
	assert_int_equal(0, breaker("open_until"));
	says(OUT_LATER, "connection refused");
	assert_int_equal(2, breaker("failures"));
	assert_in_range(breaker("open_until") - clock_wall_ms(), 3500, 6000);
	assert_free();
}

static void
one_that_hangs_is_asked_once(void **state)
{
	int64_t start;

	(void)state;
	START("--databases", "16");
	redis_server_freeze(&server);
	connect_as("");
	start = clock_mono_ms();
	says(OUT_LATER, "no answer");
	assert_in_range(clock_mono_ms() - start, 95, REDIS_LATE_MS);
	assert_free();
	/* Other processes know it. */
	connect_as("");
	assert_free();
	redis_server_thaw(&server);
	let_pass();
	assert_true(redis_usable(redis));
	assert_int_equal(OUT_OK, set_something());
	assert_int_equal(0, breaker("failures"));
	assert_int_equal(0, breaker("open_until"));
}

/* A queue that nobody empties: the kernel drops what would connect. */
static void
a_black_hole_costs_the_time_to_connect(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fds[4], listener = socket(AF_INET, SOCK_STREAM, 0);
	int64_t start;

	(void)state;
	server.port = redis_free_port();
	at.sin_port = htons((uint16_t)server.port);
	assert_int_equal(0,
	    bind(listener, (struct sockaddr *)&at, sizeof(at)));
	assert_int_equal(0, listen(listener, 0));
	for (int i = 0; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&at, sizeof(at));
	}
	connect_as("");
	start = clock_mono_ms();
	says(OUT_LATER, "no answer");
	assert_in_range(clock_mono_ms() - start, 45, REDIS_LATE_MS);
	assert_free();
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close(listener);
}

/* However often it fails and comes back, a process loses 150 ms at most. */
static void
a_process_loses_150_ms_in_all(void **state)
{
	int64_t start = clock_mono_ms();

	(void)state;
	START("--databases", "16");
	redis_server_freeze(&server);
	connect_as("");
	for (int i = 0; i < 10; i++) {
		(void)!set_something();
		let_pass();
	}
	assert_in_range(clock_mono_ms() - start, 129, REDIS_LATE_MS);
	assert_false(redis_usable(redis));
	assert_int_equal(OUT_LATER, set_something());
	assert_non_null(strstr(fault.text, "150 ms"));
}

/* What is left of the budget would do for one that is near only. */
static void
a_far_one_is_not_cut_short(void **state)
{
	(void)state;
	server.port = redis_free_port();
	connect_as("");
	assert_true(redis_usable(redis));
	redis->lost_ms = 100;
	assert_true(redis_usable(redis));
	free(redis->ip);
	redis->ip = strdup("203.0.113.7");
	assert_false(redis_usable(redis));
	redis->lost_ms = 60;
	assert_true(redis_usable(redis));
}

static void
the_wait_doubles_up_to_a_minute(void **state)
{
	static const int64_t most[] = { 6000, 12000, 24000, 48000, 72000,
		72000 };
	(void)state;
	server.port = redis_free_port();
	connect_as("");
	says(OUT_LATER, "refused");
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		says(OUT_LATER, "refused");
		assert_in_range(breaker("open_until") - clock_wall_ms(),
		    most[i] * 2 / 3 - 500, most[i]);
		let_pass();
	}
}

/* Another process tries it; true when nobody else did while that one waited
 * for it. */
static bool
another_tries(void)
{
	bool alone;
	pid_t pid = fork();

	if (pid == 0) {
		struct db *own = NULL;

		if (db_open(&own, state_path, DB_WRITE, STATE_BOT, &fault) !=
		    OUT_OK)
			_exit(1);
		redis = redis_client(url, own, REDIS_BOT);
		(void)!set_something();
		_exit(0);
	}
	while (redis_usable(redis) && waitpid(pid, NULL, WNOHANG) == 0)
		poll(NULL, 0, 1);
	alone = !redis_usable(redis) && waitpid(pid, NULL, WNOHANG) == 0;
	if (alone)
		waitpid(pid, NULL, 0);
	return alone;
}

static void
one_process_tries_whether_it_is_back(void **state)
{
	bool alone = false;

	(void)state;
	START("--databases", "16");
	connect_as("");
	redis_server_freeze(&server);
	says(OUT_LATER, "no answer");
	/* Who cannot write in 20 ms that it tries does so all the same. */
	for (int i = 0; i < 20 && !alone; i++) {
		let_pass();
		assert_true(redis_usable(redis));
		alone = another_tries();
	}
	assert_true(alone);
}

static void
a_clock_set_back_does_not_keep_it_shut(void **state)
{
	(void)state;
	START("--databases", "16");
	connect_as("");
	redis_server_freeze(&server);
	says(OUT_LATER, "no answer");
	redis_server_thaw(&server);
	state_exec(state_path,
	    "UPDATE breakers SET open_until = open_until + 3600000");
	connect_as("");
	assert_true(redis_usable(redis));
	(void)!set_something();
	assert_true(breaker("open_until") < clock_wall_ms() + 600000);
}

static void
without_a_database_the_process_remembers(void **state)
{
	(void)state;
	server.port = redis_free_port();
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", server.port);
	redis = redis_client(url, NULL, REDIS_BOT);
	says(OUT_LATER, "refused");
	says(OUT_LATER, "refused");
	assert_free();
}

/* Another process writes, until it is killed and waited for. */
static pid_t
keep_database(void)
{
	int go[2];
	pid_t pid;
	char c;

	assert_int_equal(0, pipe(go));
	pid = fork();
	if (pid == 0) {
		struct db *own = NULL;
		struct fault why;

		end_child(db_open(&own, state_path, DB_WRITE, STATE_BOT,
			      &why) == OUT_OK &&
		    db_begin(own, clock_mono_ms() + 1000, &why) == OUT_OK &&
		    write(go[1], "x", 1) == 1 && poll(NULL, 0, 30000) == 0);
	}
	assert_int_equal(1, read(go[0], &c, 1));
	close(go[0]);
	close(go[1]);
	return pid;
}

static void
a_database_that_is_busy_costs_little(void **state)
{
	(void)state;
	server.port = redis_free_port();
	connect_as("");
	pid_t pid = keep_database();
	int64_t start = clock_mono_ms();
	says(OUT_LATER, "refused");
	says(OUT_LATER, "refused");
	assert_free();
	assert_in_range(clock_mono_ms() - start, 0, REDIS_LATE_MS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Or else it would come on top of what a process loses at most. */
static void
what_it_takes_to_write_that_down_counts(void **state)
{
	(void)state;
	START("--databases", "16");
	redis_server_freeze(&server);
	connect_as("");
	pid_t pid = keep_database();
	int64_t start = clock_mono_us();
	says(OUT_LATER, "no answer");
	int64_t took = (clock_mono_us() - start) / 1000;
	/* 100 for the answer and 20 for the database. */
	assert_in_range(redis->lost_ms, 115, took + 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* It is not said as a NOPERM there. */
static void
a_right_that_a_script_lacks(void **state)
{
	(void)state;
	START("--user", "me", "on", ">sesame", "~*", "+@all", "-zadd");
	connect_as("me:sesame@");
	redis_add(redis, "EVAL %s 0",
	    "return redis.call('ZADD', 'a', '1', 'b')");
	assert_int_equal(OUT_NEVER, redis_run(redis, &fault));
	assert_non_null(strstr(fault.text, "its user may not do that"));
	assert_non_null(strstr(fault.text, "script"));
}

static void
passwords_and_users(void **state)
{
	(void)state;
	START("--requirepass", "sesame", "--user", "me", "on", ">sesame2",
	    "~something", "+set");
	connect_as("");
	says(OUT_NEVER, "wants a password");
	assert_int_equal(EXIT_CONFIG, fault.code);
	assert_in_range(breaker("open_until") - clock_wall_ms(), 55000, 60000);
	assert_false(redis_usable(redis));
	/* Another password is tried at once. */
	connect_as(":wrong@");
	says(OUT_NEVER, "refuses the user or the password");
	connect_as(":sesame@");
	assert_int_equal(OUT_OK, set_something());
	/* A user who may do nothing but what is needed. */
	connect_as("me:sesame2@");
	assert_int_equal(OUT_OK, set_something());
	redis_add(redis, "GET something");
	assert_int_equal(OUT_NEVER, redis_run(redis, &fault));
	assert_non_null(strstr(fault.text, "may not do that: NOPERM"));
	assert_non_null(strstr(fault.text, "'get'"));
}

static void
another_password_is_judged_anew(void **state)
{
	(void)state;
	START("--requirepass", "sesame");
	connect_as("");
	says(OUT_NEVER, "wants a password");
	redis_server_freeze(&server);
	connect_as(":sesame@");
	says(OUT_LATER, "no answer");
	assert_free();
	connect_as("");
	assert_free();
}

static void
another_address_is_tried_at_once(void **state)
{
	(void)state;
	server.port = redis_free_port();
	connect_as("");
	says(OUT_LATER, "refused");
	says(OUT_LATER, "refused");
	assert_free();
	server.port = redis_free_port();
	connect_as("");
	assert_true(redis_usable(redis));
	says(OUT_LATER, "refused");
	assert_int_equal(1, breaker("failures"));
}

static void
a_password_that_is_not_asked_for(void **state)
{
	(void)state;
	START("--databases", "16");
	connect_as(":sesame@");
	says(OUT_NEVER, "has no password but is given one");
}

static void
a_database_that_is_not_there(void **state)
{
	(void)state;
	START("--databases", "2");
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d/7", server.port);
	redis = redis_client(url, db, REDIS_BOT);
	says(OUT_NEVER, "no database of that number");
	redis_close(redis);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d/1", server.port);
	redis = redis_client(url, db, REDIS_BOT);
	assert_int_equal(OUT_OK, set_something());
	connect_as("");
	redis_add(redis, "EXISTS something");
	redis_run_ok(redis);
	assert_int_equal(0, redis_reply(redis, 0)->integer);
}

static void
a_replica(void **state)
{
	(void)state;
	START("--replicaof", "127.0.0.1 1");
	connect_as("");
	says(OUT_LATER, "is a replica: name its master");
}

static void
a_full_one(void **state)
{
	(void)state;
	START("--maxmemory", "100kb", "--maxmemory-policy", "noeviction");
	connect_as("");
	for (int i = 0; i < 2; i++)
		says(OUT_LATER, "full (OOM)");
	assert_free();
	/* Still full: who tries it writes. */
	let_pass();
	redis_add(redis, "GET something");
	assert_int_equal(OUT_LATER, redis_run(redis, &fault));
	assert_non_null(strstr(fault.text, "OOM"));
}

static void
one_that_cannot_save(void **state)
{
	char dump[128];

	(void)state;
	START("--save", "3600 1000");
	snprintf(dump, sizeof(dump), "%s/dump.rdb", server.dir);
	assert_int_equal(0, mkdir(dump, 0700));
	connect_as("");
	assert_int_equal(OUT_OK, set_something());
	redis_add(redis, "BGSAVE");
	(void)!redis_run(redis, &fault);
	for (int i = 0; i < 100 && set_something() == OUT_OK; i++)
		poll(NULL, 0, 10);
	assert_non_null(strstr(fault.text, "MISCONF"));
}

static void
one_with_too_few_replicas(void **state)
{
	(void)state;
	START("--min-replicas-to-write", "1");
	connect_as("");
	says(OUT_LATER, "min-replicas-to-write");
}

static void
one_without_a_connection_left(void **state)
{
	struct redis *first;

	(void)state;
	START("--maxclients", "1");
	/* Who asked whether it is up may not have left yet. */
	poll(NULL, 0, 50);
	first = redis_server_client(&server, NULL, REDIS_SYNC);
	redis_add(first, "PING");
	redis_run_ok(first);
	connect_as("");
	says(OUT_LATER, "no connection left");
	redis_close(first);
	for (int i = 0; i < 100 && set_something() != OUT_OK; i++) {
		let_pass();
		poll(NULL, 0, 10);
	}
	assert_int_equal(0, breaker("failures"));
}

static void
a_cluster(void **state)
{
	char bus[16];

	(void)state;
	snprintf(bus, sizeof(bus), "%d", redis_free_port());
	START("--cluster-enabled", "yes", "--cluster-port", bus);
	connect_as("");
	says(OUT_LATER, "cluster is down");
	redis_close(redis);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d/1", server.port);
	redis = redis_client(url, db, REDIS_BOT);
	says(OUT_NEVER, "cluster, which is not supported");
}

/* The other half of the slots is with a node that nobody has to see: reads are
 * sent there all the same. */
static void
a_cluster_that_sends_us_elsewhere(void **state)
{
	char path[128], bus[16];
	FILE *file;

	(void)state;
	START("--databases", "1");
	redis_server_stop(&server);
	snprintf(path, sizeof(path), "%s/nodes.conf", server.dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
	    "%040d 127.0.0.1:%d@1 myself,master - 0 0 1 connected 0-100\n"
	    "%040d 127.0.0.1:1@1 master - 0 0 2 connected 101-16383\n"
	    "vars currentEpoch 2 lastVoteEpoch 0\n",
	    1, server.port, 2);
	fclose(file);
	snprintf(bus, sizeof(bus), "%d", redis_free_port());
	START("--cluster-enabled", "yes", "--cluster-port", bus,
	    "--cluster-allow-reads-when-down", "yes",
	    "--cluster-require-full-coverage", "no");
	connect_as("");
	redis_add(redis, "GET something");
	assert_int_equal(OUT_NEVER, redis_run(redis, &fault));
	assert_non_null(strstr(fault.text, "cluster, which is not supported"));
	assert_false(redis_usable(redis));
}

static void
one_that_is_loading(void **state)
{
	struct redis *filler;

	(void)state;
	START("--enable-debug-command", "yes");
	filler = redis_server_client(&server, NULL, REDIS_SYNC);
	redis_add(filler, "DEBUG POPULATE 4000 k 100");
	redis_add(filler, "SAVE");
	redis_run_ok(filler);
	redis_close(filler);
	redis_server_stop(&server);
	server.loading = true;
	START("--key-load-delay", "300",
	    "--loading-process-events-interval-bytes", "1024");
	/* It answers between its keys, not always in time. */
	for (int i = 0; i < 10; i++) {
		connect_as("");
		if (set_something() == OUT_LATER &&
		    !strstr(fault.text, "no answer"))
			break;
		let_pass();
	}
	if (!strstr(fault.text, "loading its data"))
		fail_msg("%s", fault.text);
}

static void
a_restart_between_two_calls_is_not_noticed(void **state)
{
	(void)state;
	START("--databases", "16");
	connect_as("");
	assert_int_equal(OUT_OK, set_something());
	redis_server_stop(&server);
	START("--databases", "16");
	assert_int_equal(OUT_OK, set_something());
	redis_server_stop(&server);
	says(OUT_LATER, "refused");
	START("--databases", "16");
	assert_int_equal(OUT_OK, set_something());
	assert_int_equal(0, breaker("failures"));
}

static void
a_busy_script(void **state)
{
	struct redis *other;

	(void)state;
	START("--busy-reply-threshold", "1");
	other = redis_server_client(&server, db, REDIS_BOT);
	redis_add(other, "EVAL %s 0", "while true do end");
	assert_int_equal(OUT_LATER, redis_run(other, &fault));
	redis_close(other);
	let_pass();
	connect_as("");
	says(OUT_LATER, "busy with a script");
}

static void
other_errors_are_the_callers(void **state)
{
	(void)state;
	START("--databases", "16");
	connect_as("");
	redis_add(redis, "SET a 1");
	redis_add(redis, "LPUSH a 1");
	redis_add(redis, "NONSENSE");
	redis_add(redis, "GET a");
	redis_run_ok(redis);
	assert_int_equal(REDIS_FINE, redis_trouble(redis_reply(redis, 0)));
	assert_int_equal(REDIS_WRONG_TYPE,
	    redis_trouble(redis_reply(redis, 1)));
	assert_int_equal(REDIS_ERROR, redis_trouble(redis_reply(redis, 2)));
	assert_string_equal("1", redis_reply(redis, 3)->str);
	assert_int_equal(-1, breaker("failures"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT(an_absent_one_is_asked_twice),
		FAULT(one_that_hangs_is_asked_once),
		FAULT(a_black_hole_costs_the_time_to_connect),
		FAULT(a_process_loses_150_ms_in_all),
		FAULT(a_far_one_is_not_cut_short),
		FAULT(the_wait_doubles_up_to_a_minute),
		FAULT(one_process_tries_whether_it_is_back),
		FAULT(a_clock_set_back_does_not_keep_it_shut),
		FAULT(without_a_database_the_process_remembers),
		FAULT(a_database_that_is_busy_costs_little),
		FAULT(what_it_takes_to_write_that_down_counts),
		FAULT(a_right_that_a_script_lacks),
		FAULT(passwords_and_users),
		FAULT(another_password_is_judged_anew),
		FAULT(another_address_is_tried_at_once),
		FAULT(a_password_that_is_not_asked_for),
		FAULT(a_database_that_is_not_there),
		FAULT(a_replica),
		FAULT(a_full_one),
		FAULT(one_that_cannot_save),
		FAULT(one_with_too_few_replicas),
		FAULT(one_without_a_connection_left),
		FAULT(a_cluster),
		FAULT(a_cluster_that_sends_us_elsewhere),
		FAULT(one_that_is_loading),
		FAULT(a_restart_between_two_calls_is_not_noticed),
		FAULT(a_busy_script),
		FAULT(other_errors_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
