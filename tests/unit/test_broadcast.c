/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * Broadcasts: everybody of the audience gets a message, once, whatever is
 * paused, resumed, cancelled, undone, forgotten or restored meanwhile.
 */
#include "turn_case.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/backup.h"
#include "store/broadcast_run.h"
#include "store/chats.h"
#include "store/forget.h"
#include "store/lane.h"
#include "store/limits.h"
#include "store/mend.h"
#include "store/meta.h"
#include "store/prune.h"
#include "store/restore.h"
#include "store/settle.h"
#include "store/stuck.h"
#include "store/verify.h"
#include "turn/broadcast_text.h"
#include "turn/turn_broadcast.h"

#define FLOW(word) \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"s\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"vars\":{\"name\":{\"type\":\"text\"}}," \
	"\"states\":{\"s\":{\"enter\":[{\"send\":\"news\"}," \
	"{\"tag\":[\"+vip\"]}]}}," \
	"\"texts\":{\"en\":{\"news\":\"" word "\"}}}"
#define FOR_VIP "{\"guard\":{\"tag\":\"vip\"}}"
#define ME 77

/* Chats 1..%d with the tag; 3 has blocked the bot, 4 unsubscribed, 5 has not
 * the tag; a group. */
#define PEOPLE \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n" \
	" WHERE i < %d) INSERT INTO chats(chat_id, first_name, tags," \
	" blocked_at, unsubscribed_at, created_at, seen_at)" \
	" SELECT i, 'P' || i, iif(i = 5, '{}', '{\"vip\":1}')," \
	" iif(i = 3, 1, NULL), iif(i = 4, 1, NULL), 1, 1 FROM n;" \
	"INSERT INTO chats(chat_id, type, tags, created_at, seen_at)" \
	" VALUES(-9, 'group', '{\"vip\":1}', 1, 1)"

static struct turn_pace pace = { .slots = 4, .per_second = 1000 };
static int64_t next_at;

static void
people(int count)
{
	char *sql = mem_printf(PEOPLE, count);

	state_exec(state_path, sql);
	free(sql);
}

static void
sql(const char *text)
{
	state_exec(state_path, text);
}

static int64_t
add_named(const char *name, const char *audience, int64_t start_at)
{
	char *flow = meta_text(db, META_FLOW);
	struct broadcast b = { .name = name,
		.flow = flow,
		.action = "{\"send\":\"news\"}",
		.audience = audience,
		.method = "sendMessage",
		.created_at = NOW,
		.start_at = start_at };

	begin();
	state_ok(broadcasts_add(db, &b, &fault), &fault);
	commit();
	free(flow);
	return b.id;
}

/* One transaction; true: there is more to be done at once. */
static bool
work_at(int64_t now)
{
	bool more;

	begin();
	state_ok(turn_broadcasts(turn, &pace, now, &more, &next_at, &fault),
	    &fault);
	commit();
	return more;
}

static void
work(void)
{
	for (int i = 0; work_at(NOW); i++)
		assert_true(i < 100);
}

/* Claims the next one, as delivery does; false: there is none. */
static bool
claim(struct message *m)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };

	if (!messages_ready(db, NOW, PRIORITY_BROADCAST, &place, m))
		return false;
	state_ok(messages_claim(db, m, ME, NOW, &fault), &fault);
	return true;
}

static void
settle_for(const struct message *m, enum settle how, const char *reason)
{
	bool lost;
	const struct settlement end = { .how = how,
		.message_id = 900,
		.reason = reason };

	state_ok(messages_settle(db, m, ME, &end, NOW, &lost, &fault), &fault);
	assert_false(lost);
}

static void
settle(const struct message *m, enum settle how)
{
	settle_for(m, how, NULL);
}

/* Sends at most MOST of what is queued. */
static int
send(int most)
{
	struct message m;
	int sent = 0;

	begin();
	while (sent < most && claim(&m)) {
		settle(&m, SETTLE_SENT);
		++sent;
	}
	commit();
	return sent;
}

