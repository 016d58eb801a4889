/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Forgetting: which rows are a person's, what keeps them from being forgotten
 * now, and what stays of others.
 */
#include "state_db.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/export.h"
#include "store/forget.h"
#include "store/forget_journal.h"
#include "store/journal_gate.h"
#include "store/journal_read.h"
#include "store/messages.h"
#include "store/updates.h"

#define HER "111222333"

static struct subject subject;

static void
exec(const char *sql)
{
	state_exec(db_path(db), sql);
}

static int64_t
number(const char *sql)
{
	return state_number(db_path(db), sql);
}

/* TEXT with WITH for each @; the caller frees it. */
static char *
filled(const char *text, const char *with)
{
	char *sql = mem_dup(text), *place;

	while ((place = strchr(sql, '@')) != NULL) {
		*place = '\0';
		char *next = mem_printf("%s%s%s", sql, with, place + 1);
		free(sql);
		sql = next;
	}
	return sql;
}

/* A row of each kind for CHAT. */
static void
live(const char *chat)
{
	static const char rows[] =
	    "INSERT INTO chats(chat_id, user_id, first_name, vars, created_at,"
	    " seen_at) VALUES(@, @, 'N', '{\"tel\":\"+7999@\"}', 1, 1);"
	    "INSERT INTO messages(chat_id, state, role, created_at,"
	    " settled_at, text) VALUES(@, 'received', 'user', 1, 1, 'w');"
	    "INSERT INTO tasks(due_at, id, kind, priority, chat_id, name,"
	    " expire_at, created_at, flow, pointer) VALUES(9, @, 'flow', 5,"
	    " @, 'n', 9, 1, 'f', '/p');"
	    "INSERT INTO task_tries VALUES(@, 1);"
	    "INSERT INTO task_ends VALUES(-@, 'dead', 1, 'r', 1, 'flow', 5,"
	    " @, 'n', 1, 1, 0, 'f', '/p', NULL, NULL);"
	    "INSERT INTO execs(chat_id, state, flow, request, resume,"
	    " created_at, nonce) VALUES(@, 'done', 'f', '{}', '{}', 1, 1);"
	    "INSERT INTO arrivals VALUES(@, 's', '', 1, 1, 1);"
	    "INSERT OR IGNORE INTO broadcasts(id, name, state, flow, action,"
	    " audience, method, created_at, start_at)"
	    " VALUES(7, 'b', 'paused', 'f', '{}', '{}', 'm', 1, 1);"
	    "INSERT INTO broadcast_aside VALUES(7, @);"
	    "INSERT INTO shared_tasks(id, source, src_member, ours, state,"
	    " changed_at, due_at, kind, chat_id, name)"
	    " VALUES(1 + abs(random() >> 8), hex(randomblob(8)),"
	    " 'm', 1, 'exported', 1, 1, 'flow', @, 'n');"
	    "INSERT INTO leads(key, chat_id, created_at, state, errand,"
	    " phone_e164, body) VALUES('k@', @, 1, 'created', NULL, '+7999@',"
	    " '{\"sent\":\"+7999@\"}');"
	    "INSERT INTO lead_sources(lead_id, key, received_at, raw)"
	    " VALUES(last_insert_rowid(), 'k@', 1, 'r');"
	    "INSERT INTO dead_letters(kind, item, chat_id, reason, mend,"
	    " died_at) VALUES('task', -@, @, 'r', 'm', 1);"
	    "INSERT INTO limits(kind, id) VALUES('chat', @);"
	    "INSERT INTO updates(update_id, hash, received_at, state, chat_id,"
	    " raw, event) VALUES(0, 0, 1, 'waiting', @, '1', 'e');";
	char *sql = filled(rows, chat);

	exec(sql);
	free(sql);
}

