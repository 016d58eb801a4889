/* SPDX-License-Identifier: MIT */
/* needs: turn bot telegram store net base */
/*
 * One update, one transaction: what follows from it is all there or not at
 * all; what is due is promoted, held, cancelled or expired; a new version of
 * the flow drops nobody.
 */
#include "state_db.h"

#include <fcntl.h>
#include <time.h>

#include "base/mem.h"
#include "store/chats.h"
#include "store/flows.h"
#include "store/mend.h"
#include "store/meta.h"
#include "store/report_try.h"
#include "store/settle.h"
#include "store/task_try.h"
#include "store/updates.h"
#include "turn/deploy.h"
#include "turn/pickup.h"
#include "turn/turn_report.h"
#include "turn/turn_tasks.h"

#define NOW INT64_C(1800000000000)

/* %s: the state that the button leads to. */
#define FLOW \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\"," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}," \
	"\"commands\":{\"/start\":[{\"goto\":\"hello\"}]," \
	"\"/stop\":[{\"unsubscribe\":true},{\"send\":\"bye\"}]," \
	"\"/loop\":[{\"goto\":\"round\"}]}," \
	"\"events\":{\"paid\":[{\"goto\":\"paid\"}]}," \
	"\"fallback\":[{\"send\":\"what\"}]," \
	"\"states\":{\"hello\":{\"enter\":[{\"send\":\"hi\"}," \
	"{\"schedule\":\"later\",\"after\":\"5m\"," \
	"\"unless\":{\"been\":\"paid\"},\"expire\":\"1d\"," \
	"\"do\":[{\"send\":\"remind\"}]}]}," \
	"\"round\":{\"enter\":[{\"if\":{\"not\":{\"tag\":\"out\"}}," \
	"\"then\":[{\"goto\":\"round\"}]}]}," \
	"\"paid\":{\"enter\":[{\"send\":\"thanks\"}]}%s}," \
	"\"texts\":{\"en\":{\"hi\":\"Hi\",\"bye\":\"Bye\",\"what\":\"What\"," \
	"\"remind\":\"Remember\",\"thanks\":\"Thanks\"}}}"

static struct turn *turn;
static struct config *config;

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static enum outcome
deploy_text(const char *more, const char *drop_to)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path, .drop_to = drop_to };

	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	FILE *file = fopen(path, "w");
	fprintf(file, FLOW, more);
	fclose(file);
	enum outcome out = deploy_flow(db, config, &deploy, state_soon(),
	    &report, &findings, &fault);
	if (findings.count > 0)
		print_message("%s: %s\n", findings.list[0].where,
		    findings.list[0].text);
	findings_release(&findings);
	return out;
}

static int
setup_turn(void **state)
{
	if (setup(state) != 0)
		return -1;
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	state_ok(deploy_text("", NULL), &fault);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	return 0;
}

static int
teardown_turn(void **state)
{
	turn_close(turn);
	config_close(config);
	return teardown(state);
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
receive_raw(int64_t update_id, const char *raw)
{
	bool fresh;
	int64_t row;

	state_ok(updates_add(db, update_id, raw, strlen(raw), NOW, &row,
		     &fresh, &fault),
	    &fault);
	assert_true(fresh);
}

static void
receive(int64_t update_id, int64_t chat_id, const char *text)
{
	char *raw = mem_printf(
	    "{\"update_id\":%lld,\"message\":{\"message_id\":1,\"date\":1,"
	    "\"chat\":{\"id\":%lld,\"type\":\"private\"},"
	    "\"from\":{\"id\":%lld,\"first_name\":\"A\"},\"text\":\"%s\"}}",
	    (long long)update_id, (long long)chat_id, (long long)chat_id,
	    text);

	receive_raw(update_id, raw);
	free(raw);
}

/* Steps until nothing waits; how many transactions that took. */
static int
step_all(void)
{
	bool more = true;
	int passes = 0;

	while (more && passes < 50) {
		begin();
		state_ok(turn_updates(turn, NOW, 100, &more, &fault), &fault);
		commit();
		++passes;
	}
	return passes;
}

static void
promote(int64_t now)
{
	bool more;

	begin();
	state_ok(turn_tasks(turn, now, 100, &more, &fault), &fault);
	commit();
}

static void
an_update_becomes_answer_task_and_history(void **state)
{
	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	assert_int_equal(1, step_all());
	assert_int_equal(1,
	    number(
		"SELECT count(*) FROM messages"
		" WHERE state = 'queued' AND text = 'Hi' AND update_row = 1"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE state = 'received' AND text = '/start'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM tasks"
		   " WHERE name = 'later'"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM updates"
		   " WHERE state <> 'done'"));
}

static void
a_poison_update_is_parked_alone(void **state)
{
	(void)state;
	begin();
	receive_raw(1, "{\"update_id\":1,\"message\":[");
	receive(2, 5, "/loop");
	receive(3, 5, "/start");
	receive(4, 6, "/start");
	commit();
	step_all();
	assert_int_equal(2,
	    number("SELECT count(*) FROM updates"
		   " WHERE state = 'parked' AND tries = 3"));
	assert_int_equal(2,
	    number("SELECT count(*) FROM dead_letters"
		   " WHERE kind = 'update'"));
	assert_int_equal(2,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = 'Hi'"));
	/* Nothing of a failed step stays. */
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = '/loop'"));
}

static void
who_went_round_in_a_circle_starts_again(void **state)
{
	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	begin();
	state_ok(turn_event(turn, 5, "paid", NULL, NOW, &fault), &fault);
	/* Only the loop guard sends people back, not anything that fails. */
	receive_raw(2, "{\"update_id\":2,\"message\":[");
	commit();
	step_all();
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE state = 'paid'"));
	begin();
	receive(3, 5, "/loop");
	receive(4, 6, "/loop");
	commit();
	step_all();
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats"
		   " WHERE chat_id = 5 AND state = 'hello'"));
	assert_int_equal(3, number("SELECT count(*) FROM dead_letters"));
}

