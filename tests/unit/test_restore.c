/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Restores: nothing is done twice unasked, no id is given twice, the old
 * database is kept, and a restore that was killed is finished by the next.
 */
#include "state_db.h"

#include "base/mem.h"
#include "store/migrate.h"
#include "store/restore.h"
#include "store/schema.h"
#include "store/tasks.h"
#include "store/verify.h"

static struct restored restored;

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

/* One of everything that waits, and of what must not be touched. */
#define FILL \
	"INSERT INTO messages(id, chat_id, state, role, created_at, method," \
	" policy, worker) VALUES" \
	" (1, 1, 'queued', 'assistant', 1, 'sendMessage', 'resend', NULL)," \
	" (2, 2, 'sending', 'assistant', 1, 'sendMessage', 'resend', 99)," \
	" (3, 3, 'ambiguous', 'assistant', 1, 'sendMessage', 'once', NULL)," \
	" (4, 4, 'held', 'assistant', 1, 'sendMessage', 'resend', NULL)," \
	" (5, 5, 'sent', 'assistant', 1, 'sendMessage', 'resend', NULL);" \
	"UPDATE messages SET settled_at = 1 WHERE id IN (4, 5);" \
	"INSERT INTO lanes(chat_id, head, priority, not_before, busy) VALUES" \
	" (1, 1, 0, 0, 0), (2, 2, 0, 0, 1), (3, 3, 0, 0, 0);" \
	"INSERT INTO workers VALUES(99, 'send-due', 1, 1);" \
	"INSERT INTO runs(command, worker, started_at)" \
	" VALUES('send-due', 99, 1);" \
	"INSERT INTO tasks(due_at, id, kind, priority, chat_id, expire_at," \
	" created_at, method, params) VALUES" \
	" (1000, 1, 'send', 5, 1, 9000000000000, 1, 'sendMessage', '{}')," \
	" (8000000000000, 2, 'send', 5, 1, 9000000000000, 1, 'sendMessage'," \
	"  '{}');" \
	"INSERT INTO task_ends(id, state, ended_at, due_at, kind, priority," \
	" chat_id, expire_at, created_at, entries, method, params)" \
	" VALUES(3, 'held', 1, 1, 'send', 5, 4, 9000000000000, 1, 0," \
	" 'sendMessage', '{}');" \
	"INSERT INTO meta VALUES('task_id', 3);" \
	"INSERT INTO updates(update_id, hash, received_at, state, raw)" \
	" VALUES(1, 1, 1, 'received', '{}'), (2, 2, 1, 'done', '{}');" \
	"INSERT INTO leads(key, state, created_at) VALUES('a', 'queued', 1)," \
	" ('b', 'created', 1);"

static const char *
backup_path(void)
{
	return state_file(".backup");
}

/* A backup of FILL, and a later message that it does not have. */
static int
setup_backup(void **state)
{
	struct backup_facts facts;

	if (setup(state) < 0)
		return -1;
	state_exec(state_path, FILL);
	state_ok(backup_write(db, backup_path(), NULL, &facts, &fault),
	    &fault);
	state_exec(state_path,
	    "INSERT INTO messages(chat_id, state, role,"
	    " created_at, settled_at) VALUES(6, 'received', 'user', 1, 1)");
	db_close(db);
	db = NULL;
	memset(&restored, 0, sizeof(restored));
	return 0;
}

static int
teardown_backup(void **state)
{
	free(restored.aside);
	return teardown(state);
}

static enum outcome
restore(bool dry_run)
{
	const struct restore wanted = {
		.path = state_path,
		.backup = backup_path(),
		.bot_id = STATE_BOT,
		.deadline = clock_mono_ms() + 50,
		.dry_run = dry_run,
	};

	return restore_state(&wanted, &restored, &fault);
}

static void
says(enum exit_code code, const char *word)
{
	assert_int_equal(code, fault.code);
	if (strstr(fault.text, word) == NULL)
		fail_msg("'%s' does not say '%s'", fault.text, word);
}

static void
all_rules_hold(void)
{
	int64_t broken, first;

	for (size_t i = 0; i < verify_rule_count; i++) {
		state_ok(verify_rule(db, &verify_rules[i], &broken, &first,
			     &fault),
		    &fault);
		if (broken > 0)
			fail_msg("%s: %lld", verify_rules[i].name,
			    (long long)first);
	}
}

static void
what_was_due_is_on_hold(void **state)
{
	(void)state;
	state_ok(restore(false), &fault);
	assert_int_equal(4, restored.held.messages);
	assert_int_equal(2, restored.held.tasks);
	assert_int_equal(1, restored.held.updates);
	assert_int_equal(1, restored.held.leads);
	assert_int_equal(8,
	    number("SELECT count(*) FROM dead_letters"
		   " WHERE reason = '" HOLD_REASON "'"));
	assert_int_equal(4,
	    number("SELECT count(*) FROM messages"
		   " WHERE state = 'unknown'"));
	assert_int_equal(0, number("SELECT count(*) FROM lanes"));
	/* Not due yet, so not done yet. */
	assert_int_equal(2, number("SELECT id FROM tasks"));
	assert_int_equal(1, number("SELECT count(*) FROM tasks"));
	/* The crash of that time is nobody's. */
	assert_int_equal(0,
	    number("SELECT count(*) FROM runs"
		   " WHERE finished_at IS NULL"));
	assert_int_equal(0, number("SELECT count(*) FROM workers"));
	db = state_open(DB_WRITE);
	all_rules_hold();
	state_ok(db_check(db, &fault), &fault);
}

