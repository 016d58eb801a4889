/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Messages and lanes: order within a chat, fences, what an ambiguous end means
 * for each policy, and what a human decides.
 */
#include "state_db.h"
#include "state_raw.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/chats.h"
#include "store/dead.h"
#include "store/lane.h"
#include "store/media.h"
#include "store/mend.h"
#include "store/messages.h"
#include "store/prune.h"
#include "store/settle.h"
#include "store/task_cancel.h"

#define NOW INT64_C(1800000000000)
#define ME 77

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static int64_t
add(int64_t chat_id, enum priority priority, enum policy policy)
{
	struct message m = { .chat_id = chat_id,
		.method = "sendMessage",
		.params = "{\"text\":\"x\"}",
		.text = "x",
		.policy = policy,
		.priority = priority,
		.created_at = NOW };

	state_ok(messages_add(db, &m, false, &fault), &fault);
	return m.id;
}

/* The ready heads in their order, as a text of ids. */
static const char *
ready(int64_t now, int priority_max)
{
	static char text[128];
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };
	struct message m;

	*text = '\0';
	while (messages_ready(db, now, priority_max, &place, &m))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%lld", *text ? " " : "", (long long)m.id);
	return text;
}

static struct message
claim(int64_t chat_id, int64_t worker)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };
	struct message m;

	while (messages_ready(db, NOW * 2, PRIORITY_BROADCAST, &place, &m))
		if (m.chat_id == chat_id) {
			state_ok(messages_claim(db, &m, worker, NOW, &fault),
			    &fault);
			return m;
		}
	fail_msg("nothing of chat %lld is ready", (long long)chat_id);
	return m;
}

static bool
settle(const struct message *m, int64_t worker, enum settle how,
    int64_t not_before)
{
	bool lost;
	const struct settlement end = { .how = how,
		.message_id = 900,
		.not_before = not_before,
		.reason = "because" };

	state_ok(messages_settle(db, m, worker, &end, NOW, &lost, &fault),
	    &fault);
	return lost;
}

static void
begin(void)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
}

static void
commit(void)
{
	state_ok(db_commit(db, &fault), &fault);
}

static void
only_the_head_of_a_chat_is_ready(void **state)
{
	(void)state;
	begin();
	int64_t a1 = add(1, PRIORITY_ANSWER, POLICY_RESEND);
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	int64_t b1 = add(2, PRIORITY_ANSWER, POLICY_RESEND);
	char expect[64];
	snprintf(expect, sizeof(expect), "%lld %lld", (long long)a1,
	    (long long)b1);
	assert_string_equal(expect, ready(NOW, PRIORITY_BROADCAST));

	struct message m = claim(1, ME);
	snprintf(expect, sizeof(expect), "%lld", (long long)b1);
	assert_string_equal(expect, ready(NOW, PRIORITY_BROADCAST));

	/* A retry keeps the head: its successor waits with it. */
	assert_false(settle(&m, ME, SETTLE_QUEUED, NOW + 5000));
	assert_string_equal(expect, ready(NOW + 4999, PRIORITY_BROADCAST));
	snprintf(expect, sizeof(expect), "%lld %lld", (long long)b1,
	    (long long)a1);
	assert_string_equal(expect, ready(NOW + 5000, PRIORITY_BROADCAST));
	commit();
}

static void
the_next_is_ready_when_the_head_is_settled(void **state)
{
	static const enum settle ends[] = { SETTLE_SENT, SETTLE_DEAD,
		SETTLE_EXPIRED, SETTLE_CANCELLED, SETTLE_HELD };

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		int64_t chat = 10 + (int64_t)i;
		add(chat, PRIORITY_ANSWER, POLICY_RESEND);
		int64_t next = add(chat, PRIORITY_ANSWER, POLICY_RESEND);
		struct message m = claim(chat, ME);
		assert_false(settle(&m, ME, ends[i], 0));
		m = claim(chat, ME);
		assert_int_equal(next, m.id);
		assert_false(settle(&m, ME, SETTLE_SENT, 0));
	}
	commit();
	assert_int_equal(0, number("SELECT count(*) FROM lanes"));
	assert_int_equal(6,
	    number("SELECT count(*) FROM messages WHERE state = 'sent'"));
	assert_int_equal(1, number("SELECT count(*) FROM dead_letters"));
}

