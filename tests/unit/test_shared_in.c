/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram shared store net base */
/*
 * Tasks of other programs come in: each is done once or is a row that says why
 * not, whoever is killed, and whatever Redis loses.
 */
#include "shared_case.h"

#include <pthread.h>

#include "store/pending.h"
#include "store/shared_stuck.h"

/* As Node's JSON.stringify, Python's json.dumps and a person write it. */
static void
foreign_members(void **state)
{
	static const char *const members[] = {
		"{\"type\":\"x\",\"userId\":7,\"chatId\":7,\"data\":"
		"{\"text\":\"one\"},\"id\":\"a\",\"executeAt\":%lld}",
		"{\"executeAt\": %lld, \"id\": \"b\", \"chatId\": \"7\", "
		"\"userId\": \"7\", \"type\": \"x\", \"data\": {\"text\": "
		"\"\\u043e\\u0434\\u0438\\u043d\"}}",
		" {\n\t\"userId\" : 7, \"data\":{\"method\":\"sendMessage\","
		"\"params\":{\"text\":\"\xd0\xbf\xd1\x8f\"}},\"executeAt\":"
		"%lld.0 } ",
	};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char member[400];
		snprintf(member, sizeof(member), members[i],
		    (long long)clock_wall_ms() - 1000);
		put(member, 1000);
	}
	settle();
	assert_int_equal(messages("one"), 1);
	assert_int_equal(messages("\xd0\xbe\xd0\xb4\xd0\xb8\xd0\xbd"), 1);
	assert_int_equal(messages("\xd0\xbf\xd1\x8f"), 1);
	assert_int_equal(handover_counts(handover)->owned, 3);
	assert_int_equal(number("SELECT count(*) FROM shared_tasks WHERE"
				" state = 'done' AND told = 1"),
	    3);
	/* Byte for byte. */
	assert_int_equal(number("SELECT count(*) FROM shared_tasks WHERE"
				" src_member LIKE ' {' || char(10, 9) || '%'"),
	    1);
	is_clean();
}

static void
not_yet_due(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", -60000);
	settle();
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	assert_int_equal(number("SELECT count(*) FROM shared_tasks"), 0);
}

/* The flow's schedule by its name, with its guards. */
static void
by_name(void **state)
{
	(void)state;
	say(7, "/start");
	change("DELETE FROM tasks");
	put("{\"type\":\"later\",\"userId\":7,\"chatId\":7,\"id\":1}", 1000);
	settle();
	assert_int_equal(messages("Remember"), 1);
	say(7, "/paid");
	put("{\"type\":\"later\",\"userId\":7,\"chatId\":7,\"id\":2}", 1000);
	settle();
	assert_int_equal(messages("Remember"), 1);
	assert_int_equal(number("SELECT count(*) FROM task_ends WHERE"
				" state = 'cancelled'"
				" AND reason = 'unless holds'"),
	    1);
	is_clean();
}

/* Older than its life: expired, and not sent as if it were news. */
static void
far_too_late(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"executeAt\":1600000000000,"
	    "\"data\":{\"text\":\"x\"}}",
	    1000);
	settle();
	assert_int_equal(messages("x"), 0);
	assert_int_equal(
	    number("SELECT count(*) FROM task_ends WHERE state = 'expired'"),
	    1);
	is_clean();
}

static void
twice(void **state)
{
	const char *member =
	    "{\"chatId\":7,\"id\":9,\"data\":{\"text\":\"x\"}}";

	(void)state;
	put(member, 1000);
	settle();
	put(member, 500);
	settle();
	assert_int_equal(messages("x"), 1);
	is_clean();
}

/* Whose chat nobody knows here: given back for a while, then told. */
static void
strangers(void **state)
{
	char member[200];
	int64_t now = clock_wall_ms();

	(void)state;
	snprintf(member, sizeof(member),
	    "{\"type\":\"later\",\"chatId\":99,\"executeAt\":%lld}",
	    (long long)now);
	put(member, 0);
	settle();
	assert_int_equal(other("ZCOUNT scheduler:tasks %lld %lld",
			     (long long)now + 50000, (long long)now + 70000),
	    1);
	assert_int_equal(number("SELECT count(*) FROM shared_tasks"), 0);
	assert_int_equal(other("HLEN " HANDOVER_NOTES), 0);
	other("DEL scheduler:tasks");
	put("{\"type\":\"later\",\"chatId\":99,\"executeAt\":1}", 0);
	settle();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 1);
}