static void
people_in_a_group_are_left_alone(void **state)
{
	static const char group[] =
	    "{\"update_id\":%d,\"message\":{\"message_id\":1,\"date\":1,"
	    "\"chat\":{\"id\":-7,\"type\":\"supergroup\"},"
	    "\"from\":{\"id\":5,\"first_name\":\"A\"},\"text\":\"%s\"}}";
	char *chatter = mem_printf(group, 1, "see you"),
	     *command = mem_printf(group, 2, "/stop");

	(void)state;
	begin();
	receive_raw(1, chatter);
	commit();
	step_all();
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"));
	begin();
	receive_raw(2, command);
	commit();
	step_all();
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE text = 'Bye'"));
	free(chatter);
	free(command);
}

static void
later_updates_of_a_chat_wait_for_a_failing_one(void **state)
{
	bool more;

	(void)state;
	begin();
	receive(1, 5, "/loop");
	receive(2, 5, "/start");
	receive(3, 6, "/start");
	state_ok(turn_updates(turn, NOW, 100, &more, &fault), &fault);
	commit();
	assert_true(more);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = 'Hi' AND chat_id = 6"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE chat_id = 5"));
}

static void
what_a_process_died_over_is_stepped_alone(void **state)
{
	int waiting;

	(void)state;
	begin();
	for (int i = 1; i <= 3; i++)
		receive(i, i, "/start");
	state_ok(updates_count_tries(db, NOW, &waiting, &fault), &fault);
	commit();
	assert_int_equal(3, waiting);
	assert_in_range(step_all(), 3, 4);
	for (int i = 0; i < 4; i++) {
		begin();
		if (i == 0)
			receive(9, 9, "/start");
		state_ok(updates_count_tries(db, NOW, &waiting, &fault),
		    &fault);
		commit();
	}
	assert_int_equal(0, waiting);
	assert_int_equal(1, number("SELECT count(*) FROM dead_letters"));
}

static void
without_a_flow_updates_wait(void **state)
{
	(void)state;
	turn_close(turn);
	begin();
	state_ok(meta_set_text(db, META_FLOW, NULL, &fault), &fault);
	receive(1, 5, "/start");
	commit();
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	step_all();
	assert_int_equal(1, updates_waiting(db));
}