/* How many rows name CHAT. */
static int64_t
rows_of(const char *chat)
{
	char *sql =
	    filled("SELECT (SELECT count(*) FROM chats WHERE chat_id = @)"
		   " + (SELECT count(*) FROM messages WHERE chat_id = @)"
		   " + (SELECT count(*) FROM tasks WHERE chat_id = @)"
		   " + (SELECT count(*) FROM task_tries WHERE id = @)"
		   " + (SELECT count(*) FROM task_ends WHERE chat_id = @)"
		   " + (SELECT count(*) FROM execs WHERE chat_id = @)"
		   " + (SELECT count(*) FROM arrivals WHERE chat_id = @)"
		   " + (SELECT count(*) FROM broadcast_aside WHERE chat_id ="
		   "  @)"
		   " + (SELECT count(*) FROM shared_tasks WHERE chat_id = @)"
		   " + (SELECT count(*) FROM leads WHERE chat_id = @)"
		   " + (SELECT count(*) FROM lead_sources WHERE key = 'k@')"
		   " + (SELECT count(*) FROM dead_letters WHERE chat_id = @)"
		   " + (SELECT count(*) FROM limits WHERE id = @)"
		   " + (SELECT count(*) FROM updates WHERE chat_id = @)",
		chat);
	int64_t count = number(sql);

	free(sql);
	return count;
}

static void
look(const char *who)
{
	state_ok(subject_resolve(db, who, &subject, &fault), &fault);
	state_ok(subject_find(db, &subject, &fault), &fault);
}

static enum outcome
forget(const char *who, bool unsent, enum forget_wait *wait)
{
	enum outcome out;

	look(who);
	out = forget_delete(db, &subject, unsent, 5, clock_mono_ms() + 5000,
	    wait, &fault);
	subject_release(&subject);
	return out;
}

static void
forget_ok(const char *who)
{
	enum forget_wait wait;

	state_ok(forget(who, false, &wait), &fault);
}

/* Stores RAW as an update of STATE; returns its row. */
static int64_t
update(int64_t id, const char *state, const char *chat, const char *raw)
{
	char *sql = mem_printf("UPDATE updates SET state = '%s', chat_id = %s"
			       " WHERE update_id = %lld AND event IS NULL",
	    state, chat, (long long)id);
	bool fresh;
	int64_t row;

	state_ok(db_begin(db, clock_mono_ms() + 5000, &fault), &fault);
	state_ok(updates_add(db, id, raw, strlen(raw), 1, &row, &fresh,
		     &fault),
	    &fault);
	state_ok(db_commit(db, &fault), &fault);
	assert_true(fresh);
	exec(sql);
	free(sql);
	return row;
}

static void
all_of_one_goes_and_nothing_of_others(void **state)
{
	(void)state;
	live(HER);
	live("5");
	assert_int_equal(14, rows_of(HER));
	forget_ok(HER);
	assert_int_equal(0, rows_of(HER));
	assert_int_equal(14, rows_of("5"));
	/* Nobody is nobody's reason to complain. */
	forget_ok(HER);
}

/* What nobody could read is nobody's row: her words are found in it. */
static void
what_a_website_left_unread_goes_by_its_words(void **state)
{
	static const char *const raws[] = {
		/* hers */
		"{\"chat\":" HER "}",
		"name=%D0%90&phone=8%20%28999%29%20111%2D22%2D33",
		"{\"phone\":\"8 (999) 111-22-33\"",
		"mail=Her%2EOwn%40mail%2Eexample&x=1",
		"{\"email\": \"HER.OWN@mail.example\"",
		/* others' */
		"{\"phone\":\"+7 999 555\"",
		"her.own at mail.example, N, +7",
	};

	(void)state;
	live(HER);
	exec("UPDATE leads SET phone_e164 = '+79991112233',"
	     " email = 'her.own@mail.example'");
	exec(
	    "UPDATE chats SET vars = json_set(vars, '$.n', 'N', '$.one', '+7',"
	    " '$.other', '+9" HER "')");
	for (size_t i = 0; i < sizeof(raws) / sizeof(*raws); i++) {
		char *sql = mem_printf(
		    "INSERT INTO refusals(id, key, source, reason, size, raw,"
		    " refused_at) VALUES(%zu, 'k%zu', 's', 'r', 1, '%s', 1);"
		    "INSERT INTO dead_letters(kind, item, reason, mend,"
		    " died_at) VALUES('refusal', %zu, 'r', 'm', 1)",
		    i + 1, i + 1, raws[i], i + 1);
		exec(sql);
		free(sql);
	}
	/* Another kind of thing may have the same number. */
	exec("INSERT INTO task_ends SELECT 6, state, ended_at, reason,"
	     " due_at, kind, priority, chat_id, name, expire_at, created_at,"
	     " entries, flow, pointer, method, params FROM task_ends");
	forget_ok(HER);
	assert_int_equal(13, number("SELECT sum(id) FROM refusals"));
	assert_int_equal(13,
	    number("SELECT sum(item) FROM dead_letters"
		   " WHERE kind = 'refusal'"));
}