static void
send_all(void)
{
	do
		work();
	while (send(1000) > 0);
}

static const char *
state_of(int64_t id)
{
	struct broadcast b;
	char which[24];

	snprintf(which, sizeof(which), "%lld", (long long)id);
	assert_true(broadcasts_find(db, which, &b));
	return broadcast_state_name(b.state);
}

/* Every rule of verify-state holds. */
static void
verify(void)
{
	for (size_t i = 0; i < verify_rule_count; i++) {
		int64_t broken, first;
		state_ok(verify_rule(db, &verify_rules[i], &broken, &first,
			     &fault),
		    &fault);
		if (broken != 0)
			fail_msg("%s: %lld", verify_rules[i].name,
			    (long long)first);
	}
}

static struct broadcast_counts
counts_of(int64_t id)
{
	struct broadcast_counts counts;

	state_ok(broadcasts_count(db, id, &counts, &fault), &fault);
	return counts;
}

static int
broadcast_setup(void **state)
{
	pace = (struct turn_pace){ .slots = 4, .per_second = 1000 };
	setenv("ADMIN_IDS", "42, @nobody", 1);
	if (turn_setup(state, FLOW("News, {{name}}"), "#!/bin/sh\n") < 0)
		return -1;
	state_exec(state_path,
	    "INSERT INTO workers(id, command, pid, started_at)"
	    " VALUES(77, 'send-due', 1, 1)");
	return 0;
}

static int
broadcast_teardown(void **state)
{
	unsetenv("ADMIN_IDS");
	return turn_teardown(state);
}

static void
everybody_of_the_audience_gets_it_once(void **state)
{
	struct broadcast_counts n;
	int64_t id;

	(void)state;
	people(10);
	sql("UPDATE chats SET created_at = 1800000000002 WHERE chat_id = 9");
	/* The clock was an hour ahead. */
	sql("UPDATE chats SET created_at = 1800003600000 WHERE chat_id = 8");
	id = add_named("spring", FOR_VIP, NOW + 1);
	assert_false(work_at(NOW));
	assert_int_equal(NOW + 1, next_at);
	assert_string_equal("scheduled", state_of(id));
	assert_true(work_at(NOW + 1));
	assert_true(next_at == CLOCK_NEVER);
	assert_string_equal("running", state_of(id));
	send_all();
	assert_string_equal("finished", state_of(id));
	n = counts_of(id);
	assert_int_equal(9, n.looked);
	assert_int_equal(8, n.chosen);
	assert_int_equal(6, n.sent);
	assert_int_equal(1, n.blocked);
	assert_int_equal(1, n.unsubscribed);
	assert_int_equal(0, n.waiting);
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE chat_id IN (-9, 5, 9)"));
	verify();
}

static void
the_admins_are_told_once(void **state)
{
	(void)state;
	people(2);
	sql("INSERT INTO chats(chat_id, user_lang, created_at, seen_at)"
	    " VALUES(42, 'ru', 1, 1)");
	add_named("spring", FOR_VIP, NOW);
	send_all();
	work();
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE broadcast IS NULL AND chat_id = 42"
		   " AND text LIKE '%''spring''%Sent: 2%'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE broadcast IS NULL"));
}