static void
a_reminder_is_due_once_and_only_unless(void **state)
{
	(void)state;
	begin();
	receive(1, 5, "/start");
	receive(2, 6, "/start");
	commit();
	step_all();
	begin();
	state_ok(turn_event(turn, 6, "paid", NULL, NOW, &fault), &fault);
	commit();
	promote(NOW + 5 * 60000 - 1);
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = 'Remember'"));
	promote(NOW + 5 * 60000);
	promote(NOW + 5 * 60000);
	assert_int_equal(1,
	    number(
		"SELECT count(*) FROM messages"
		" WHERE text = 'Remember' AND chat_id = 5 AND priority = 5"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = 'Remember'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'cancelled' AND chat_id = 6"));
	assert_int_equal(0, number("SELECT count(*) FROM tasks"));
}

/* What a command does before it does a task alone. */
static int64_t
try_task(int64_t now)
{
	int64_t id = 0;

	begin();
	state_ok(turn_task_try(turn, now, &id, &fault), &fault);
	commit();
	return id;
}

static void
task_alone(int64_t id, int64_t now)
{
	begin();
	state_ok(turn_task_alone(turn, id, now, &fault), &fault);
	commit();
}

static void
a_task_that_kills_is_put_aside(void **state)
{
	const int64_t due = NOW + 5 * 60000;
	int64_t id, poison;
	const char *became;

	(void)state;
	begin();
	receive(1, 5, "/start");
	receive(2, 6, "/start");
	commit();
	step_all();
	assert_int_equal(0, try_task(due - 1));
	poison = try_task(due);
	for (int i = 1; i < TASKS_TRIES; i++)
		assert_int_equal(poison, try_task(due));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	/* One that this very command counted did not kill it. */
	id = poison;
	begin();
	state_ok(turn_task_try(turn, due, &id, &fault), &fault);
	commit();
	assert_int_equal(poison, id);
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	task_alone(try_task(due), due);
	assert_int_equal(1,
	    number("SELECT count(*) FROM dead_letters WHERE kind = 'task'"
		   " AND chat_id = 5"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM messages WHERE text = 'Remember'"));
	id = try_task(due);
	assert_int_not_equal(poison, id);
	task_alone(id, due);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE text = 'Remember'"
		   " AND chat_id = 6"));
	assert_int_equal(0, number("SELECT count(*) FROM task_tries"));
	begin();
	state_ok(mend_item(db, "task", poison, MEND_RETRY, NOW, &became,
		     &fault),
	    &fault);
	commit();
	task_alone(try_task(due), due);
	assert_int_equal(2,
	    number("SELECT count(*) FROM messages WHERE text = 'Remember'"));
}

/* The reminder of chat 5 as it stands at the head of its lane. */
static void
reminder_head(struct message *m)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };

	while (messages_ready(db, NOW, PRIORITY_BROADCAST, &place, m) &&
	    m->action == NULL) {
		bool lost;
		const struct settlement sent = { .how = SETTLE_SENT };
		struct message head = *m;
		state_ok(messages_settle(db, &head, 0, &sent, NOW, &lost,
			     &fault),
		    &fault);
		place = (struct lane_place){ 0, INT64_MIN, INT64_MIN };
	}
	assert_non_null(m->action);
}

static void
deploy_source(const char *source)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path };

	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	FILE *file = fopen(path, "w");
	fputs(source, file);
	fclose(file);
	state_ok(deploy_flow(db, config, &deploy, state_soon(), &report,
		     &findings, &fault),
	    &fault);
	findings_release(&findings);
	state_ok(turn_refresh(turn, &fault), &fault);
}

/* A state under a new name: who is there, who was there and what was asked
 * there are known under it. */
static void
a_renamed_state_keeps_its_people(void **state)
{
	static const char source[] =
	    "{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\","
	    "\"renamed\":{\"paid\":\"bought\"},"
	    "\"lang\":{\"default\":\"en\",\"available\":[\"en\"]},"
	    "\"states\":{\"hello\":{\"on\":{\"any\":"
	    "[{\"goto\":\"bought\"}]}},\"bought\":{\"final\":true}},"
	    "\"texts\":{\"en\":{}}}";

	(void)state;
	state_exec(state_path,
	    "INSERT INTO chats(chat_id, state, visits, memory, asked_at,"
	    " created_at, seen_at) VALUES"
	    "(1, 'paid', '{\"paid\":[2,5]}',"
	    " '{\"ask\":{\"state\":\"paid\"}}', 9, 1, 1),"
	    "(2, 'hello', '{\"paid\":[1,3]}', '{}', 0, 1, 1),"
	    "(3, 'hello', '{}', '{}', 0, 1, 1)");
	deploy_source(source);
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE state = 'bought'"
		   " AND asked_at = 9 AND memory ->> '$.ask.state' = 'bought'"
		   " AND visits ->> '$.bought[1]' = 5"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = 2"
		   " AND state = 'hello' AND visits ->> '$.bought[1]' = 3"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE visits = '{}'"));
}

