/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * What is not Redis, or no Redis that behaves: a few bytes of our own in place
 * of a server.
 */
#include <poll.h>

#include "redis_server.h"
#include "state_db.h"

/* An answer that comes when something was asked. */
struct fake {
	const char *first; /* to the hello */
	const char *head;  /* to what follows it, */
	size_t times;	   /* then this many */
	const char *piece;
	int pause_ms; /* between the pieces */
};

static pid_t fake_pid;
static char fake_url[64];

#define MASTER "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"

/* What the fake waits before it says hello. */
static int hello_ms;

static void
tell(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t count = write(fd, text, len);

		if (count <= 0)
			_exit(0);
		text += count;
		len -= (size_t)count;
	}
}

static void
serve(int listener, const struct fake *fake)
{
	int fd = accept(listener, NULL, NULL);
	char asked[4096];
	bool first = true;

	while (read(fd, asked, sizeof(asked)) > 0) {
		if (first) {
			poll(NULL, 0, hello_ms);
			tell(fd, fake->first);
			first = false;
			continue;
		}
		tell(fd, fake->head);
		for (size_t i = 0; i < fake->times; i++) {
			tell(fd, fake->piece);
			poll(NULL, 0, fake->pause_ms);
		}
	}
	_exit(0);
}

static void
start_fake(const struct fake *fake)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(0, bind(fd, (struct sockaddr *)&at, len));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&at, &len));
	assert_int_equal(0, listen(fd, 5));
	snprintf(fake_url, sizeof(fake_url), "redis://127.0.0.1:%d",
	    ntohs(at.sin_port));
	fake_pid = fork();
	if (fake_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		serve(fd, fake);
	}
	close(fd);
}

static void
stop_fake(void)
{
	if (fake_pid > 0) {
		kill(fake_pid, SIGKILL);
		waitpid(fake_pid, NULL, 0);
	}
	fake_pid = 0;
}

static int
without_fake(void **state)
{
	stop_fake();
	return teardown(state);
}

#define WITH_FAKE(test) \
	cmocka_unit_test_setup_teardown(test, setup, without_fake)

/* Asks the fake once; how long that took is in TOOK. */
static enum outcome
ask(const struct fake *fake, enum redis_way way, int64_t *took)
{
	struct redis *redis;
	enum outcome out;
	int64_t start;

	start_fake(fake);
	redis = redis_client(fake_url, db, way);
	start = clock_mono_ms();
	redis_add(redis, "GET a");
	out = redis_run(redis, &fault);
	*took = clock_mono_ms() - start;
	redis_close(redis);
	return out;
}

static void
assert_says(const char *words)
{
	if (!strstr(fault.text, words))
		fail_msg("'%s' says nothing of '%s'", fault.text, words);
}

/* What FAKE answers is OUT for WORDS; a machine that is slow just now may be
 * out of time first. */
static void
refused(const struct fake *fake, enum outcome out, const char *words)
{
	enum outcome found = OUT_LATER;
	int64_t took;

	for (int i = 0; i < 20; i++) {
		found = ask(fake, REDIS_BOT, &took);
		if (!strstr(fault.text, "no answer"))
			break;
		stop_fake();
		state_exec(state_path, "DELETE FROM breakers");
	}
	assert_says(words);
	assert_int_equal(out, found);
}

static void
a_drip_costs_no_more_than_silence(void **state)
{
	const struct fake drip = { MASTER, "$1000\r\n", 1000, "x", 30 };
	int64_t took;

	(void)state;
	assert_int_equal(OUT_LATER, ask(&drip, REDIS_BOT, &took));
	assert_says("no answer");
	assert_in_range(took, 90, REDIS_LATE_MS);
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT open_until > 0 FROM breakers WHERE name = 'redis'"));
}

/* Connecting, hello and answer share the time that may be lost. */
static void
a_slow_hello_leaves_less_for_the_answer(void **state)
{
	const struct fake slow = { MASTER, "$1000\r\n", 1000, "x", 30 };
	int64_t took = INT64_MAX;

	(void)state;
	/* Who is late for another reason tries again. */
	for (int i = 0; i < 20 && took > 183; i++) {
		stop_fake();
		state_exec(state_path, "DELETE FROM breakers");
		hello_ms = 85;
		assert_int_equal(OUT_LATER, ask(&slow, REDIS_BOT, &took));
		hello_ms = 0;
	}
	assert_in_range(took, 80, 183);
}