static void
the_outbox_holds_some_seconds(void **state)
{
	(void)state;
	people(100);
	pace = (struct turn_pace){ .slots = 4, .per_second = 10 };
	add_named("spring", "{}", NOW);
	work();
	assert_int_equal(20,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	send(9);
	assert_false(work_at(NOW));
	assert_int_equal(11,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	send(1);
	assert_true(work_at(NOW));
	assert_int_equal(20,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	verify();
}

static void
a_transaction_looks_at_some_only(void **state)
{
	(void)state;
	people(3000);
	add_named("none", "{\"guard\":{\"tag\":\"nobody\"}}", NOW);
	for (int i = 1; i <= 6; i++) {
		assert_true(work_at(NOW));
		assert_int_equal(500 * i,
		    number("SELECT looked FROM broadcasts"));
	}
	assert_true(work_at(NOW));
	assert_false(work_at(NOW));
	assert_string_equal("finished", state_of(1));
}

static void
what_is_undone_is_done_again(void **state)
{
	bool more;

	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	begin();
	state_ok(turn_broadcasts(turn, &pace, NOW, &more, &next_at, &fault),
	    &fault);
	db_rollback(db);
	turn_undone(turn);
	assert_int_equal(0, number("SELECT count(*) FROM messages"));
	send_all();
	assert_int_equal(8, counts_of(1).sent);
}

static bool
pause_it(int64_t id)
{
	bool changed;

	begin();
	state_ok(broadcasts_pause(db, id, NULL, NOW, &changed, &fault),
	    &fault);
	commit();
	return changed;
}

static bool
resume_it(int64_t id)
{
	bool changed;

	begin();
	state_ok(broadcasts_resume(db, id, NOW, &changed, &fault), &fault);
	commit();
	return changed;
}

static void
a_pause_takes_back_what_waits(void **state)
{
	struct message m;

	(void)state;
	people(30);
	pace = (struct turn_pace){ .slots = 4, .per_second = 5 };
	add_named("spring", "{}", NOW);
	work();
	assert_int_equal(3, send(3));
	begin();
	assert_true(claim(&m));
	commit();
	assert_true(pause_it(1));
	assert_false(pause_it(1));
	assert_string_equal("paused", state_of(1));
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	assert_int_equal(6, number("SELECT count(*) FROM broadcast_aside"));
	assert_int_equal(7, counts_of(1).waiting);
	work();
	assert_int_equal(0, send(100));
	verify();
	/* Blocked and unsubscribed while it was paused. */
	sql("UPDATE chats SET blocked_at = 1 WHERE chat_id ="
	    " (SELECT min(chat_id) FROM broadcast_aside);"
	    "UPDATE chats SET unsubscribed_at = 1 WHERE chat_id ="
	    " (SELECT max(chat_id) FROM broadcast_aside)");
	assert_true(resume_it(1));
	assert_false(resume_it(1));
	work();
	begin();
	settle(&m, SETTLE_SENT);
	commit();
	send_all();
	assert_string_equal("finished", state_of(1));
	assert_int_equal(26, counts_of(1).sent);
	assert_int_equal(2, counts_of(1).blocked);
	assert_int_equal(2, counts_of(1).unsubscribed);
	assert_int_equal(30, counts_of(1).chosen);
	verify();
}

static void
one_that_has_not_begun_can_be_paused(void **state)
{
	(void)state;
	people(2);
	add_named("spring", "{}", NOW + 5);
	assert_true(pause_it(1));
	assert_false(work_at(NOW + 10));
	assert_true(next_at == CLOCK_NEVER);
	assert_true(resume_it(1));
	assert_string_equal("scheduled", state_of(1));
	work_at(NOW + 10);
	assert_string_equal("running", state_of(1));
}

static void
a_cancelled_one_reaches_nobody_else(void **state)
{
	bool changed;

	(void)state;
	people(30);
	pace = (struct turn_pace){ .slots = 4, .per_second = 5 };
	add_named("spring", "{}", NOW);
	work();
	send(3);
	pause_it(1);
	for (int i = 0; i < 2; i++) {
		begin();
		state_ok(broadcasts_cancel(db, 1, NOW, &changed, &fault),
		    &fault);
		commit();
		assert_int_equal(i == 0, changed);
	}
	assert_false(resume_it(1));
	work();
	assert_int_equal(0, send(100));
	assert_int_equal(3, counts_of(1).sent);
	assert_int_equal(7, counts_of(1).cancelled);
	assert_int_equal(1, number("SELECT finished_at > 0 FROM broadcasts"));
	verify();
}

static void
a_running_one_is_cancelled_too(void **state)
{
	bool changed;

	(void)state;
	people(30);
	add_named("spring", "{}", NOW);
	work();
	begin();
	state_ok(broadcasts_cancel(db, 1, NOW, &changed, &fault), &fault);
	commit();
	assert_int_equal(0, number("SELECT count(*) FROM lanes"));
	assert_int_equal(28, counts_of(1).cancelled);
	verify();
}

static void
a_name_is_used_once(void **state)
{
	struct broadcast b = { .name = "spring",
		.flow = "f",
		.action = "{}",
		.audience = "{}",
		.method = "sendMessage" };

	(void)state;
	add_named("spring", "{}", NOW);
	begin();
	assert_int_equal(OUT_NEVER, broadcasts_add(db, &b, &fault));
	assert_int_equal(EXIT_INPUT, fault.code);
	db_rollback(db);
	assert_true(broadcasts_find(db, "spring", &b));
	assert_int_equal(1, b.id);
	assert_true(broadcasts_next(db, 0, &b));
	assert_false(broadcasts_next(db, 1, &b));
	assert_false(broadcasts_find(db, "2", &b));
	assert_false(broadcasts_find(db, "1x", &b));
}

static void
the_database_refuses_a_second_one(void **state)
{
	static const char twice[] =
	    "INSERT INTO messages(chat_id, state, role, created_at, method,"
	    " broadcast) VALUES(1, 'queued', 'assistant', 1, 'm', 1)";
	sqlite3 *raw;

	(void)state;
	people(2);
	add_named("spring", "{}", NOW);
	send_all();
	assert_int_equal(SQLITE_OK, sqlite3_open(state_path, &raw));
	assert_int_equal(SQLITE_CONSTRAINT,
	    sqlite3_exec(raw, twice, NULL, NULL, NULL));
	sqlite3_close(raw);
	/* Nor does a cursor that went back make one. */
	sql("UPDATE broadcasts SET state = 'running', cursor = 0,"
	    " through = 0");
	send_all();
	assert_int_equal(2, counts_of(1).sent);
}

static void
who_blocks_the_bot_meanwhile_is_counted(void **state)
{
	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	work();
	begin();
	state_ok(chats_block(db, 1, "Forbidden", NOW, &fault), &fault);
	commit();
	assert_int_equal(2, counts_of(1).blocked);
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages WHERE state = 'held'"));
	begin();
	state_ok(chats_unblock(db, 1, NOW, &fault), &fault);
	commit();
	send_all();
	assert_int_equal(7, counts_of(1).sent);
	verify();
}

static void
several_run_side_by_side(void **state)
{
	(void)state;
	people(2000);
	add_named("none", "{\"guard\":{\"tag\":\"nobody\"}}", NOW);
	add_named("all", "{}", NOW);
	assert_true(work_at(NOW));
	assert_true(work_at(NOW));
	assert_int_equal(2,
	    number("SELECT count(*) FROM broadcasts WHERE looked = 500"));
	send_all();
	assert_string_equal("finished", state_of(1));
	assert_string_equal("finished", state_of(2));
	assert_int_equal(1998, counts_of(2).sent);
}

static void
damage_stops_nobody_else(void **state)
{
	(void)state;
	people(10);
	sql("UPDATE chats SET vars = '{' WHERE chat_id = 2");
	add_named("spring", "{}", NOW);
	send_all();
	assert_int_equal(7, counts_of(1).sent);
	assert_string_equal("finished", state_of(1));
}

static void
without_its_words_it_is_paused(void **state)
{
	struct broadcast b;

	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	sql("UPDATE broadcasts SET flow = 'gone'");
	work();
	assert_true(broadcasts_find(db, "spring", &b));
	assert_int_equal(BROADCAST_PAUSED, b.state);
	assert_non_null(b.reason);
}

static void
what_lost_its_words_leaves_no_more(void **state)
{
	struct message m;

	(void)state;
	people(30);
	pace = (struct turn_pace){ .slots = 4, .per_second = 10 };
	add_named("spring", "{}", NOW);
	work();
	sql("UPDATE broadcasts SET flow = 'gone'");
	work();
	begin();
	assert_false(claim(&m));
	commit();
	assert_string_equal("paused", state_of(1));
	assert_int_equal(20, number("SELECT count(*) FROM broadcast_aside"));
}

/* Ends COUNT messages so. */
static void
end_some(int count, enum settle how)
{
	struct message m;

	begin();
	while (count-- > 0) {
		assert_true(claim(&m));
		settle_for(&m, how, "Bad Request: no good");
	}
	commit();
	work();
}

static void
one_that_nobody_gets_is_paused(void **state)
{
	static const enum settle ends[] = { SETTLE_DEAD, SETTLE_AMBIGUOUS };

	(void)state;
	people(200);
	sql("INSERT INTO chats(chat_id, created_at, seen_at)"
	    " VALUES(42, 1, 1) ON CONFLICT DO NOTHING");
	add_named("spring", "{}", NOW);
	work();
	for (int i = 0; i < 2; i++) {
		end_some(19, ends[i]);
		end_some(1, SETTLE_SENT);
		end_some(19, ends[i]);
		assert_string_equal("running", state_of(1));
		end_some(1, ends[i]);
		assert_string_equal("paused", state_of(1));
		assert_int_equal(1 + i,
		    number("SELECT count(*) FROM messages WHERE chat_id = 42"
			   " AND broadcast IS NULL AND text LIKE"
			   " '%20 in a row failed%Bad Request: no good%'"));
		assert_int_equal(0,
		    number("SELECT count(*) FROM messages"
			   " WHERE state = 'queued' AND broadcast = 1"));
		sql("UPDATE messages SET state = 'sent', settled_at = 1"
		    " WHERE chat_id = 42"
		    " AND broadcast IS NULL; DELETE FROM lanes");
		assert_true(resume_it(1));
		work();
		assert_string_equal("running", state_of(1));
	}
	send_all();
	assert_string_equal("finished", state_of(1));
	assert_int_equal(39, counts_of(1).dead);
	assert_int_equal(39, counts_of(1).unknown);
	verify();
}

/* What was under way when a command died or ended says nothing of the
 * message. */
static void
the_end_of_a_command_pauses_nothing(void **state)
{
	struct message m;
	int count;

	(void)state;
	people(100);
	add_named("spring", "{}", NOW);
	work();
	begin();
	for (int i = 0; i < 60; i++)
		assert_true(claim(&m));
	state_ok(messages_orphaned(db, ME, NOW, &count, &fault), &fault);
	for (int i = 0; i < 20; i++) {
		const struct settlement cut = { .how = SETTLE_AMBIGUOUS,
			.is_cut = true };
		bool lost;
		assert_true(claim(&m));
		state_ok(messages_settle(db, &m, ME, &cut, NOW, &lost, &fault),
		    &fault);
	}
	commit();
	assert_int_equal(80, counts_of(1).unknown);
	work();
	assert_string_equal("running", state_of(1));
}

static void
its_words_are_those_of_its_version(void **state)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path };
	bool cancelled;
	char *params, *text;
	struct message m;

	(void)state;
	people(1);
	sql("UPDATE chats SET vars = '{\"name\":\"Ann\"}' WHERE chat_id = 1");
	add_named("spring", "{}", NOW);
	work();
	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	write_file("flow.json", FLOW("Other"), 0600);
	state_ok(deploy_flow(db, config, &deploy, state_soon(), &report,
		     &findings, &fault),
	    &fault);
	findings_release(&findings);
	state_ok(turn_refresh(turn, &fault), &fault);
	begin();
	assert_true(claim(&m));
	for (int paid = 0; paid < 2; paid++) {
		m.paid = paid;
		state_ok(turn_render(turn, &m, &cancelled, &params, &text,
			     &fault),
		    &fault);
		json_auto_t *said = json_loads(params, 0, NULL);
		assert_string_equal("News, Ann", json_get_text(said, "text"));
		assert_int_equal(paid,
		    json_get_bool(said, "allow_paid_broadcast", false));
		assert_string_equal("News, Ann", text);
		free(params);
		free(text);
	}
	db_rollback(db);
}

static void
an_answer_behind_it_does_not_wait_for_its_turn(void **state)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };
	struct message answer = { .chat_id = 1,
		.method = "sendMessage",
		.params = "{}",
		.policy = POLICY_RESEND,
		.priority = PRIORITY_ANSWER,
		.created_at = NOW };
	struct message m;

	(void)state;
	people(1);
	add_named("spring", "{}", NOW);
	work();
	begin();
	state_ok(messages_postpone(db, 1, NOW + 60000, 0, &fault), &fault);
	assert_false(messages_ready(db, NOW, PRIORITY_BROADCAST, &place, &m));
	state_ok(messages_add(db, &answer, false, &fault), &fault);
	place = (struct lane_place){ 0, INT64_MIN, INT64_MIN };
	memset(&m, 0xff, sizeof(m));
	assert_true(messages_ready(db, NOW, PRIORITY_ALERT, &place, &m));
	assert_false(m.paid);
	assert_int_equal(1, m.broadcast);
	assert_int_equal(PRIORITY_BROADCAST, m.priority);
	assert_int_equal(PRIORITY_ANSWER, m.urgency);
	commit();
	/* But a retry it does wait for. */
	begin();
	state_ok(messages_claim(db, &m, ME, NOW, &fault), &fault);
	const struct settlement end = { .how = SETTLE_QUEUED,
		.not_before = NOW + 1000 };
	bool lost;
	state_ok(messages_settle(db, &m, ME, &end, NOW, &lost, &fault),
	    &fault);
	state_ok(messages_add(db, &answer, false, &fault), &fault);
	assert_int_equal(NOW + 1000, messages_next_of(db, PRIORITY_ANSWER));
	commit();
}