static void
a_reminder_asks_unless_again_when_it_is_sent(void **state)
{
	struct message m;
	bool cancelled;
	char *params, *text;

	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	promote(NOW + 5 * 60000);
	begin();
	state_ok(turn_event(turn, 5, "paid", NULL, NOW, &fault), &fault);
	reminder_head(&m);
	state_ok(turn_render(turn, &m, &cancelled, &params, &text, &fault),
	    &fault);
	assert_true(cancelled);
	free(params);
	free(text);
	commit();
}

#define WITHOUT_THE_TEXT \
	"{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\"," \
	"\"states\":{\"hello\":{\"enter\":[{\"schedule\":\"later\"," \
	"\"after\":\"5m\",\"do\":[{\"send\":\"other\"}]}]}}," \
	"\"texts\":{\"en\":{\"other\":\"Other\"}}," \
	"\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}}"

/* The new version lost the words: the one it was queued under says them, and
 * if that is lost as well, what was queued is sent. */
static void
a_reminder_whose_text_vanished_is_still_said(void **state)
{
	struct message m;
	bool cancelled;
	char *params, *text;

	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	promote(NOW + 5 * 60000);
	deploy_source(WITHOUT_THE_TEXT);
	begin();
	reminder_head(&m);
	state_ok(turn_render(turn, &m, &cancelled, &params, &text, &fault),
	    &fault);
	assert_false(cancelled);
	assert_non_null(text);
	assert_string_equal("Remember", text);
	free(params);
	free(text);
	m.flow = "0000";
	state_ok(turn_render(turn, &m, &cancelled, &params, &text, &fault),
	    &fault);
	assert_false(cancelled);
	assert_null(params);
	assert_null(text);
	commit();
}

/* A new version may put another schedule where the old one was. */
static void
a_moved_schedule_is_known_by_its_name(void **state)
{
	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	deploy_source(
	    "{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\","
	    "\"states\":{\"hello\":{\"enter\":[{\"send\":\"hi\"},"
	    "{\"schedule\":\"other\",\"after\":\"5m\","
	    "\"unless\":{\"been\":\"hello\"},\"do\":[]},"
	    "{\"schedule\":\"later\",\"after\":\"5m\","
	    "\"unless\":{\"tag\":\"x\"},"
	    "\"do\":[{\"send\":\"remind\"}]}]}},"
	    "\"texts\":{\"en\":{\"hi\":\"Hi\",\"remind\":\"Again\"}},"
	    "\"lang\":{\"default\":\"en\",\"available\":[\"en\"]}}");
	begin();
	receive(2, 5, "/start"); /* enters hello once more */
	commit();
	step_all();
	promote(NOW + 5 * 60000);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages"
		   " WHERE text = 'Again'"));
}

#define WORKER 7

/* What delivery does with the head of a lane that is a report. */
static enum outcome
ask_report(int64_t worker)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };
	struct message m;

	assert_true(messages_ready(db, NOW, PRIORITY_ANSWER, &place, &m));
	assert_true(turn_is_report(turn, &m));
	return turn_report_ask(turn, &m, worker, &fault);
}

/* A row as worker_begin() makes it. */
static void
hire(int64_t worker)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO workers(id, command, pid, started_at)"
	    " VALUES(%lld, 'send-due', 1, 1) RETURNING id",
	    (long long)worker);
	assert_int_equal(worker, number(sql));
}

static void
want_report(void)
{
	deploy_source("{\"leadpipe\":1,\"id\":\"t\",\"start\":\"hello\","
		      "\"commands\":{\"/n\":[{\"report\":\"today\"}]},"
		      "\"states\":{\"hello\":{\"final\":true}},"
		      "\"lang\":{\"default\":\"en\","
		      "\"available\":[\"en\"]},\"texts\":{\"en\":{}}}");
	begin();
	receive(1, 5, "/n");
	commit();
	step_all();
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"
		   " AND text = 'today'"));
}

static int64_t
report_id(void)
{
	return number("SELECT max(id) FROM messages WHERE role <> 'user'");
}

static int64_t
report_tries(void)
{
	return number("SELECT tries FROM messages WHERE action IS NOT NULL");
}

/* Counting takes long where much was said: nobody waits for it, and it is one
 * message whatever happens in between. */