static void
no_id_is_given_twice(void **state)
{
	struct db *after;

	(void)state;
	state_ok(restore(false), &fault);
	db = after = state_open(DB_WRITE);
	state_ok(db_begin(after, state_soon(), &fault), &fault);
	assert_true(tasks_ids(after, 1) > 1000000);
	state_ok(db_commit(after, &fault), &fault);
	state_exec(state_path,
	    "INSERT INTO messages(chat_id, state, role, created_at,"
	    " settled_at) VALUES(6, 'received', 'user', 1, 1);"
	    "INSERT INTO leads(key, created_at) VALUES('c', 1);"
	    "INSERT INTO updates(update_id, hash, received_at, raw)"
	    " VALUES(3, 3, 1, '{}')");
	assert_true(number("SELECT max(id) FROM messages") > 1000000);
	assert_true(number("SELECT max(id) FROM leads") > 1000000);
	assert_true(number("SELECT max(id) FROM updates") > 1000000);
}

static void
the_old_database_is_kept(void **state)
{
	char *old;

	(void)state;
	state_ok(restore(false), &fault);
	assert_non_null(restored.aside);
	old = mem_printf("%s/leadpipe.db", restored.aside);
	assert_int_equal(6,
	    state_number(old, "SELECT count(*) FROM messages"));
	assert_int_equal(5, number("SELECT count(*) FROM messages"));
	free(old);
}

static void
a_dry_run_changes_nothing(void **state)
{
	(void)state;
	state_ok(restore(true), &fault);
	assert_int_equal(4, restored.held.messages);
	assert_int_equal(6, number("SELECT count(*) FROM messages"));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(-1, access(state_file(".restore"), F_OK));
	assert_int_equal(-1, access(state_file(".restored"), F_OK));
}

static void
who_uses_the_database_is_not_disturbed(void **state)
{
	(void)state;
	db = state_open(DB_READ);
	assert_int_equal(OUT_LATER, restore(false));
	says(EXIT_LATER, "other commands use");
	assert_int_equal(6, number("SELECT count(*) FROM messages"));
	assert_int_equal(-1, access(state_file(".restore"), F_OK));
}

static void
another_bots_backup_is_refused(void **state)
{
	(void)state;
	state_exec(backup_path(),
	    "UPDATE meta SET value = 5 WHERE key = 'bot_id'");
	assert_int_equal(OUT_NEVER, restore(false));
	says(EXIT_CONFIG, "belongs to bot 5");
}

static void
what_is_not_ours_is_not_replaced(void **state)
{
	(void)state;
	unlink(state_path);
	unlink(state_file("-wal"));
	unlink(state_file("-shm"));
	state_exec(state_path, "CREATE TABLE theirs(a)");
	assert_int_equal(OUT_NEVER, restore(false));
	says(EXIT_CONFIG, "is not a database of leadpipe");
	assert_int_equal(0, number("SELECT count(*) FROM theirs"));
}

static void
an_empty_place_is_filled(void **state)
{
	(void)state;
	unlink(state_path);
	unlink(state_file("-wal"));
	unlink(state_file("-shm"));
	state_ok(restore(false), &fault);
	assert_null(restored.aside);
	assert_int_equal(5, number("SELECT count(*) FROM messages"));
}

/* As a kill between the moves leaves it: decided, the old one half away. */
static void
a_killed_restore_is_finished_by_the_next(void **state)
{
	char *decided = restore_decided(state_path);
	struct backup_facts facts;
	struct db *reader = NULL;

	(void)state;
	assert_int_equal(0, rename(backup_path(), decided));
	assert_int_equal(0, unlink(state_path));
	assert_int_equal(OUT_LATER,
	    db_open(&reader, state_path, DB_READ, STATE_BOT, &fault));
	says(EXIT_LATER, "interrupted");
	assert_int_equal(OUT_NEVER,
	    backup_verify(state_path, NULL, &facts, &fault));
	db = state_open(DB_CREATE);
	assert_int_equal(5, number("SELECT count(*) FROM messages"));
	assert_int_equal(-1, access(decided, F_OK));
	free(decided);
}

static void
an_older_backup_is_migrated(void **state)
{
	static const char *const second[] = {
		"ALTER TABLE meta ADD COLUMN note TEXT", NULL
	};
	static const struct migration fake[] = { { 1, schema_v1 },
		{ 2, second } };

	(void)state;
	migrate_fake(fake, 2);
	enum outcome out = restore(false);
	migrate_fake(NULL, 0);
	state_ok(out, &fault);
	assert_int_equal(2, number("PRAGMA user_version"));
	assert_int_equal(0, number("SELECT count(note) FROM meta"));
	assert_int_equal(8, number("SELECT count(*) FROM dead_letters"));
}