static void
an_unknown_one_is_decided_by_hand(void **state)
{
	struct message m;
	const char *now_is;

	(void)state;
	people(2);
	add_named("spring", "{}", NOW);
	work();
	begin();
	assert_true(claim(&m));
	settle(&m, SETTLE_AMBIGUOUS);
	commit();
	assert_int_equal(1, counts_of(1).unknown);
	send_all();
	assert_string_equal("finished", state_of(1));
	assert_int_equal(1, counts_of(1).unknown);
	begin();
	state_ok(mend_item(db, "message", m.id, MEND_RESEND, NOW, &now_is,
		     &fault),
	    &fault);
	commit();
	assert_int_equal(1, counts_of(1).waiting);
	assert_int_equal(1, send(5));
	assert_int_equal(2, counts_of(1).sent);
	assert_int_equal(0, counts_of(1).unknown);
	verify();
}

static void
who_is_forgotten_does_not_keep_it_open(void **state)
{
	static const char *const who[] = { "1", "2" };

	(void)state;
	people(2);
	add_named("spring", "{}", NOW);
	work();
	for (int i = 0; i < 2; i++) {
		struct subject subject = { 0 };
		enum forget_wait wait;
		state_ok(subject_resolve(db, who[i], &subject, &fault),
		    &fault);
		state_ok(subject_find(db, &subject, &fault), &fault);
		state_ok(forget_delete(db, &subject, false, NOW, state_soon(),
			     &wait, &fault),
		    &fault);
		subject_release(&subject);
		if (i == 0) {
			assert_int_equal(1, counts_of(1).waiting);
			pause_it(1);
		}
	}
	assert_int_equal(0, counts_of(1).waiting);
	resume_it(1);
	work();
	assert_string_equal("finished", state_of(1));
	verify();
}