static void
a_report_is_written_between_the_transactions(void **state)
{
	(void)state;
	want_report();
	hire(WORKER);
	begin();
	state_ok(ask_report(WORKER), &fault);
	assert_true(turn_report_asked(turn));
	/* What is rolled back was not asked. */
	db_rollback(db);
	turn_undone(turn);
	assert_false(turn_report_asked(turn));
	assert_false(turn_report_write(turn, NOW));
	begin();
	state_ok(ask_report(WORKER), &fault);
	assert_false(turn_report_write(turn, NOW));
	commit();
	turn_committed(turn);
	assert_int_equal(0, report_tries());
	assert_true(report_is_tried(db, report_id(), WORKER + 1));
	assert_false(report_is_tried(db, report_id(), WORKER));
	assert_true(turn_report_write(turn, NOW));
	for (int i = 0; i < 2; i++) {
		begin();
		state_ok(turn_report_store(turn, NOW, &fault), &fault);
		if (i == 1)
			break;
		db_rollback(db);
		turn_undone(turn);
		assert_true(turn_report_write(turn, NOW));
	}
	commit();
	turn_committed(turn);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE state = 'queued'"
		   " AND action IS NULL AND tries = 0"
		   " AND text LIKE 'Today_People: 1%'"
		   " AND params LIKE '{\"text\":\"Today\\nPeople: 1%'"));
	assert_false(turn_report_write(turn, NOW));
	assert_false(report_is_tried(db, report_id(), WORKER + 1));
}

static void
a_report_that_kills_is_given_up(void **state)
{
	(void)state;
	want_report();
	for (int i = 1; i <= REPORT_TRIES; i++) {
		hire(WORKER);
		begin();
		state_ok(ask_report(WORKER), &fault);
		commit();
		assert_int_equal(i - 1, report_tries());
		/* As far as this process went. */
		begin();
		state_ok(report_orphaned(db, WORKER, &fault), &fault);
		commit();
		assert_int_equal(WORKER,
		    number("DELETE FROM workers RETURNING id"));
		turn_close(turn);
		state_ok(turn_open(&turn, db, config, &fault), &fault);
		assert_int_equal(i, report_tries());
	}
	begin();
	assert_int_equal(OUT_NEVER, ask_report(WORKER));
	assert_string_equal(fault.text,
	    "the command died each time this report was written");
	db_rollback(db);
	assert_false(turn_report_asked(turn));
}

/* As many commands as there are may want the same one. */
static void
a_report_that_many_ask_for_is_not_given_up(void **state)
{
	(void)state;
	want_report();
	for (int i = 1; i <= REPORT_TRIES + 2; i++) {
		hire(WORKER + i);
		begin();
		state_ok(ask_report(WORKER + i), &fault);
		commit();
		turn_close(turn);
		state_ok(turn_open(&turn, db, config, &fault), &fault);
	}
	assert_int_equal(0, report_tries());
}

static void
tasks_expire_wait_for_the_blocked_and_skip_the_unsubscribed(void **state)
{
	const int64_t due = NOW + 5 * 60000, day = 86400000;

	(void)state;
	begin();
	receive(1, 5, "/start");
	receive(2, 6, "/start");
	receive(3, 7, "/start");
	receive(4, 7, "/stop");
	commit();
	step_all();
	begin();
	state_ok(chats_block(db, 6, "blocked", NOW, &fault), &fault);
	commit();
	promote(due + day - 1);
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'promoted' AND chat_id = 5"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'held' AND chat_id = 6"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'cancelled' AND chat_id = 7"));
	begin();
	state_ok(chats_unblock(db, 6, due + day, &fault), &fault);
	commit();
	assert_int_equal(1, number("SELECT count(*) FROM tasks"));
	promote(due + day + 1);
	assert_int_equal(1,
	    number("SELECT count(*) FROM task_ends"
		   " WHERE state = 'expired' AND chat_id = 6"));
}

static void
a_new_version_strands_nobody(void **state)
{
	(void)state;
	state_ok(deploy_text(",\"attic\":{\"enter\":[]}", NULL), &fault);
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	begin();
	state_ok(flows_move_chats(db, "hello", "attic", &fault), &fault);
	commit();
	char *before = meta_text(db, META_FLOW);
	assert_int_equal(OUT_NEVER, deploy_text("", NULL));
	assert_non_null(strstr(fault.text, "attic"));
	assert_int_equal(OUT_NEVER, deploy_text("", "nowhere"));
	char *after = meta_text(db, META_FLOW);
	assert_string_equal(before, after);
	state_ok(deploy_text("", "hello"), &fault);
	assert_int_equal(1, flows_chats_in(db, "hello"));
	free(before);
	free(after);
}

