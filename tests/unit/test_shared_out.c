/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram shared store net base */
/*
 * Tasks of the flow are handed over to the shared set: each is done once,
 * wherever, or a row that says why not, whoever is killed, and whatever Redis
 * loses.
 */
#include "shared_case.h"

#include "shared/handover_list.h"
#include "store/mend.h"
#include "store/task_cancel.h"
#include "store/verify.h"

#define ROWS(where) number("SELECT count(*) FROM shared_tasks WHERE " where)

/* Person 7 has a reminder, which is handed over. */
static void
hand_over(void)
{
	say(7, "/start");
	settle();
	assert_int_equal(number("SELECT count(*) FROM tasks"), 0);
	assert_int_equal(ROWS("state = 'exported'"), 1);
	assert_int_equal(other("ZRANGE scheduler:tasks 0 -1"), 1);
}

static void
no_rule_is_broken(void)
{
	int64_t broken, first;

	for (size_t i = 0; i < verify_rule_count; i++) {
		state_ok(verify_rule(db, &verify_rules[i], &broken, &first,
			     &fault),
		    &fault);
		if (broken != 0)
			fail_msg("%s: %lld", verify_rules[i].name,
			    (long long)first);
	}
}

static void
as_others_read_it(void **state)
{
	char wanted[300];

	(void)state;
	hand_over();
	int64_t due = number("SELECT due_at FROM shared_tasks");
	snprintf(wanted, sizeof(wanted),
	    "{\"type\":\"later\",\"userId\":7,\"chatId\":7,\"data\":{},"
	    "\"id\":\"lp-%s-%lld\",\"executeAt\":%lld}",
	    handover_host(handover),
	    (long long)number("SELECT id FROM shared_tasks"), (long long)due);
	assert_string_equal(answer, wanted);
	other("ZSCORE scheduler:tasks %s", wanted);
	assert_int_equal(strtoll(answer, NULL, 10), due);
	no_rule_is_broken();
}

static void
back_with_guards(void **state)
{
	(void)state;
	hand_over();
	let_due();
	settle();
	assert_int_equal(messages("Remember"), 1);
	assert_int_equal(ROWS("state = 'back' AND told = 1"), 1);
	is_clean();
	no_rule_is_broken();
	/* Once more; meanwhile they have paid. */
	say(7, "/start");
	settle();
	say(7, "/paid");
	let_due();
	settle();
	assert_int_equal(messages("Remember"), 1);
	is_clean();
	no_rule_is_broken();
}

/* What is due at once, timers, texts: they stay. */
static void
what_stays(void **state)
{
	(void)state;
	change("INSERT INTO tasks(due_at, id, kind, priority, chat_id, name,"
	       " expire_at, created_at, pointer) VALUES(1, 901, 'flow', 5, 7,"
	       " 'soon', 9000000000000, 1, '/x'), (4000000000000, 902, 'flow',"
	       " 5, 7, 'ttl:x', 9000000000000, 1, '/x')");
	change("INSERT INTO tasks(due_at, id, kind, priority, chat_id,"
	       " expire_at, created_at, method, params) VALUES(4000000000000,"
	       " 903, 'send', 5, 7, 9000000000000, 1, 'sendMessage', '{}')");
	for (int i = 0; i < 3; i++)
		round_of(10);
	assert_int_equal(number("SELECT count(*) FROM tasks"), 3);
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
}

static void
only_when_wanted(void **state)
{
	(void)state;
	config_close(config);
	unsetenv("LEADPIPE_SHARED_TASKS");
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	shared_close();
	shared_open();
	say(7, "/start");
	settle();
	assert_int_equal(number("SELECT count(*) FROM tasks"), 1);
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
}

/* No Redis: all stays here, and is done here. */
static void
without_redis(void **state)
{
	(void)state;
	redis_close(redis);
	redis = NULL;
	say(7, "/start");
	settle();
	assert_int_equal(number("SELECT count(*) FROM tasks"), 1);
	change("UPDATE tasks SET due_at = 1000");
	settle();
	assert_int_equal(messages("Remember"), 1);
}