static void
what_is_on_its_way_is_waited_for(void **state)
{
	static const struct {
		const char *make, *end;
		enum forget_wait wait;
	} cases[] = {
		{ "INSERT INTO messages(chat_id, state, role, created_at,"
		  " method, worker) VALUES(" HER
		  ", 'sending', 'assistant', 1, 'm', 7)",
		    "DELETE FROM messages WHERE worker = 7", FORGET_SENDING },
		{ "INSERT INTO messages(chat_id, state, role, created_at,"
		  " method, worker, subject) VALUES(9, 'sending', 'assistant',"
		  " 1, 'm', 7, " HER ")",
		    "DELETE FROM messages WHERE worker = 7", FORGET_SENDING },
		{ "UPDATE leads SET worker = 7 WHERE chat_id = " HER,
		    "UPDATE leads SET worker = NULL", FORGET_SENDING },
		{ "UPDATE execs SET state = 'running', worker = 7",
		    "UPDATE execs SET state = 'done', worker = NULL",
		    FORGET_HANDLER },
	};
	enum forget_wait wait;

	(void)state;
	live(HER);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		exec(cases[i].make);
		assert_int_equal(OUT_LATER, forget(HER, true, &wait));
		assert_int_equal(EXIT_LATER, fault.code);
		assert_int_equal(cases[i].wait, wait);
		assert_true(rows_of(HER) >= 13);
		exec(cases[i].end);
	}
	forget_ok(HER);
	assert_int_equal(0, rows_of(HER));
}

static void
an_update_is_known_again_and_says_nothing(void **state)
{
	const char *hers =
	    "{\"update_id\":7,\"message\":{\"from\":{\"id\":" HER
	    "},\"chat\":{\"id\":" HER "},\"text\":\"x\"}}";
	bool fresh;
	int64_t row = update(7, "received", "NULL", hers), again;

	(void)state;
	forget_ok(HER);
	assert_int_equal(1,
	    number("SELECT count(*) FROM updates WHERE state = 'done'"
		   " AND raw = '{}' AND chat_id IS NULL"
		   " AND settled_at = 5"));
	state_ok(db_begin(db, clock_mono_ms() + 5000, &fault), &fault);
	state_ok(updates_add(db, 7, hers, strlen(hers), 9, &again, &fresh,
		     &fault),
	    &fault);
	state_ok(db_commit(db, &fault), &fault);
	assert_false(fresh);
	assert_int_equal(row, again);
}

/* Somebody else's update may be blanked, but not before it was stepped. */
static void
who_names_her_is_stepped_first(void **state)
{
	enum forget_wait wait;

	(void)state;
	update(8, "received", "NULL",
	    "{\"message\":{\"from\":{\"id\":5},\"chat\":{\"id\":-20},"
	    "\"reply_to_message\":{\"from\":{\"id\":" HER "}}}}");
	update(9, "received", "NULL",
	    "{\"message\":{\"from\":{\"id\":5},\"chat\":{\"id\":5},"
	    "\"message_id\":" HER ",\"text\":\"call " HER "\"}}");
	assert_int_equal(OUT_LATER, forget(HER, false, &wait));
	assert_int_equal(FORGET_QUOTED, wait);
	assert_int_equal(0,
	    number("SELECT count(*) FROM updates WHERE raw = '{}'"));
	exec("UPDATE updates SET state = 'done', chat_id = -20"
	     " WHERE update_id = 8");
	forget_ok(HER);
	assert_int_equal(8,
	    number("SELECT update_id FROM updates WHERE raw = '{}'"
		   " AND chat_id = -20"));
	assert_int_equal(9,
	    number("SELECT update_id FROM updates WHERE raw <> '{}'"
		   " AND state = 'received'"));
}