static void
answers_come_before_reminders_and_lend_their_priority(void **state)
{
	(void)state;
	begin();
	int64_t reminder = add(1, PRIORITY_REMINDER, POLICY_RESEND);
	int64_t answer = add(2, PRIORITY_ANSWER, POLICY_RESEND);
	int64_t broadcast = add(3, PRIORITY_BROADCAST, POLICY_ONCE);
	char expect[64];
	snprintf(expect, sizeof(expect), "%lld %lld %lld", (long long)answer,
	    (long long)reminder, (long long)broadcast);
	assert_string_equal(expect, ready(NOW, PRIORITY_BROADCAST));
	snprintf(expect, sizeof(expect), "%lld", (long long)answer);
	assert_string_equal(expect, ready(NOW, PRIORITY_ALERT));

	/* An answer behind the broadcast must not wait for all broadcasts. */
	add(3, PRIORITY_ANSWER, POLICY_RESEND);
	snprintf(expect, sizeof(expect), "%lld %lld", (long long)answer,
	    (long long)broadcast);
	assert_string_equal(expect, ready(NOW, PRIORITY_ALERT));
	commit();
}

static void
who_lost_a_message_changes_nothing(void **state)
{
	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	struct message m = claim(1, ME);
	assert_true(settle(&m, ME + 1, SETTLE_SENT, 0));

	struct message old = m;
	--old.generation;
	assert_true(settle(&old, ME, SETTLE_SENT, 0));
	assert_true(settle(&m, 0, SETTLE_EXPIRED, 0));
	assert_false(settle(&m, ME, SETTLE_SENT, 0));
	assert_true(settle(&m, ME, SETTLE_DEAD, 0));
	commit();
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE state = 'sent'"));
}

static void
an_ambiguous_end_follows_the_policy(void **state)
{
	static const int64_t waits[] = { 30000, 120000, 600000 };
	struct message m;

	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_IDEMPOTENT);
	m = claim(1, ME);
	settle(&m, ME, SETTLE_AMBIGUOUS, 0);
	m = claim(1, ME);

	add(2, PRIORITY_ANSWER, POLICY_RESEND);
	for (size_t i = 0; i < 3; i++) {
		m = claim(2, ME);
		settle(&m, ME, SETTLE_AMBIGUOUS, 0);
		assert_int_equal(NOW + waits[i],
		    messages_next_ready(db, PRIORITY_BROADCAST));
	}
	m = claim(2, ME);
	settle(&m, ME, SETTLE_AMBIGUOUS, 0);

	add(3, PRIORITY_BROADCAST, POLICY_ONCE);
	m = claim(3, ME);
	settle(&m, ME, SETTLE_AMBIGUOUS, 0);
	commit();
	assert_int_equal(2,
	    number("SELECT count(*) FROM messages WHERE state = 'unknown'"));
	assert_int_equal(2, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(1, number("SELECT count(*) FROM lanes"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE maybe_duplicate = 1 AND chat_id = 2"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE maybe_duplicate = 1 AND chat_id <> 2"));
}

static enum outcome
mend(int64_t id, enum mend how)
{
	const char *now_is;

	return mend_item(db, "message", id, how, NOW, &now_is, &fault);
}

static void
a_human_decides_about_the_unknown(void **state)
{
	struct message m;
	int64_t ids[3];

	(void)state;
	begin();
	for (int i = 0; i < 3; i++) {
		ids[i] = add(i + 1, PRIORITY_BROADCAST, POLICY_ONCE);
		m = claim(i + 1, ME);
		settle(&m, ME, SETTLE_AMBIGUOUS, 0);
	}
	state_ok(mend(ids[0], MEND_SENT), &fault);
	state_ok(mend(ids[1], MEND_DROP), &fault);
	assert_int_equal(OUT_NEVER, mend(ids[2], MEND_RETRY));
	state_ok(mend(ids[2], MEND_RESEND), &fault);
	assert_int_equal(OUT_NEVER, mend(ids[0], MEND_RESEND));
	assert_int_equal(EXIT_INPUT, fault.code);
	m = claim(3, ME);
	assert_int_equal(ids[2], m.id);
	commit();
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE maybe_duplicate = 1"));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
}