static void
look(void)
{
	bool more;

	do
		state_ok(handover_look(handover, redis, 10, &more, &fault),
		    &fault);
	while (more);
}

static const char *
mend(int64_t id, enum mend how)
{
	const char *is = "?";

	begin();
	if (shared_stuck_mend(db, id, how, clock_wall_ms(), &is, &fault) !=
	    OUT_OK)
		is = "refused";
	commit();
	return is;
}

static int64_t
stuck(void)
{
	return number("SELECT coalesce(max(item), 0) FROM dead_letters"
		      " WHERE kind = 'shared'");
}

static void
poison(void **state)
{
	static const char *const members[] = {
		"no json",
		"[1]",
		"{\"type\":\"nobody\",\"chatId\":7}",
		"{\"type\":\"later\"}",
		"{\"type\":\"x\",\"chatId\":7,\"data\":{\"method\":\"drop\"}}",
		"\xff\xfe",
		"",
	};
	(void)state;
	for (size_t i = 0; i < 7; i++)
		put(members[i], (int64_t)i + 1);
	other("ZADD scheduler:tasks 5 %b", "{\"a\":\0}", (size_t)7);
	/* Behind all of them. */
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 0);
	usleep(2000);
	settle();
	assert_int_equal(messages("x"), 1);
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 8);
	look();
	assert_int_equal(
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'shared'"),
	    8);
	assert_int_equal(number("SELECT count(*) FROM dead_letters WHERE"
				" reason LIKE '%no schedule called%nobody%'"),
	    1);
	/* Each is listed, with its words. */
	struct pending_list rows = { 0 };
	struct pending row;
	int count = 0;
	while (pending_next(db, &rows, "shared", 0, &row)) {
		assert_string_equal(row.state, "poison");
		assert_non_null(row.text);
		++count;
	}
	assert_int_equal(count, 8);
	other("DEL " HANDOVER_POISON);
	look();
	assert_int_equal(stuck(), 0);
}

/* How many a list of what was dropped has. */
static int
dropped(void)
{
	struct pending_list rows = { 0 };
	struct pending row;
	int count = 0;

	while (pending_next(db, &rows, PENDING_DROPPED, 0, &row)) {
		assert_string_equal(row.kind, "shared");
		assert_non_null(row.mend);
		++count;
	}
	return count;
}

/* Once the flow knows it, or not at all. */
static void
poison_mended(void **state)
{
	(void)state;
	put("{\"type\":\"later\",\"chatId\":99,"
	    "\"executeAt\":200000000000}",
	    10);
	settle();
	look();
	int64_t id = stuck();
	assert_int_not_equal(id, 0);
	say(99, "/start");
	change("DELETE FROM tasks");
	assert_string_equal(mend(id, MEND_RETRY), "waiting");
	assert_int_equal(stuck(), 0);
	look();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 0);
	settle();
	is_clean();
	/* It was due in 1976. */
	assert_int_equal(
	    number("SELECT count(*) FROM task_ends WHERE state = 'expired'"),
	    1);
	put("rubbish", 10);
	settle();
	look();
	assert_string_equal(mend(stuck(), MEND_DROP), "dropped");
	look();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 0);
	assert_int_equal(number("SELECT count(*) FROM shared_stuck"), 0);
	assert_int_equal(other("HLEN " HANDOVER_NOTES), 0);
}

/* Whoever exported it hears that nobody wants it: it would be put there
 * again, as if Redis had lost it. */