static void
taken_by_another_program(void **state)
{
	(void)state;
	hand_over();
	other("ZREM scheduler:tasks %s", answer);
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	let_due();
	settle();
	assert_int_equal(messages("Remember"), 0);
	assert_int_equal(ROWS("state = 'taken' AND told = 1"), 1);
	assert_int_equal(handover_counts(handover)->taken, 1);
	is_clean();
	/* The chat may have it again. */
	say(7, "/start");
	settle();
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
}

#define SCRIPT_KEYS \
	" 5 scheduler:tasks " HANDOVER_LEASES " " HANDOVER_NOTES \
	" " HANDOVER_GEN " " HANDOVER_POISON " host2 "

/* Another leadpipe claims, acknowledges, and in the end reports it. */
static void
done_by_another_leadpipe(void **state)
{
	(void)state;
	hand_over();
	char *member = mem_dup(answer);
	let_due();
	/* Not at once: the exporter knows the person. */
	other("ZADD scheduler:tasks %lld %s", (long long)clock_wall_ms(),
	    member);
	other("EVAL %s" SCRIPT_KEYS " %s 0 t 5 30000 65536 10000",
	    handover_claim_script.text, "");
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	let_due();
	other("EVAL %s" SCRIPT_KEYS " %s 0 t 5 30000 65536 10000",
	    handover_claim_script.text, "");
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	other("HGET " HANDOVER_GEN " gen");
	char *gen = mem_dup(answer);
	settle();
	assert_int_equal(ROWS("state = 'exported'"), 1);
	other("EVAL %s" SCRIPT_KEYS " %s 0 t ack %s 0 %s %s",
	    handover_tell_script.text, "", member, gen, "");
	change("UPDATE shared_tasks SET look_at = 0");
	settle();
	assert_int_equal(ROWS("state = 'exported'"), 1);
	other("EVAL %s" SCRIPT_KEYS " %s 0 t done %s 0 %s %s",
	    handover_tell_script.text, "", member, gen, "");
	change("UPDATE shared_tasks SET look_at = 0");
	settle();
	assert_int_equal(ROWS("state = 'done' AND told = 1"), 1);
	assert_int_equal(handover_counts(handover)->done, 1);
	assert_int_equal(messages("Remember"), 0);
	is_clean();
	free(member);
	free(gen);
}

static void
flushed(void **state)
{
	(void)state;
	hand_over();
	other("FLUSHALL");
	round_of(10);
	round_of(10);
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	let_due();
	settle();
	assert_int_equal(messages("Remember"), 1);
	other("FLUSHALL");
	settle();
	assert_int_equal(messages("Remember"), 1);
	is_clean();
}

/* Saved while it was there; done; Redis comes up with what was saved. */
static void
older_data(void **state)
{
	(void)state;
	hand_over();
	let_due();
	other("SAVE");
	settle();
	assert_int_equal(messages("Remember"), 1);
	redis_server_stop(&server);
	redis_server_start(&server, NULL);
	foreign_connect();
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	shared_close();
	change("DELETE FROM breakers");
	shared_open();
	/* Not even claimed by us: it leaves, so that no one else does it. */
	round_of(0);
	round_of(0);
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	settle();
	assert_int_equal(messages("Remember"), 1);
	is_clean();
}

static void
cancelled_by_an_answer(void **state)
{
	(void)state;
	hand_over();
	say(7, "/no");
	assert_int_equal(ROWS("state = 'cancelled' AND told = 0"), 1);
	round_of(10);
	assert_int_equal(ROWS("state = 'cancelled' AND told = 1"), 1);
	is_clean();
}

/* Redis is away when they answer; it is due when it comes back. */
static void
cancelled_without_redis(void **state)
{
	(void)state;
	hand_over();
	let_due();
	redis_close(redis);
	redis = NULL;
	say(7, "/no");
	settle();
	redis = redis_server_client(&server, db, REDIS_SYNC);
	settle();
	assert_int_equal(messages("Remember"), 0);
	is_clean();
	no_rule_is_broken();
}

/* Claimed, not yet acknowledged. */
static void
cancelled_when_claimed(void **state)
{
	(void)state;
	hand_over();
	let_due();
	round_of(10);
	assert_int_equal(ROWS("state = 'claimed'"), 1);
	say(7, "/no");
	settle();
	assert_int_equal(messages("Remember"), 0);
	is_clean();
}