static void
events_and_schedules_that_are_not_there_are_refused(void **state)
{
	int64_t id;
	int64_t due = NOW;
	bool added;

	(void)state;
	begin();
	receive(1, 5, "/start");
	commit();
	step_all();
	begin();
	assert_int_equal(OUT_NEVER,
	    turn_event(turn, 5, "nothing", NULL, NOW, &fault));
	assert_int_equal(OUT_NEVER,
	    turn_event(turn, 55, "paid", NULL, NOW, &fault));
	assert_int_equal(OUT_NEVER,
	    turn_schedule(turn, 5, "nothing", &due, NOW, &id, &added, &fault));
	state_ok(turn_schedule(turn, 5, "later", &due, NOW, &id, &added,
		     &fault),
	    &fault);
	assert_false(added); /* the flow itself planned it already */
	assert_true(due > NOW);
	commit();
}

#define WITH_TURN(test) \
	cmocka_unit_test_setup_teardown(test, setup_turn, teardown_turn)

/* Writes NAME beside the database as if it were long ago, later each time. */
static void
write_aged(const char *name, const char *text)
{
	static time_t age = 1000;
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", state_dir, name);
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	times[0].tv_sec = times[1].tv_sec = time(NULL) - age--;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool
picked_up(const struct config *with_file)
{
	bool deployed;

	state_ok(pickup_flow(db, with_file, state_soon(), &deployed, &fault),
	    &fault);
	return deployed;
}

/* The flow's text files and media are part of it. */
static void
all_files_of_a_flow_are_picked_up(void **state)
{
	static const char flow[] = "{\"leadpipe\":1,\"id\":\"t\","
				   "\"start\":\"a\",\"states\":{\"a\":"
				   "{\"enter\":[{\"send\":\"hi\"%s}]}},"
				   "%s\"texts\":{\"en\":\"en.json\"}}";
	struct config *with_file;
	char path[200], text[400];

	(void)state;
	snprintf(path, sizeof(path), "%s/source.json", state_dir);
	setenv("FLOW_FILE", path, 1);
	state_ok(config_open(&with_file, "/dev/null", &fault), &fault);
	unsetenv("FLOW_FILE");
	snprintf(text, sizeof(text), flow, "", "");
	write_aged("source.json", text);
	write_aged("en.json", "{\"hi\":\"Old\"}");
	assert_true(picked_up(with_file));
	assert_false(picked_up(with_file));
	write_aged("en.json", "{\"hi\":\"New\"}");
	assert_true(picked_up(with_file));
	assert_false(picked_up(with_file));

	snprintf(text, sizeof(text), flow, ",\"media\":\"m\"",
	    "\"media\":{\"m\":{\"photo\":\"p.jpg\"}},");
	write_aged("source.json", text);
	assert_false(picked_up(with_file));
	assert_true(meta_has(db, META_FLOW_REFUSED));
	write_aged("p.jpg", "photo");
	assert_true(picked_up(with_file));
	assert_false(meta_has(db, META_FLOW_REFUSED));
	write_aged("p.jpg", "other photo");
	assert_true(picked_up(with_file));
	assert_false(picked_up(with_file));
	config_close(with_file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TURN(an_update_becomes_answer_task_and_history),
		WITH_TURN(a_poison_update_is_parked_alone),
		WITH_TURN(who_went_round_in_a_circle_starts_again),
		WITH_TURN(people_in_a_group_are_left_alone),
		WITH_TURN(later_updates_of_a_chat_wait_for_a_failing_one),
		WITH_TURN(what_a_process_died_over_is_stepped_alone),
		WITH_TURN(without_a_flow_updates_wait),
		WITH_TURN(a_reminder_is_due_once_and_only_unless),
		WITH_TURN(a_task_that_kills_is_put_aside),
		WITH_TURN(a_renamed_state_keeps_its_people),
		WITH_TURN(a_reminder_asks_unless_again_when_it_is_sent),
		WITH_TURN(a_reminder_whose_text_vanished_is_still_said),
		WITH_TURN(a_moved_schedule_is_known_by_its_name),
		WITH_TURN(
		    tasks_expire_wait_for_the_blocked_and_skip_the_unsubscribed),
		WITH_TURN(a_report_is_written_between_the_transactions),
		WITH_TURN(a_report_that_kills_is_given_up),
		WITH_TURN(a_report_that_many_ask_for_is_not_given_up),
		WITH_TURN(a_new_version_strands_nobody),
		WITH_TURN(all_files_of_a_flow_are_picked_up),
		WITH_TURN(events_and_schedules_that_are_not_there_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