static void
poison_of_another_host(void **state)
{
	char *mine = strdup(handover_host(handover));

	(void)state;
	say(7, "/start");
	settle();
	let_due();
	other("ZRANGE scheduler:tasks 0 -1");
	/* Elsewhere it is claimed, and cannot be read. */
	other("EVAL %s 3 scheduler:tasks " HANDOVER_POISON " " HANDOVER_NOTES
	      " %s %s",
	    "redis.call('ZREM', KEYS[1], ARGV[1])"
	    "redis.call('ZADD', KEYS[2], 1, ARGV[1])"
	    "redis.call('HSET', KEYS[3], redis.sha1hex(ARGV[1]),"
	    " 'p|5|' .. ARGV[2] .. '||0|no such schedule')",
	    answer, mine);
	free(mine);
	look();
	assert_string_equal(mend(stuck(), MEND_DROP), "dropped");
	look();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 0);
	change("UPDATE shared_tasks SET look_at = 0");
	settle();
	assert_int_equal(messages("Remember"), 0);
	assert_int_equal(
	    number("SELECT count(*) FROM shared_tasks WHERE state = 'done'"
		   " AND told = 1"),
	    1);
	is_clean();
}

/* A page that is not where it was shows fewer than there are. */
static void
decisions_survive_a_look(void **state)
{
	(void)state;
	put("rubbish", 10);
	settle();
	look();
	assert_string_equal(mend(stuck(), MEND_DROP), "dropped");
	assert_int_equal(dropped(), 1);
	begin();
	state_ok(shared_stuck_gone(db, false, clock_wall_ms() + 1000, &fault),
	    &fault);
	commit();
	look();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 0);
	assert_int_equal(number("SELECT count(*) FROM shared_stuck"), 0);
	assert_int_equal(dropped(), 0);
}

/* What cannot be done now is tried once a look, not again and again. */
static void
decisions_that_fail(void **state)
{
	bool more = true;

	(void)state;
	change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	       " WHERE i < 16) INSERT INTO shared_stuck(id, place, digest,"
	       " size, head, due_at, seen_at, seen_last, decision)"
	       " SELECT i + 900, 'poison', i, 1, '', 1, 1, 1, 'drop' FROM n");
	other("SET " HANDOVER_POISON " x");
	redis_end_by(redis, clock_mono_ms() + 10000);
	state_ok(handover_look(handover, redis, 100, &more, &fault), &fault);
	assert_false(more);
	assert_int_equal(number("SELECT count(*) FROM shared_stuck"), 16);
}

/* Ten megabytes are not even fetched. */
static void
too_large(void **state)
{
	size_t len = 10 << 20;
	char *large = malloc(len);

	(void)state;
	memset(large, 'a', len);
	other("ZADD scheduler:tasks 1 %b", large, len);
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 10);
	settle();
	assert_int_equal(messages("x"), 1);
	assert_int_equal(handover_counts(handover)->too_big, 1);
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 1);
	look();
	assert_int_equal(number("SELECT size FROM shared_stuck"), 10 << 20);
	assert_int_equal(number("SELECT length(head) FROM shared_stuck"), 200);
	assert_string_equal(mend(stuck(), MEND_RETRY), "refused");
	assert_string_equal(mend(stuck(), MEND_DROP), "dropped");
	look();
	assert_int_equal(other("ZCARD " HANDOVER_POISON), 0);
	free(large);
}

/* What others took in work and left there. */
static void
stale_processing(void **state)
{
	const char *old = "{\"type\":\"x\",\"chatId\":7,\"executeAt\":5,"
			  "\"data\":{\"text\":\"x\"}}";
	char young[200];

	(void)state;
	snprintf(young, sizeof(young), "{\"chatId\":7,\"executeAt\":%lld}",
	    (long long)clock_wall_ms());
	other("SADD scheduler:processing %s %s", old, young);
	look();
	assert_int_equal(stuck(), 0);
	look();
	assert_int_equal(stuck(), 0);
	change("UPDATE shared_stuck SET seen_at = seen_at - 600000");
	look();
	assert_int_equal(
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'shared'"),
	    1);
	assert_string_equal(mend(stuck(), MEND_RETRY), "refused");
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	assert_string_equal(mend(stuck(), MEND_RESEND), "waiting");
	look();
	assert_int_equal(other("SCARD scheduler:processing"), 1);
	assert_int_equal(other("ZSCORE scheduler:tasks %s", old), 0);
	assert_string_equal(answer, "5");
	/* Its program has finished the other one. */
	other("DEL scheduler:processing");
	look();
	assert_int_equal(number("SELECT count(*) FROM shared_stuck"), 0);
}