static void
numbers_outlive_their_messages(void **state)
{
	const struct retention retention = RETENTION_DEFAULT;
	const int64_t later = NOW + 10 * 365 * RETENTION_DAY_MS;
	struct pruned pruned = { 0 };

	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	pace = (struct turn_pace){ .slots = 2, .per_second = 1 };
	work();
	send(1);
	pause_it(1);
	state_ok(prune_some(db, &retention, later, 100, state_soon(), &pruned,
		     &fault),
	    &fault);
	assert_int_equal(0, pruned.messages);
	resume_it(1);
	send_all();
	sql("DELETE FROM messages WHERE broadcast IS NULL;"
	    "DELETE FROM lanes");
	state_ok(prune_rewind(db, state_soon(), &fault), &fault);
	state_ok(prune_some(db, &retention, later, 100, state_soon(), &pruned,
		     &fault),
	    &fault);
	assert_int_equal(10, pruned.messages);
	assert_int_equal(8, counts_of(1).sent);
	assert_int_equal(10, counts_of(1).chosen);
}

static void
the_rate_of_a_cancelled_one_is_not_kept(void **state)
{
	const struct retention retention = RETENTION_DEFAULT;
	struct pruned pruned = { 0 };
	bool changed;

	(void)state;
	add_named("spring", "{}", NOW);
	begin();
	limits_count_broadcast(db, 1, 5, NOW);
	state_ok(broadcasts_cancel(db, 1, NOW, &changed, &fault), &fault);
	commit();
	state_ok(prune_some(db, &retention, NOW + 2 * RETENTION_DAY_MS, 100,
		     state_soon(), &pruned, &fault),
	    &fault);
	assert_int_equal(1, pruned.limits);
}