/* There is always more to read, also when the time is over. */
static void
a_flood_ends_in_time(void **state)
{
	static char piece[201];
	const struct fake flood = { MASTER "$-1\r\n", "$60000000\r\n", 300000,
		piece, 0 };
	struct redis *redis;
	int64_t start;

	(void)state;
	memset(piece, 'x', sizeof(piece) - 1);
	start_fake(&flood);
	redis = redis_client(fake_url, db, REDIS_SYNC);
	start = clock_mono_ms();
	redis_end_by(redis, start + 60);
	redis_add(redis, "GET a");
	assert_int_equal(OUT_LATER, redis_run(redis, &fault));
	assert_in_range(clock_mono_ms() - start, 0, REDIS_LATE_MS);
	redis_close(redis);
}

static void
garbage_is_said(void **state)
{
	const struct fake http = { "HTTP/1.1 400 Bad Request\r\n\r\n", "", 0,
		"", 0 };

	(void)state;
	refused(&http, OUT_LATER, "does not speak Redis's protocol");
}

static void
an_end_in_the_middle_is_said(void **state)
{
	const struct fake gone = { "*3\r\n$6\r\nmas", "", 0, "", 0 };
	struct redis *redis;

	(void)state;
	start_fake(&gone);
	redis = redis_client(fake_url, db, REDIS_SYNC);
	redis_end_by(redis, clock_mono_ms() + 100);
	redis_add(redis, "GET a");
	assert_int_equal(OUT_LATER, redis_run(redis, &fault));
	assert_says("no answer");
	redis_close(redis);
}

static void
a_reply_too_large_is_refused(void **state)
{
	static char mega[(1 << 20) + 1];
	const struct fake large = { MASTER, "$10485760\r\n", 10, mega, 0 };

	(void)state;
	memset(mega, 'x', sizeof(mega) - 1);
	refused(&large, OUT_LATER, "too large");
}

static void
an_array_too_large_is_refused(void **state)
{
	const struct fake wide = { MASTER, "*1000000000\r\n", 0, "", 0 };

	(void)state;
	refused(&wide, OUT_LATER, "too many elements");
}

static void
many_small_arrays_are_refused(void **state)
{
#define SEVEN "*7\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"
#define MANY SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN SEVEN
	const struct fake many = { MASTER, "*100000\r\n", 200,
		MANY MANY MANY MANY MANY MANY MANY MANY, 0 };

	(void)state;
	refused(&many, OUT_LATER, "too many elements");
}

static void
a_deep_reply_is_refused(void **state)
{
	const struct fake deep = { MASTER, "", 100, "*1\r\n", 0 };

	(void)state;
	refused(&deep, OUT_LATER, "nested too deep");
}

static void
an_old_version_is_refused(void **state)
{
	const struct fake old = { MASTER
		"$38\r\n# Server\r\nredis_version:4.0.14\r\nab:c\r\n\r\n",
		"$-1\r\n", 0, "", 0 };
	int64_t took;

	(void)state;
	assert_int_equal(OUT_NEVER, ask(&old, REDIS_SYNC, &took));
	assert_says("version 4.0.14 is too old");
}

static void
a_sentinel_is_refused(void **state)
{
	const struct fake sentinel = { "*2\r\n$8\r\nsentinel\r\n*0\r\n",
		"$-1\r\n", 0, "", 0 };

	(void)state;
	refused(&sentinel, OUT_NEVER, "Sentinel");
}

static void
errors_within_a_script_count(void **state)
{
	const struct fake fake = { MASTER,
		"-ERR Error running script (call to f_1): @user_script:1: "
		"-READONLY You can't write against a read only replica.\r\n",
		0, "", 0 };

	(void)state;
	refused(&fake, OUT_LATER, "read-only replica");
}