/* The process ends between Redis and SQLite: after each round the database is
 * as it was before. */
static void
save(const char *to)
{
	char command[400];

	turn_close(turn);
	shared_close();
	db_close(db);
	snprintf(command, sizeof(command), "rm -rf %s.%s; cp -r %s %s.%s",
	    state_dir, to, state_dir, state_dir, to);
	assert_int_equal(system(command), 0);
	db = state_open(DB_WRITE);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	shared_open();
}

static void
restore(const char *from)
{
	char command[400];

	turn_close(turn);
	shared_close();
	db_close(db);
	snprintf(command, sizeof(command), "rm -rf %s && mv %s.%s %s",
	    state_dir, state_dir, from, state_dir);
	assert_int_equal(system(command), 0);
	db = state_open(DB_WRITE);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	shared_open();
}

static void
killed_between(void **state)
{
	(void)state;
	for (int boundary = 0; boundary < 5; boundary++) {
		char member[100];
		snprintf(member, sizeof(member),
		    "{\"chatId\":7,\"id\":%d,\"data\":{\"text\":\"k%d\"}}",
		    boundary, boundary);
		put(member, 1000);
		for (int i = 0; i < boundary; i++) {
			round_of(100);
			if (i > 0)
				work();
		}
		save("kill");
		round_of(100);
		restore("kill");
		settle();
		/* A claim that died before it was stored comes back. */
		let_lease_end();
		settle();
		char text[8];
		snprintf(text, sizeof(text), "k%d", boundary);
		assert_int_equal(messages(text), 1);
		is_clean();
	}
}

/* We slept past our lease, and another host has done it. */
static void
lease_lost(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
	round_of(100);
	assert_int_equal(
	    number(
		"SELECT count(*) FROM shared_tasks WHERE state = 'claimed'"),
	    1);
	let_lease_end();
	other("EVAL %s 5 scheduler:tasks " HANDOVER_LEASES " " HANDOVER_NOTES
	      " " HANDOVER_GEN " " HANDOVER_POISON
	      " otherhost %s 0 t 10 30000 65536 0",
	    handover_claim_script.text, "");
	settle();
	assert_int_equal(messages("x"), 0);
	assert_int_equal(handover_counts(handover)->lost, 1);
	assert_int_equal(number("SELECT count(*) FROM shared_tasks"), 0);
}

/* Another process of this host has claimed it once more meanwhile: what Redis
 * says of the older claim is not about that one. */
static void
older_claim(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
	round_of(100);
	const struct shared_task older = {
		.id = number("SELECT id FROM shared_tasks"),
		.gen = number("SELECT gen FROM shared_tasks"),
	};
	let_lease_end();
	change("UPDATE shared_tasks SET gen = gen + 1");
	begin();
	state_ok(shared_tasks_acked(db, &older, false, NOW, &fault), &fault);
	commit();
	assert_int_equal(number("SELECT count(*) FROM shared_tasks"), 1);
}

/* The claim is stored, and then Redis is away for good. */
static void
unacknowledged(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
	round_of(100);
	redis_close(redis);
	redis = NULL;
	settle();
	assert_int_equal(messages("x"), 0);
	change("UPDATE shared_tasks SET changed_at = changed_at - 600000");
	handover_close(handover);
	state_ok(handover_open(&handover, db, config, &fault), &fault);
	settle();
	assert_int_equal(messages("x"), 1);
	assert_int_equal(handover_counts(handover)->doubted, 1);
	/* It is back, and has it still. */
	let_lease_end();
	redis = redis_server_client(&server, db, REDIS_SYNC);
	settle();
	assert_int_equal(messages("x"), 1);
	is_clean();
}

/* FLUSHALL between the claim and its acknowledgement: nobody else has it. */
static void
flushed_after_claim(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
	round_of(100);
	other("FLUSHALL");
	settle();
	assert_int_equal(messages("x"), 1);
	is_clean();
}