static void
one_name_once(void **state)
{
	(void)state;
	hand_over();
	say(7, "/start");
	settle();
	assert_int_equal(other("ZCARD scheduler:tasks"), 1);
	assert_int_equal(ROWS("state = 'exported'"), 1);
	/* By its id. */
	begin();
	state_ok(tasks_cancel_id(db,
		     number("SELECT id FROM shared_tasks WHERE"
			    " state = 'exported'"),
		     clock_wall_ms(), &fault),
	    &fault);
	commit();
	settle();
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
}

/* One of the name was held meanwhile, or died: the newer one counts. */
static void
held_one_counts_not(void **state)
{
	const char *is;

	(void)state;
	hand_over();
	change("INSERT INTO task_ends(id, state, ended_at, due_at, kind,"
	       " priority, chat_id, name, expire_at, created_at, entries,"
	       " pointer) VALUES(777, 'held', 1, 1, 'flow', 5, 7, 'later',"
	       " 9000000000000, 1, 0, '/x'), (778, 'dead', 1, 1, 'flow', 5, 7,"
	       " 'later', 9000000000000, 1, 0, '/x')");
	begin();
	state_ok(tasks_unhold(db, 7, &fault), &fault);
	assert_int_equal(mend_item(db, "task", 778, MEND_RETRY,
			     clock_wall_ms(), &is, &fault),
	    OUT_NEVER);
	commit();
	assert_int_equal(number("SELECT count(*) FROM tasks"), 0);
	assert_int_equal(ROWS("state = 'exported'"), 1);
}

/* Redis goes away with what it was given, until past the due time. */
static void
pass_due_time(void)
{
	hand_over();
	let_due();
	change("UPDATE shared_tasks SET due_at = due_at - 60000");
	redis_close(redis);
	redis = NULL;
	settle();
}

/* Redis is gone past the due time: told, and taken back by hand. */
static void
overdue(void **state)
{
	const char *is;

	(void)state;
	pass_due_time();
	assert_int_equal(messages("Remember"), 0);
	assert_int_equal(number("SELECT count(*) FROM dead_letters WHERE"
				" kind = 'shared' AND mend LIKE '%--resend%'"),
	    1);
	no_rule_is_broken();
	int64_t id = number("SELECT item FROM dead_letters");
	begin();
	assert_int_equal(mend_item(db, "shared", id, MEND_RETRY,
			     clock_wall_ms(), &is, &fault),
	    OUT_NEVER);
	state_ok(mend_item(db, "shared", id, MEND_RESEND, clock_wall_ms(), &is,
		     &fault),
	    &fault);
	commit();
	settle();
	assert_int_equal(messages("Remember"), 1);
	assert_int_equal(number("SELECT count(*) FROM dead_letters"), 0);
	redis = redis_server_client(&server, db, REDIS_SYNC);
	settle();
	assert_int_equal(messages("Remember"), 1);
	is_clean();
}

/* It is not wanted: told from what the flow cancels. */
static void
overdue_and_dropped(void **state)
{
	const char *is = "";

	(void)state;
	say(8, "/start");
	settle();
	say(8, "/no");
	pass_due_time();
	assert_int_equal(number("SELECT count(*) FROM dropped_there"), 0);
	begin();
	state_ok(mend_item(db, "shared",
		     number("SELECT item FROM dead_letters"), MEND_DROP,
		     clock_wall_ms(), &is, &fault),
	    &fault);
	commit();
	assert_string_equal(is, "cancelled");
	assert_int_equal(number("SELECT count(*) FROM dropped_there"), 1);
	assert_int_equal(
	    number("SELECT chat_id FROM dropped_there WHERE kind = 'shared'"
		   " AND state = 'dropped' AND mend IS NOT NULL"),
	    7);
	settle();
	assert_int_equal(messages("Remember"), 0);
	redis = redis_server_client(&server, db, REDIS_SYNC);
	settle();
	assert_int_equal(messages("Remember"), 0);
}

/* It comes back by itself when Redis does. */
static void
overdue_and_back(void **state)
{
	(void)state;
	pass_due_time();
	redis = redis_server_client(&server, db, REDIS_SYNC);
	settle();
	assert_int_equal(messages("Remember"), 1);
	assert_int_equal(number("SELECT count(*) FROM dead_letters"), 0);
	is_clean();
}