static void
a_restored_one_is_paused(void **state)
{
	struct backup_facts facts;
	struct restored restored = { 0 };
	char *path = mem_printf("%s/backup", state_dir);
	struct broadcast b;

	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	add_named("summer", "{}", NOW + 1000);
	work();
	state_ok(backup_write(db, path, NULL, &facts, &fault), &fault);
	send_all();
	turn_close(turn);
	turn = NULL;
	db_close(db);
	db = NULL;
	const struct restore wanted = { .path = state_path,
		.backup = path,
		.deadline = state_soon() };
	state_ok(restore_state(&wanted, &restored, &fault), &fault);
	assert_int_equal(2, restored.held.broadcasts);
	assert_int_equal(8, restored.held.messages);
	free(restored.aside);
	free(path);
	db = state_open(DB_CREATE);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	assert_true(broadcasts_find(db, "spring", &b));
	assert_int_equal(BROADCAST_PAUSED, b.state);
	assert_non_null(b.reason);
	assert_int_equal(8, counts_of(1).unknown);
	assert_false(work_at(NOW + 5000));
	verify();
}

static void
one_that_does_not_get_on_is_late(void **state)
{
	struct stuck stuck;

	(void)state;
	people(10);
	add_named("spring", "{}", NOW);
	state_ok(stuck_count(db, NOW - 1, &stuck, &fault), &fault);
	assert_int_equal(0, stuck.oldest_due_at);
	/* Nobody begins it. */
	state_ok(stuck_count(db, NOW + 90000, &stuck, &fault), &fault);
	assert_int_equal(NOW, stuck.oldest_due_at);
	work_at(NOW + 90000);
	state_ok(stuck_count(db, NOW + 91000, &stuck, &fault), &fault);
	assert_int_equal(NOW + 90000, stuck.oldest_due_at);
	/* The last one is told to wait for an hour. */
	sql("UPDATE lanes SET not_before = 1900000000000");
	state_ok(stuck_count(db, NOW + 91000, &stuck, &fault), &fault);
	assert_int_equal(0, stuck.oldest_due_at);
	sql("UPDATE lanes SET not_before = 0");
	pause_it(1);
	state_ok(stuck_count(db, NOW + 91000, &stuck, &fault), &fault);
	assert_int_equal(0, stuck.oldest_due_at);
}