/* Redis comes up with data of before. */
static void
older_data(void **state)
{
	(void)state;
	put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
	round_of(0);
	other("SAVE");
	settle();
	assert_int_equal(messages("x"), 1);
	is_clean();
	redis_server_stop(&server);
	redis_server_start(&server, NULL);
	foreign_connect();
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	shared_close();
	change("DELETE FROM breakers");
	shared_open();
	settle();
	assert_int_equal(messages("x"), 1);
	is_clean();
}

static void
generation_never_falls(void **state)
{
	int64_t seen = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		char member[100];
		snprintf(member, sizeof(member),
		    "{\"chatId\":7,\"id\":%d,\"data\":{\"text\":\"x\"}}", i);
		put(member, 1000);
		settle();
		other("HGET " HANDOVER_GEN " gen");
		assert_true(strtoll(answer, NULL, 10) > seen);
		seen = strtoll(answer, NULL, 10);
		other("FLUSHALL");
	}
	assert_int_equal(messages("x"), 3);
}

static void
wrong_type(void **state)
{
	static const char *const keys[] = { "scheduler:tasks", HANDOVER_LEASES,
		HANDOVER_NOTES, HANDOVER_GEN, HANDOVER_POISON };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		other("FLUSHALL");
		other("SET %s 1", keys[i]);
		if (i > 0)
			put("{\"chatId\":7,\"data\":{\"text\":\"x\"}}", 1000);
		settle();
		assert_non_null(handover_off(handover));
		assert_non_null(strstr(handover_off(handover), keys[i]));
		assert_int_equal(
		    number(
			"SELECT count(*) FROM meta WHERE key = 'shared_off'"),
		    1);
		if (i > 0)
			assert_int_equal(other("ZCARD scheduler:tasks"), 1);
		other("DEL %s", keys[i]);
		shared_close();
		shared_open();
		round_of(0);
		assert_int_equal(
		    number(
			"SELECT count(*) FROM meta WHERE key = 'shared_off'"),
		    0);
	}
}

/* A program that takes what is due as others do: who removes it has it. */
static void *
race(void *count)
{
	redisContext *me = redisConnectUnix(server.socket);
	int64_t *won = count;

	for (int quiet = 0; quiet < 20;) {
		redisReply *page = redisCommand(me,
		    "ZRANGEBYSCORE scheduler:tasks -inf %lld LIMIT 0 10",
		    (long long)clock_wall_ms());
		quiet = page->elements > 0 ? 0 : quiet + 1;
		for (size_t i = 0; i < page->elements; i++) {
			redisReply *gone = redisCommand(me,
			    "ZREM scheduler:tasks %b", page->element[i]->str,
			    (size_t)page->element[i]->len);
			*won += gone->integer;
			freeReplyObject(gone);
		}
		freeReplyObject(page);
		if (quiet > 0)
			usleep(1000);
	}
	redisFree(me);
	return NULL;
}

static void
one_wins(void **state)
{
	int64_t won = 0;
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char member[100];
		snprintf(member, sizeof(member),
		    "{\"chatId\":7,\"id\":%d,\"data\":{\"text\":\"x\"}}", i);
		put(member, 2000);
	}
	pthread_create(&thread, NULL, race, &won);
	while (other("ZCARD scheduler:tasks") > 0)
		round_of(20);
	pthread_join(thread, NULL);
	settle();
	for (int i = 0; i < 30; i++)
		settle();
	assert_true(won > 0 && won < 2000);
	assert_int_equal(messages("x") + won, 2000);
	assert_int_equal(handover_counts(handover)->lost, 0);
	is_clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED(foreign_members),
		SHARED(not_yet_due),
		SHARED(by_name),
		SHARED(far_too_late),
		SHARED(twice),
		SHARED(strangers),
		SHARED(poison),
		SHARED(poison_mended),
		SHARED(poison_of_another_host),
		SHARED(decisions_survive_a_look),
		SHARED(decisions_that_fail),
		SHARED(too_large),
		SHARED(stale_processing),
		SHARED(killed_between),
		SHARED(lease_lost),
		SHARED(older_claim),
		SHARED(unacknowledged),
		SHARED(flushed_after_claim),
		SHARED(older_data),
		SHARED(generation_never_falls),
		SHARED(wrong_type),
		SHARED(one_wins),
	};

	return cmocka_run_group_tests(tests, server_up, server_down);
}