static void
a_blocked_chat_is_held_and_goes_on(void **state)
{
	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	state_ok(chats_block(db, 1, "blocked", NOW, &fault), &fault);
	assert_string_equal("", ready(NOW, PRIORITY_BROADCAST));
	state_ok(chats_unblock(db, 1, NOW, &fault), &fault);
	commit();
	/* Life 0 is for ever; both wait in their old order. */
	assert_int_equal(2,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	assert_int_equal(1, number("SELECT head FROM lanes"));
}

static void
one_upload_for_all_who_wait(void **state)
{
	struct media media;
	struct message m;
	int64_t file;

	(void)state;
	begin();
	state_ok(media_add(db, "d1", "video", "/v", &file, &fault), &fault);
	int64_t id = add(1, PRIORITY_REMINDER, POLICY_RESEND);
	add(2, PRIORITY_REMINDER, POLICY_RESEND);
	m = claim(1, ME);
	state_ok(media_upload(db, file, m.id, &fault), &fault);
	state_ok(messages_postpone(db, 2, 0, file, &fault), &fault);
	assert_string_equal("", ready(NOW, PRIORITY_BROADCAST));
	state_ok(media_load(db, file, &media, &fault), &fault);
	assert_int_equal(id, media.uploader);
	media_release(&media);

	/* The uploader's death frees the upload and those who wait for it. */
	int count;
	state_ok(messages_orphaned(db, ME, NOW, &count, &fault), &fault);
	assert_int_equal(1, count);
	assert_string_equal("2", ready(NOW, PRIORITY_BROADCAST));
	state_ok(media_uploaded(db, file, "FILE", NOW, &fault), &fault);
	state_ok(media_load(db, file, &media, &fault), &fault);
	assert_string_equal("FILE", media.file_id);
	media_release(&media);
	commit();
}

static void
a_clock_set_back_changes_no_wait(void **state)
{
	struct message m;

	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	m = claim(1, ME);
	settle(&m, ME, SETTLE_QUEUED, NOW + 5000);
	/* Waits for a limit: was never settled. */
	add(2, PRIORITY_REMINDER, POLICY_RESEND);
	state_ok(messages_postpone(db, 2, NOW + 7000, 0, &fault), &fault);
	state_ok(lanes_mend(db, NOW, &fault), &fault);
	assert_int_equal(NOW + 5000, messages_next_ready(db, PRIORITY_ANSWER));
	state_ok(lanes_mend(db, NOW + 10, &fault), &fault);
	assert_int_equal(NOW + 5000, messages_next_ready(db, PRIORITY_ANSWER));
	state_ok(lanes_mend(db, NOW - 3600000, &fault), &fault);
	/* An hour less, and 10 ms that had passed: as long as was meant. */
	int64_t now = NOW - 3600000;
	assert_int_equal(now + 4990, messages_next_ready(db, PRIORITY_ANSWER));
	assert_string_equal("", ready(now + 4989, PRIORITY_BROADCAST));
	assert_string_equal("1", ready(now + 4990, PRIORITY_BROADCAST));
	assert_string_equal("1 2", ready(now + 6990, PRIORITY_BROADCAST));
	commit();
}

static void
a_lane_that_nothing_occupies_is_freed(void **state)
{
	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	commit();
	state_exec(state_path, "UPDATE lanes SET busy = 1");
	begin();
	assert_string_equal("", ready(NOW, PRIORITY_BROADCAST));
	state_ok(lanes_mend(db, NOW, &fault), &fault);
	assert_string_equal("1", ready(NOW, PRIORITY_BROADCAST));
	commit();
}

static void
a_group_may_move_while_its_message_is_on_its_way(void **state)
{
	struct message m;

	(void)state;
	begin();
	add(-5, PRIORITY_ANSWER, POLICY_RESEND);
	int64_t next = add(-5, PRIORITY_ANSWER, POLICY_RESEND);
	m = claim(-5, ME);
	state_ok(chats_migrate(db, -5, -1005, &fault), &fault);
	assert_string_equal("", ready(NOW, PRIORITY_BROADCAST));
	assert_false(settle(&m, ME, SETTLE_SENT, 0));
	m = claim(-1005, ME);
	assert_int_equal(next, m.id);
	commit();
}

static int64_t
add_of_task(int64_t chat_id, int64_t task_id)
{
	struct message m = { .chat_id = chat_id,
		.method = "sendMessage",
		.params = "{}",
		.policy = POLICY_RESEND,
		.priority = PRIORITY_REMINDER,
		.task_id = task_id,
		.task_name = "later",
		.created_at = NOW };

	state_ok(messages_add(db, &m, false, &fault), &fault);
	return m.id;
}

static void
what_a_cancelled_task_made_is_not_sent_again(void **state)
{
	struct message m;
	int count;

	(void)state;
	begin();
	add_of_task(1, 1);
	m = claim(1, ME);
	settle(&m, ME, SETTLE_AMBIGUOUS, 0);
	add_of_task(2, 2);
	m = claim(2, ME);
	state_ok(tasks_cancel(db, 1, "later", NULL, NOW, &count, &fault),
	    &fault);
	assert_int_equal(1, count);
	state_ok(tasks_cancel(db, 2, "later", NULL, NOW, &count, &fault),
	    &fault);
	assert_int_equal(1, count);
	/* One that left already may still arrive, but is tried no more. */
	assert_false(settle(&m, ME, SETTLE_QUEUED, NOW + 1000));
	commit();
	assert_int_equal(2,
	    number("SELECT count(*) FROM messages"
		   " WHERE state = 'cancelled'"));
	assert_int_equal(0, number("SELECT count(*) FROM lanes"));
}

static void
a_task_that_both_chats_have_ends_in_a_row(void **state)
{
	(void)state;
	begin();
	for (int64_t chat = -1005; chat < 0; chat += 1000) {
		bool added;
		struct task task = { .kind = TASK_FLOW,
			.priority = PRIORITY_REMINDER,
			.chat_id = chat,
			.name = "later",
			.due_at = NOW,
			.expire_at = NOW + 1000,
			.created_at = NOW,
			.pointer = "/x" };
		state_ok(tasks_add(db, &task, false, &added, &fault), &fault);
	}
	state_ok(chats_migrate(db, -5, -1005, &fault), &fault);
	commit();
	assert_int_equal(1, number("SELECT count(*) FROM tasks"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'cancelled'"));
}

static void
pruning_goes_on_behind_what_must_stay(void **state)
{
	const struct retention retention = RETENTION_DEFAULT;
	struct pruned pruned = { 0 };

	(void)state;
	state_exec(state_path,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < 500) INSERT INTO messages(chat_id,"
	    " state, role, created_at, settled_at, method)"
	    " SELECT i, iif(i <= 400, 'held', 'sent'), 'assistant',"
	    " 1000, 1000, 'sendMessage' FROM n");
	for (int i = 0; i < 20; i++)
		state_ok(prune_some(db, &retention, NOW, 10, state_soon(),
			     &pruned, &fault),
		    &fault);
	assert_int_equal(100, pruned.messages);
	assert_int_equal(400, number("SELECT count(*) FROM messages"));
}

static void
what_is_on_its_way_stays_alone(void **state)
{
	struct message m;
	int count;

	(void)state;
	begin();
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	m = claim(1, ME);
	settle(&m, ME, SETTLE_HELD, 0);
	add(1, PRIORITY_ANSWER, POLICY_RESEND);
	claim(1, ME);
	state_ok(messages_release(db, 1, NOW, &count, &fault), &fault);
	assert_int_equal(1, count);
	assert_string_equal("", ready(NOW, PRIORITY_BROADCAST));
	commit();
}

static void
a_group_that_became_a_supergroup_keeps_its_lane(void **state)
{
	(void)state;
	begin();
	add(-5, PRIORITY_ANSWER, POLICY_RESEND);
	state_ok(chats_migrate(db, -5, -1005, &fault), &fault);
	struct message m = claim(-1005, ME);
	assert_int_equal(-1005, m.chat_id);
	commit();
	assert_int_equal(1, number("SELECT count(*) FROM lanes"));
}

/* Else a loop whose bulk slots are taken would run without a pause. */
static void
a_broadcast_wakes_nobody_who_may_not_send_it(void **state)
{
	(void)state;
	begin();
	add(1, PRIORITY_BROADCAST, POLICY_ONCE);
	assert_true(messages_next_ready(db, PRIORITY_BROADCAST) <= NOW);
	assert_int_equal(CLOCK_NEVER, messages_next_ready(db, PRIORITY_ALERT));
	add(2, PRIORITY_ANSWER, POLICY_RESEND);
	assert_true(messages_next_ready(db, PRIORITY_ALERT) <= NOW);
	commit();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(only_the_head_of_a_chat_is_ready),
		WITH_DB(a_broadcast_wakes_nobody_who_may_not_send_it),
		WITH_DB(the_next_is_ready_when_the_head_is_settled),
		WITH_DB(answers_come_before_reminders_and_lend_their_priority),
		WITH_DB(who_lost_a_message_changes_nothing),
		WITH_DB(an_ambiguous_end_follows_the_policy),
		WITH_DB(a_human_decides_about_the_unknown),
		WITH_DB(a_blocked_chat_is_held_and_goes_on),
		WITH_DB(one_upload_for_all_who_wait),
		WITH_DB(a_clock_set_back_changes_no_wait),
		WITH_DB(a_lane_that_nothing_occupies_is_freed),
		WITH_DB(a_group_may_move_while_its_message_is_on_its_way),
		WITH_DB(what_a_cancelled_task_made_is_not_sent_again),
		WITH_DB(a_task_that_both_chats_have_ends_in_a_row),
		WITH_DB(pruning_goes_on_behind_what_must_stay),
		WITH_DB(what_is_on_its_way_stays_alone),
		WITH_DB(a_group_that_became_a_supergroup_keeps_its_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