static bool
tell_person(const struct broadcast_person *person, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 400 - strlen(text), "%lld %s %s%s; ",
	    (long long)person->chat_id, person->first_name, person->state,
	    person->reason ? person->reason : "");
	return person->chat_id != 4;
}

static void
each_person_has_a_line(void **state)
{
	char text[400] = "";

	(void)state;
	people(6);
	pace = (struct turn_pace){ .slots = 2, .per_second = 1 };
	add_named("spring", "{}", NOW);
	work();
	send(1);
	pause_it(1);
	state_ok(broadcasts_people(db, 1, tell_person, text, &fault), &fault);
	assert_string_equal("1 P1 sent; 2 P2 paused; ", text);
	resume_it(1);
	send_all();
	*text = '\0';
	state_ok(broadcasts_people(db, 1, tell_person, text, &fault), &fault);
	assert_string_equal("1 P1 sent; 2 P2 sent; 3 P3 cancelledblocked; "
			    "4 P4 cancelledunsubscribed; ",
	    text);
}

static void
its_summary_is_in_words(void **state)
{
	struct broadcast b = { .name = "spring",
		.state = BROADCAST_PAUSED,
		.reason = "because" };
	const struct broadcast_counts n = { .looked = 9,
		.chosen = 8,
		.sent = 5,
		.unknown = 3 };
	struct buf out = BUF_INIT(1000);

	(void)state;
	broadcast_text(&out, &b, &n);
	assert_string_equal("Broadcast 'spring': paused (because)\n"
			    "Looked at: 9\nIn the audience: 8\nSent: 5\n"
			    "May have arrived: 3",
	    out.data);
	buf_release(&out);
	broadcast_text_in(&out, "ru-RU", &b, &n);
	assert_non_null(strstr(out.data, "Рассылка 'spring': приостановлена"));
	buf_release(&out);
	b.state = BROADCAST_SCHEDULED;
	b.start_at = clock_wall_ms();
	broadcast_text(&out, &b, &n);
	assert_non_null(strstr(out.data, "\nBegins: now, with the next"));
	buf_release(&out);
	b.start_at += INT64_C(3600) * 1000;
	broadcast_text(&out, &b, &n);
	assert_non_null(strstr(out.data, "\nBegins: 20"));
	assert_null(strstr(out.data, "now"));
	buf_release(&out);
}