static void
in_a_group_only_hers_goes(void **state)
{
	char *sql, id[24];
	int64_t row;

	(void)state;
	exec("INSERT INTO chats(chat_id, type, user_id, first_name,"
	     " created_at, seen_at) VALUES(-20, 'group', " HER
	     ", 'Her', 1, 1)");
	row = update(8, "done", "-20",
	    "{\"message\":{\"from\":{\"id\":" HER "},\"chat\":{\"id\":-20}}}");
	snprintf(id, sizeof(id), "%lld", (long long)row);
	sql = filled("INSERT INTO messages(chat_id, state, role, created_at,"
		     " settled_at, text, update_row, method) VALUES"
		     " (-20, 'received', 'user', 1, 1, 'hers', @, NULL),"
		     " (-20, 'sent', 'assistant', 1, 1, 'to her', @, 'm'),"
		     " (-20, 'received', 'user', 1, 1, 'other', @ + 1, NULL)",
	    id);
	exec(sql);
	free(sql);
	forget_ok(HER);
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE chat_id = -20"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE text = 'other'"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM chats WHERE chat_id = -20"
		   " AND user_id IS NULL AND first_name IS NULL"));
}

static void
what_others_were_told_goes_with_its_place_in_the_lane(void **state)
{
	(void)state;
	exec("INSERT INTO messages(id, chat_id, state, role, created_at,"
	     " settled_at, message_id, method, text, about, subject) VALUES"
	     " (1, 9, 'sent', 'assistant', 1, 1, 70, 'm', 'her', " HER ", " HER
	     "), (2, 9, 'sent', 'assistant', 1, 1, 71, 'm', 'h', NULL, " HER
	     "), (3, 9, 'queued', 'assistant', 1, NULL, NULL, 'm', 'her',"
	     " NULL, " HER "), (4, 9, 'queued', 'assistant', 1, NULL, NULL,"
	     " 'm', 'own', NULL, NULL);"
	     "INSERT INTO lanes(chat_id, head, priority, not_before)"
	     " VALUES(9, 3, 0, 0)");
	update(8, "done", "9",
	    "{\"message\":{\"from\":{\"id\":9},\"chat\":{\"id\":9},"
	    "\"text\":\"w\",\"reply_to_message\":{\"message_id\":70,"
	    "\"text\":\"her\"}}}");
	forget_ok(HER);
	assert_int_equal(4, number("SELECT head FROM lanes"));
	assert_int_equal(5, number("SELECT sum(id) FROM messages"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM messages WHERE id = 1"
		   " AND text IS NULL AND subject IS NULL"));
	assert_true(messages_about(db, 9, 70) == MESSAGES_FORGOTTEN);
	assert_int_equal(0, messages_about(db, 9, 71));
	assert_int_equal(1,
	    number("SELECT count(*) FROM updates WHERE raw = '{}'"));
}

static void
a_lead_that_is_paid_for_is_not_lost_by_the_way(void **state)
{
	enum forget_wait wait;

	(void)state;
	live(HER);
	live("5");
	/* A website's, by the phone that she told the bot; and one with the
	 * same phone whose chat is another. */
	exec("INSERT INTO leads(id, key, created_at, phone_e164) VALUES"
	     " (70, 'web', 1, '+7999" HER "');"
	     "UPDATE leads SET phone_e164 = '+7999" HER "' WHERE chat_id = 5");
	assert_int_equal(OUT_NEVER, forget(HER, false, &wait));
	assert_int_equal(EXIT_REFUSED, fault.code);
	assert_int_equal(14, rows_of(HER));
	state_ok(forget(HER, true, &wait), &fault);
	assert_int_equal(0,
	    number("SELECT count(*) FROM leads WHERE id = 70"));
	assert_int_equal(14, rows_of("5"));
	exec("INSERT INTO leads(id, key, created_at, email) VALUES"
	     " (71, 'm', 1, 'a@b.example')");
	state_ok(forget("A@b.example", true, &wait), &fault);
	assert_int_equal(0,
	    number("SELECT count(*) FROM leads WHERE id = 71"));
}