/* Redis 5, which has passwords but no users. */
static void
a_user_is_left_out_where_there_are_none(void **state)
{
	const struct fake five = {
		"-ERR wrong number of arguments for 'auth' command\r\n" MASTER,
		"+OK\r\n" MASTER, 0, "", 0
	};
	struct redis *redis;
	char url[96];

	(void)state;
	start_fake(&five);
	snprintf(url, sizeof(url), "redis://h:pass@%s", fake_url + 8);
	redis = redis_client(url, db, REDIS_BOT);
	redis_add(redis, "PING");
	assert_int_equal(OUT_OK, redis_run(redis, &fault));
	redis_close(redis);
}

static enum redis_trouble
trouble_of(const char *text)
{
	redisReply reply = { .type = REDIS_REPLY_ERROR };

	reply.str = (char *)text;
	reply.len = strlen(text);
	return redis_trouble(&reply);
}

static void
errors_have_their_class(void **state)
{
	static const struct {
		enum redis_trouble trouble;
		const char *text;
	} cases[] = {
		{ REDIS_DOWN, "LOADING Redis is loading the dataset" },
		{ REDIS_DOWN, "BUSY Redis is busy running a script" },
		{ REDIS_DOWN, "MASTERDOWN Link with MASTER is down" },
		{ REDIS_DOWN, "READONLY You can't write" },
		{ REDIS_DOWN, "NOREPLICAS Not enough good replicas" },
		{ REDIS_DOWN, "MISCONF Redis is configured to save" },
		{ REDIS_DOWN, "OOM command not allowed" },
		{ REDIS_DOWN, "CLUSTERDOWN The cluster is down" },
		{ REDIS_DOWN, "ERR max number of clients reached" },
		{ REDIS_CONFIG, "NOAUTH Authentication required." },
		{ REDIS_CONFIG, "WRONGPASS invalid username-password pair" },
		{ REDIS_CONFIG, "NOPERM this user has no permissions" },
		{ REDIS_CONFIG,
		    "ERR Error running script (call to f_1): "
		    "@user_script:1: The user executing the script can't "
		    "run this command or subcommand" },
		{ REDIS_CONFIG,
		    "ERR Error running script (call to f_1): "
		    "@user_script:1: The user executing the script can't "
		    "access at least one of the keys mentioned in the "
		    "command arguments" },
		{ REDIS_CONFIG,
		    "ERR The user executing the script can't run this "
		    "command or subcommand script: b4388c, on "
		    "@user_script:1." },
		{ REDIS_CONFIG,
		    "ERR ACL failure in script: User u has no permissions" },
		{ REDIS_CONFIG, "ERR invalid password" },
		{ REDIS_CONFIG, "ERR DB index is out of range" },
		{ REDIS_WRONG_TYPE, "WRONGTYPE Operation against a key" },
		{ REDIS_WRONG_TYPE,
		    "ERR Error running script (call to f_1): "
		    "@user_script:1: WRONGTYPE Operation" },
		{ REDIS_FOREIGN, "MOVED 15495 127.0.0.1:7001" },
		{ REDIS_FOREIGN, "ASK 15495 127.0.0.1:7001" },
		{ REDIS_ERROR, "ERR syntax error" },
		{ REDIS_ERROR, "BUSYKEY Target key name already exists." },
		{ REDIS_ERROR, "BUSYGROUP Consumer Group name already" },
		{ REDIS_ERROR, "NOSCRIPT No matching script" },
		{ REDIS_ERROR, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (trouble_of(cases[i].text) != cases[i].trouble)
			fail_msg("%s is %d", cases[i].text,
			    trouble_of(cases[i].text));
	assert_int_equal(REDIS_FINE, redis_trouble(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_drip_costs_no_more_than_silence),
		WITH_FAKE(a_slow_hello_leaves_less_for_the_answer),
		WITH_FAKE(a_flood_ends_in_time),
		WITH_FAKE(garbage_is_said),
		WITH_FAKE(an_end_in_the_middle_is_said),
		WITH_FAKE(a_reply_too_large_is_refused),
		WITH_FAKE(an_array_too_large_is_refused),
		WITH_FAKE(many_small_arrays_are_refused),
		WITH_FAKE(a_deep_reply_is_refused),
		WITH_FAKE(an_old_version_is_refused),
		WITH_FAKE(a_sentinel_is_refused),
		WITH_FAKE(errors_within_a_script_count),
		WITH_FAKE(a_user_is_left_out_where_there_are_none),
		cmocka_unit_test(errors_have_their_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