#define WITH_FLOW(test) \
	cmocka_unit_test_setup_teardown(test, broadcast_setup, \
	    broadcast_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLOW(everybody_of_the_audience_gets_it_once),
		WITH_FLOW(the_admins_are_told_once),
		WITH_FLOW(the_outbox_holds_some_seconds),
		WITH_FLOW(a_transaction_looks_at_some_only),
		WITH_FLOW(what_is_undone_is_done_again),
		WITH_FLOW(a_pause_takes_back_what_waits),
		WITH_FLOW(one_that_has_not_begun_can_be_paused),
		WITH_FLOW(a_cancelled_one_reaches_nobody_else),
		WITH_FLOW(a_running_one_is_cancelled_too),
		WITH_FLOW(a_name_is_used_once),
		WITH_FLOW(the_database_refuses_a_second_one),
		WITH_FLOW(who_blocks_the_bot_meanwhile_is_counted),
		WITH_FLOW(several_run_side_by_side),
		WITH_FLOW(damage_stops_nobody_else),
		WITH_FLOW(without_its_words_it_is_paused),
		WITH_FLOW(what_lost_its_words_leaves_no_more),
		WITH_FLOW(one_that_nobody_gets_is_paused),
		WITH_FLOW(the_end_of_a_command_pauses_nothing),
		WITH_FLOW(its_words_are_those_of_its_version),
		WITH_FLOW(an_answer_behind_it_does_not_wait_for_its_turn),
		WITH_FLOW(an_unknown_one_is_decided_by_hand),
		WITH_FLOW(who_is_forgotten_does_not_keep_it_open),
		WITH_FLOW(numbers_outlive_their_messages),
		WITH_FLOW(the_rate_of_a_cancelled_one_is_not_kept),
		WITH_FLOW(a_restored_one_is_paused),
		WITH_FLOW(one_that_does_not_get_on_is_late),
		WITH_FLOW(each_person_has_a_line),
		WITH_FLOW(its_summary_is_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