static void
what_was_begun_is_known_until_it_is_finished(void **state)
{
	struct subject left;

	(void)state;
	live(HER);
	assert_false(forget_begun(db));
	forget_ok(HER);
	assert_true(forget_unfinished(db, &left));
	assert_int_equal(111222333, left.chat_id);
	assert_string_equal("[1]", left.leads);
	subject_release(&left);
	state_ok(forget_scrub(db, false, 5000, &fault), &fault);
	assert_false(forget_unfinished(db, &left));
	subject_release(&left);
	live(HER);
	forget_ok(HER);
	state_ok(forget_scrub(db, true, 5000, &fault), &fault);
	assert_false(forget_begun(db));
	assert_int_equal(0,
	    number("SELECT freelist_count"
		   " FROM pragma_freelist_count"));
}

static bool
count_row(void *arg, const char *row)
{
	++*(int *)arg;
	assert_int_equal('{', row[0]);
	return true;
}

static bool
find_text(void *arg, const char *row)
{
	const char **text = arg;

	if (*text != NULL && strstr(row, *text) != NULL)
		*text = NULL;
	return true;
}

static void
what_left_for_the_crm_is_exported(void **state)
{
	const char *sent = "{\\\"sent\\\":\\\"+7999" HER;

	(void)state;
	live(HER);
	look(HER);
	for (size_t i = 0; i < export_count; i++)
		state_ok(export_rows(db, i, &subject, find_text, &sent,
			     &fault),
		    &fault);
	assert_null(sent);
	subject_release(&subject);
}

/* Each kind that is counted before it is deleted is exported as well. */
static void
an_export_has_each_kind(void **state)
{
	int count, kinds = 0;

	(void)state;
	live(HER);
	update(7, "done", HER, "{\"message\":{\"chat\":{\"id\":" HER "}}}");
	exec("INSERT INTO refusals(key, source, reason, size, raw, refused_at)"
	     " VALUES('k', 's', 'r', 1, '" HER "', 1)");
	look(HER);
	for (size_t i = 0; i < export_count; i++) {
		count = 0;
		state_ok(export_rows(db, i, &subject, count_row, &count,
			     &fault),
		    &fault);
		kinds += count > 0;
	}
	/* All but an update that quotes her and a change in the CRM. */
	assert_int_equal((int)export_count - 2, kinds);
	subject_release(&subject);
}

static struct journal journal;
static char dir[128];

static void
journal_make(void)
{
	snprintf(dir, sizeof(dir), "%s/journal", state_dir);
	journal = (struct journal){ .dir = dir,
		.bot_id = STATE_BOT,
		.keep_ms = INT64_MAX };
	assert_int_equal(0, mkdir(dir, 0700));
}

static void
append(enum journal_kind kind, int64_t id, const char *text)
{
	const struct journal_record record = { .kind = kind,
		.at = 1,
		.id = id,
		.text = text,
		.len = strlen(text) };

	state_ok(journal_append(&journal, &record, 1, &fault), &fault);
}

/* The sum of the ids that the journal has. */
static int64_t
journal_ids(void)
{
	struct journal_reader reader;
	struct journal_record record;
	enum outcome out;
	int64_t ids = 0;

	state_ok(journal_open(&reader, &journal, 0, &fault), &fault);
	while (journal_next(&reader, &record, &out, &fault))
		ids += record.id;
	assert_int_equal(0, reader.torn + reader.damaged);
	journal_close(&reader);
	return ids;
}