static void
tell(const struct fault *told)
{
	fault = *told;
}

static int
release_all(const char *kind)
{
	struct hold_release wanted = { .kind = kind,
		.more = true,
		.tell = tell };
	struct hold_counts counts;

	state_ok(hold_count(db, kind, &counts, &fault), &fault);
	while (wanted.more) {
		state_ok(db_begin(db, state_soon(), &fault), &fault);
		state_ok(hold_release(db, &wanted, 1, 5000, &fault), &fault);
		state_ok(db_commit(db, &fault), &fault);
	}
	assert_memory_equal(&counts, &wanted.counts, sizeof(counts));
	return (int)(counts.messages + counts.tasks + counts.updates +
	    counts.leads);
}

static void
what_is_released_goes_on(void **state)
{
	(void)state;
	state_ok(restore(false), &fault);
	db = state_open(DB_WRITE);
	assert_int_equal(4, release_all("message"));
	assert_int_equal(4,
	    number("SELECT count(*) FROM messages"
		   " WHERE state = 'queued'"
		   " AND maybe_duplicate = 1"));
	assert_int_equal(4, number("SELECT count(*) FROM lanes"));
	assert_int_equal(4, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(4, release_all(NULL));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(3, number("SELECT count(*) FROM tasks"));
	assert_int_equal(1,
	    number("SELECT count(*) FROM updates"
		   " WHERE state = 'received'"));
	/* The CRM may have it: it is looked for before it is sent. */
	assert_int_equal(1,
	    number("SELECT count(*) FROM leads"
		   " WHERE state = 'unknown'"));
	all_rules_hold();
}

static void
every_rule_finds_what_breaks_it(void **state)
{
	static const struct {
		const char *name, *sql;
	} breaks[] = {
		{ "lane-head", "UPDATE lanes SET head = 5 WHERE chat_id = 1" },
		{ "lane-order",
		    "INSERT INTO messages(id, chat_id, state, role,"
		    " created_at, method) VALUES(7, 1, 'queued', 'assistant',"
		    " 1, 'sendMessage'); UPDATE lanes SET head = 7"
		    " WHERE chat_id = 1" },
		{ "lane-missing", "DELETE FROM lanes WHERE chat_id = 1" },
		{ "lane-busy", "UPDATE lanes SET busy = 0" },
		{ "one-sending",
		    "UPDATE messages SET state = 'sending', worker = 99,"
		    " chat_id = 2 WHERE id = 1" },
		{ "sending-worker", "DELETE FROM workers" },
		{ "message-settled",
		    "UPDATE messages SET settled_at = NULL WHERE id = 5" },
		{ "message-letter",
		    "UPDATE messages SET state = 'dead' WHERE id = 5" },
		{ "task-twice", "UPDATE tasks SET id = 3 WHERE id = 2" },
		{ "task-id",
		    "UPDATE meta SET value = 2"
		    " WHERE key = 'task_id'" },
		{ "task-letter", "UPDATE task_ends SET state = 'dead'" },
		{ "update-letter", "UPDATE updates SET state = 'parked'" },
		{ "lead-letter", "UPDATE leads SET state = 'parked'" },
		{ "letter-item",
		    "INSERT INTO dead_letters(kind, item, reason, mend,"
		    " died_at) VALUES('task', 777, 'x', 'x', 1)" },
	};
	int64_t broken, first;

	(void)state;
	assert_int_equal(sizeof(breaks) / sizeof(*breaks), verify_rule_count);
	for (size_t i = 0; i < verify_rule_count; i++) {
		assert_string_equal(breaks[i].name, verify_rules[i].name);
		unlink(state_path);
		unlink(state_file("-wal"));
		unlink(state_file("-shm"));
		db = state_open(DB_CREATE);
		state_exec(state_path, FILL);
		all_rules_hold();
		state_exec(state_path, breaks[i].sql);
		state_ok(verify_rule(db, &verify_rules[i], &broken, &first,
			     &fault),
		    &fault);
		if (broken == 0 || first == 0)
			fail_msg("%s found nothing", breaks[i].name);
		db_close(db);
		db = NULL;
	}
}

#define WITH_BACKUP(test) \
	cmocka_unit_test_setup_teardown(test, setup_backup, teardown_backup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BACKUP(what_was_due_is_on_hold),
		WITH_BACKUP(no_id_is_given_twice),
		WITH_BACKUP(the_old_database_is_kept),
		WITH_BACKUP(a_dry_run_changes_nothing),
		WITH_BACKUP(who_uses_the_database_is_not_disturbed),
		WITH_BACKUP(another_bots_backup_is_refused),
		WITH_BACKUP(what_is_not_ours_is_not_replaced),
		WITH_BACKUP(an_empty_place_is_filled),
		WITH_BACKUP(a_killed_restore_is_finished_by_the_next),
		WITH_BACKUP(an_older_backup_is_migrated),
		WITH_BACKUP(what_is_released_goes_on),
		WITH_BACKUP(every_rule_finds_what_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