static void
reopen(void (*between)(const char *))
{
	turn_close(turn);
	shared_close();
	db_close(db);
	if (between != NULL)
		between(state_dir);
	db = state_open(DB_WRITE);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	shared_open();
}

static void
save_state(const char *dir)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s.k; cp -r %s %s.k", dir,
	    dir, dir);
	assert_int_equal(system(command), 0);
}

static void
restore_state(const char *dir)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s; mv %s.k %s", dir, dir,
	    dir);
	assert_int_equal(system(command), 0);
}

/* Round BOUNDARY reached Redis, and the process ended before it was stored. */
static void
killed_between(void **state)
{
	(void)state;
	for (int boundary = 0; boundary < 7; boundary++) {
		say(7, "/start");
		for (int i = 0; i < boundary; i++) {
			if (i == 3)
				let_due();
			round_of(10);
			work();
		}
		reopen(save_state);
		if (boundary == 3)
			let_due();
		round_of(10);
		reopen(restore_state);
		settle();
		let_due();
		let_lease_end();
		settle();
		settle();
		assert_int_equal(messages("Remember"), boundary + 1);
		is_clean();
		no_rule_is_broken();
	}
}

static void
let_another_take_it(const char *dir)
{
	(void)dir;
	other("ZRANGE scheduler:tasks 0 -1");
	assert_int_equal(other("ZREM scheduler:tasks %s", answer), 1);
}

/* Put there, and taken by another program before we knew that it was. */
static void
killed_and_taken(void **state)
{
	(void)state;
	say(7, "/start");
	round_of(0);
	reopen(save_state);
	round_of(0);
	reopen(let_another_take_it);
	reopen(restore_state);
	settle();
	assert_int_equal(other("ZCARD scheduler:tasks"), 0);
	assert_int_equal(ROWS("state = 'taken'"), 1);
	assert_int_equal(messages("Remember"), 0);
}

/* The group is a supergroup now; what was handed over follows it. */
static void
moved(void **state)
{
	(void)state;
	hand_over();
	begin();
	state_ok(tasks_migrate(db, 7, 8, clock_wall_ms(), &fault), &fault);
	commit();
	assert_int_equal(ROWS("chat_id = 8"), 1);
}

static int64_t seen, bytes;

static void
count_member(const struct handover_member *member, void *arg)
{
	(void)arg;
	++seen;
	bytes += (int64_t)member->len;
	assert_int_equal(member->due_at, seen * 1000);
}

static void
pages(void **state)
{
	const struct handover_page page = { 7, count_member, NULL };
	int64_t all, due, from = 0;
	char *large = malloc(9000);
	int count;

	(void)state;
	memset(large, 'x', 9000);
	for (int i = 1; i < 20; i++)
		other("ZADD scheduler:tasks %d member%d", i * 1000, i);
	other("ZADD scheduler:tasks 20000 %b", large, (size_t)9000);
	do {
		state_ok(handover_page(redis, &page, from, &count, &fault),
		    &fault);
		from += count;
	} while (count > 0);
	assert_int_equal(seen, 20);
	assert_true(bytes < 4096 + 20 * 8);
	other("ZADD scheduler:tasks 9000000000000 later");
	state_ok(handover_size(redis, &all, &due, &fault), &fault);
	assert_int_equal(all, 21);
	assert_int_equal(due, 20);
	other("SET scheduler:tasks x");
	assert_int_equal(handover_size(redis, &all, &due, &fault), OUT_NEVER);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED(as_others_read_it),
		SHARED(back_with_guards),
		SHARED(what_stays),
		SHARED(only_when_wanted),
		SHARED(without_redis),
		SHARED(taken_by_another_program),
		SHARED(done_by_another_leadpipe),
		SHARED(flushed),
		SHARED(older_data),
		SHARED(cancelled_by_an_answer),
		SHARED(cancelled_without_redis),
		SHARED(cancelled_when_claimed),
		SHARED(one_name_once),
		SHARED(held_one_counts_not),
		SHARED(overdue),
		SHARED(overdue_and_back),
		SHARED(overdue_and_dropped),
		SHARED(killed_between),
		SHARED(killed_and_taken),
		SHARED(moved),
		SHARED(pages),
	};

	return cmocka_run_group_tests(tests, server_up, server_down);
}