static void
her_records_leave_the_journal(void **state)
{
	int64_t erased;

	(void)state;
	journal_make();
	append(JOURNAL_UPDATE, 1, "{\"message\":{\"from\":{\"id\":" HER "}}}");
	append(JOURNAL_UPDATE, 2, "{\"message\":{\"from\":{\"id\":5}}}");
	append(JOURNAL_LEAD, 4, "{\"key\":\"k\"}");
	append(JOURNAL_LEAD, 8, "{\"key\":\"k\"}");
	append(JOURNAL_TASK, 16, "{\"chat_id\":" HER "}");
	append(JOURNAL_TASK, 32, "{\"chat_id\":5,\"x\":" HER "}");
	look(HER);
	free(subject.leads);
	subject.leads = mem_dup("[4]");
	state_ok(forget_journal(&journal, db, &subject, true, &erased, &fault),
	    &fault);
	assert_int_equal(3, erased);
	assert_int_equal(63, journal_ids());
	state_ok(forget_journal(&journal, db, &subject, false, &erased,
		     &fault),
	    &fault);
	assert_int_equal(3, erased);
	assert_int_equal(2 + 8 + 32, journal_ids());
	append(JOURNAL_UPDATE, 64, "{}");
	assert_int_equal(2 + 8 + 32 + 64, journal_ids());
	subject_release(&subject);
}

/* Who waited for the lock of a file that was replaced meanwhile. */
static void
what_is_appended_meanwhile_is_not_lost(void **state)
{
	struct journal_reader reader;
	char *path, *other, ready;
	int pipes[2];

	(void)state;
	journal_make();
	append(JOURNAL_UPDATE, 1, "{}");
	state_ok(journal_open(&reader, &journal, 0, &fault), &fault);
	path = mem_dup(reader.paths[0]);
	journal_close(&reader);
	other = mem_printf("%s/other", dir);
	assert_int_equal(0, pipe(pipes));
	pid_t child = fork();
	if (child == 0) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		bool good = flock(fd, LOCK_EX) == 0 &&
		    write(pipes[1], "x", 1) == 1;
		usleep(200000);
		int made = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		end_child(good && made >= 0 && rename(other, path) == 0);
	}
	assert_int_equal(1, read(pipes[0], &ready, 1));
	append(JOURNAL_UPDATE, 2, "{}");
	assert_int_equal(child, waitpid(child, NULL, 0));
	assert_int_equal(2, journal_ids());
	close(pipes[0]);
	close(pipes[1]);
	free(other);
	free(path);
}

/* Committed before she was forgotten, and copied after that. */
static void
what_is_still_to_be_copied_is_waited_for(void **state)
{
	char ready;
	int pipes[2];
	int64_t erased;

	(void)state;
	journal_make();
	append(JOURNAL_TASK, 1, "{\"chat_id\":5}");
	assert_int_equal(0, pipe(pipes));
	pid_t child = fork();
	if (child == 0) {
		int gate;
		bool good = journal_gate_enter(&journal, db,
				clock_mono_ms() + 5000, &gate,
				&fault) == OUT_OK &&
		    write(pipes[1], "x", 1) == 1;
		usleep(200000);
		append(JOURNAL_TASK, 2, "{\"chat_id\":" HER "}");
		journal_gate_leave(&gate);
		end_child(good);
	}
	assert_int_equal(1, read(pipes[0], &ready, 1));
	look(HER);
	state_ok(forget_journal(&journal, db, &subject, false, &erased,
		     &fault),
	    &fault);
	assert_int_equal(child, waitpid(child, NULL, 0));
	assert_int_equal(1, erased);
	assert_int_equal(1, journal_ids());
	subject_release(&subject);
	close(pipes[0]);
	close(pipes[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(all_of_one_goes_and_nothing_of_others),
		WITH_DB(what_a_website_left_unread_goes_by_its_words),
		WITH_DB(what_is_on_its_way_is_waited_for),
		WITH_DB(an_update_is_known_again_and_says_nothing),
		WITH_DB(who_names_her_is_stepped_first),
		WITH_DB(in_a_group_only_hers_goes),
		WITH_DB(what_others_were_told_goes_with_its_place_in_the_lane),
		WITH_DB(a_lead_that_is_paid_for_is_not_lost_by_the_way),
		WITH_DB(what_was_begun_is_known_until_it_is_finished),
		WITH_DB(an_export_has_each_kind),
		WITH_DB(what_left_for_the_crm_is_exported),
		WITH_DB(her_records_leave_the_journal),
		WITH_DB(what_is_appended_meanwhile_is_not_lost),
		WITH_DB(what_is_still_to_be_copied_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
