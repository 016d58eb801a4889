/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Restores: nothing is done twice unasked, no id is given twice, the old
 * database is kept, and a restore that was killed is finished by the next.
 */
#include "state_db.h"

#include <fcntl.h>

#include "base/mem.h"
#include "store/leads.h"
#include "store/mend.h"
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
	"INSERT INTO workers VALUES(99, 'send-due', 1, 1, NULL);" \
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
	"INSERT INTO task_tries VALUES(1, 3), (2, 3);" \
	"INSERT INTO meta VALUES('task_id', 3);" \
	"INSERT INTO updates(update_id, hash, received_at, state, raw)" \
	" VALUES(1, 1, 1, 'received', '{}'), (2, 2, 1, 'done', '{}');" \
	"INSERT INTO leads(key, state, errand, created_at, remote_id, told)" \
	" VALUES('a', 'queued', 'create', 1, NULL, -1)," \
	" ('b', 'created', NULL, 1, '7', 0)," \
	" ('c', 'created', 'note', 1, '8', -1);" \
	"INSERT INTO execs(chat_id, state, flow, request, resume, nonce," \
	" created_at, worker) VALUES(7, 'running', 'f', '{}', '{}', 1, 1, 99)," \
	" (8, 'done', 'f', '{}', '{}', 2, 1, NULL);" \
	"INSERT INTO updates(update_id, hash, received_at, state, chat_id, raw)" \
	" VALUES(3, 3, 1, 'waiting', 7, '{}');" \
	"INSERT INTO breakers(name, kind, open_until)" \
	" VALUES('amocrm', 'reauth', 9000000000000);" \
	"INSERT INTO crm_tokens(crm, access, refresh, updated_at)" \
	" VALUES('amocrm', 'a1', 'r1', 100);" \
	"INSERT INTO meta VALUES('pulled_amocrm', '100'), ('outage', 50)," \
	" ('clock_at', 100);"

/* Its words are those of FLOW, where there is one. */
#define BROADCAST(state, end) \
	"INSERT INTO broadcasts(id, name, state, flow, action, audience," \
	" method, created_at, start_at, finished_at) VALUES(1, 'b'," \
	" '" state "', 'none', '{}', '{}', 'm', 1, 1, nullif(" end ", 0));"

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
	assert_int_equal(1, restored.held.execs);
	assert_int_equal(2, restored.held.updates);
	assert_int_equal(1, restored.held.leads);
	assert_int_equal(10,
	    number("SELECT count(*) FROM dead_letters"
		   " WHERE reason = '" HOLD_REASON "'"));
	/* Nothing of it goes on by itself. */
	assert_int_equal(0,
	    number("SELECT count(*) FROM leads WHERE errand = 'create'"
		   " OR errand = 'search' OR worker IS NOT NULL"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM execs"
		   " WHERE state = 'pending' OR state = 'running'"));
	/* But a note is looked for before it is brought. */
	assert_int_equal(1,
	    number("SELECT count(*) FROM leads WHERE errand = 'note'"));
	assert_int_equal(0, number("SELECT count(*) FROM breakers"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM meta WHERE key = 'outage'"));
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
	assert_int_equal(0, number("SELECT count(*) FROM task_tries"));
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
	    "INSERT INTO leads(key, created_at) VALUES('d', 1);"
	    "INSERT INTO updates(update_id, hash, received_at, raw)"
	    " VALUES(4, 4, 1, '{}')");
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
	static const char *const column[] = {
		"ALTER TABLE meta ADD COLUMN note TEXT", NULL
	};
	static const char *const *const second[] = { column, NULL };
	static const struct migration fake[] = { { 1, schema_v1 },
		{ 2, second } };

	(void)state;
	migrate_fake(fake, 2);
	enum outcome out = restore(false);
	migrate_fake(NULL, 0);
	state_ok(out, &fault);
	assert_int_equal(2, number("PRAGMA user_version"));
	assert_int_equal(0, number("SELECT count(note) FROM meta"));
	assert_int_equal(10, number("SELECT count(*) FROM dead_letters"));
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
	return (int)(counts.messages + counts.tasks + counts.execs +
	    counts.updates + counts.leads);
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
	assert_int_equal(6, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(6, release_all(NULL));
	assert_int_equal(0, number("SELECT count(*) FROM dead_letters"));
	assert_int_equal(3, number("SELECT count(*) FROM tasks"));
	assert_int_equal(2,
	    number("SELECT count(*) FROM updates"
		   " WHERE state = 'received'"));
	assert_int_equal(7,
	    number("SELECT chat_id FROM execs WHERE state = 'pending'"));
	/* The CRM may have it: it is looked for before it is sent. */
	assert_int_equal(1,
	    number("SELECT count(*) FROM leads"
		   " WHERE state = 'unknown' AND errand = 'search'"));
	all_rules_hold();
}

static void
mend_lead(int64_t id, enum mend how)
{
	const char *state;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(mend_item(db, "lead", id, how, 5000, &state, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
}

/* It may be in the CRM, whatever was thought of it in between. */
static void
a_lead_that_was_dropped_is_still_searched_for(void **state)
{
	(void)state;
	state_ok(restore(false), &fault);
	db = state_open(DB_WRITE);
	mend_lead(1, MEND_DROP);
	mend_lead(1, MEND_RETRY);
	assert_int_equal(1,
	    number("SELECT count(*) FROM leads WHERE id = 1"
		   " AND state = 'unknown' AND errand = 'search'"));
}

/* Who asks again waits for nobody's decision. */
static void
who_comes_again_ends_the_hold_of_their_lead(void **state)
{
	struct lead_new lead = { .key = "again",
		.phone = "+79991112233",
		.name = "Ann",
		.join_ms = INT64_MAX };
	struct lead_taken taken;

	(void)state;
	state_ok(restore(false), &fault);
	state_exec(state_path,
	    "UPDATE leads SET phone_e164 = '+79991112233' WHERE id = 1");
	db = state_open(DB_WRITE);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(leads_take(db, &lead, 5000, &taken, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	assert_int_equal(LEAD_JOINED, taken.fate);
	assert_int_equal(1,
	    number("SELECT count(*) FROM leads WHERE id = 1"
		   " AND state = 'unknown' AND errand = 'search'"
		   " AND joins = 1"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM dead_letters"
		   " WHERE kind = 'lead'"));
}

/* What the database learned after the backup. */
#define LEARN \
	"UPDATE crm_tokens SET access = 'a2', refresh = 'r2'," \
	" previous = 'r1', updated_at = 200;" \
	"UPDATE meta SET value = '200' WHERE key = 'pulled_amocrm';" \
	"UPDATE meta SET value = 200 WHERE key = 'clock_at';" \
	"INSERT INTO crm_changes VALUES('amocrm', '7', 150, '142', 150)"

static void
what_nobody_else_knows_is_taken_over(void **state)
{
	(void)state;
	state_exec(state_path, LEARN);
	state_ok(restore(false), &fault);
	assert_int_equal(1, restored.carried.tokens);
	assert_true(restored.carried.heard);
	assert_int_equal(0, restored.carried.refreshes);
	assert_int_equal(1,
	    number("SELECT count(*) FROM crm_tokens WHERE refresh = 'r2'"
		   " AND previous = 'r1'"));
	assert_int_equal(200,
	    number("SELECT value FROM meta WHERE key = 'pulled_amocrm'"));
	assert_int_equal(1, number("SELECT count(*) FROM crm_changes"));
	assert_int_equal(0,
	    number("SELECT count(*) FROM meta WHERE key = 'unheard'"));
}

static void
what_is_older_there_is_not(void **state)
{
	(void)state;
	state_exec(state_path,
	    LEARN "; UPDATE crm_tokens SET updated_at = 50;"
		  "UPDATE meta SET value = 50 WHERE key = 'clock_at'");
	state_ok(restore(false), &fault);
	assert_int_equal(0, restored.carried.tokens);
	assert_false(restored.carried.heard);
	assert_int_equal(1,
	    number("SELECT count(*) FROM crm_tokens WHERE refresh = 'r1'"));
	assert_int_equal(100,
	    number("SELECT value FROM meta WHERE key = 'pulled_amocrm'"));
	assert_true(
	    number("SELECT value FROM meta WHERE key = 'unheard'") > 200);
}

/* A damaged one is what a backup is restored for. */
static void
nor_is_what_cannot_be_read(void **state)
{
	static const char noise[4096] = "noise";
	int fd;

	(void)state;
	state_exec(state_path, LEARN);
	unlink(state_file("-wal"));
	unlink(state_file("-shm"));
	fd = open(state_path, O_WRONLY);
	assert_int_equal(sizeof(noise), pwrite(fd, noise, sizeof(noise), 100));
	close(fd);
	state_ok(restore(false), &fault);
	assert_int_equal(0, restored.carried.tokens);
	assert_int_equal(1, restored.carried.refreshes);
	assert_int_equal(1,
	    number("SELECT count(*) FROM crm_tokens WHERE refresh = 'r1'"));
	assert_true(
	    number("SELECT value FROM meta WHERE key = 'unheard'") > 200);
}

/* Another bot's token is none of ours. */
static void
nor_what_is_another_bots(void **state)
{
	(void)state;
	state_exec(state_path,
	    LEARN "; UPDATE meta SET value = 5 WHERE key = 'bot_id'");
	state_ok(restore(false), &fault);
	assert_int_equal(0, restored.carried.tokens);
	assert_int_equal(1,
	    number("SELECT count(*) FROM crm_tokens WHERE refresh = 'r1'"));
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
		{ "broadcast-message",
		    "UPDATE messages SET broadcast = 1 WHERE id = 5" },
		{ "broadcast-count",
		    BROADCAST("running",
			"0") "INSERT INTO broadcast_tally VALUES(1, 'waiting', 1)" },
		{ "broadcast-over",
		    BROADCAST("finished",
			"1") "INSERT INTO broadcast_aside VALUES(1, 7)" },
		{ "broadcast-words", BROADCAST("paused", "0") },
		{ "task-twice", "UPDATE tasks SET id = 3 WHERE id = 2" },
		{ "task-id",
		    "UPDATE meta SET value = 2"
		    " WHERE key = 'task_id'" },
		{ "task-letter", "UPDATE task_ends SET state = 'dead'" },
		{ "task-shared",
		    "INSERT INTO shared_tasks(id, source, src_member, ours,"
		    " state, changed_at, due_at) VALUES(2, 's', 'm', 0,"
		    " 'owned', 1, 1)" },
		{ "exec-letter",
		    "UPDATE execs SET state = 'dead' WHERE id = 2" },
		{ "update-letter", "UPDATE updates SET state = 'parked'" },
		{ "lead-letter", "UPDATE leads SET state = 'parked'" },
		{ "refusal-letter",
		    "INSERT INTO refusals(key, source, reason, size, raw,"
		    " refused_at) VALUES('k', 's', 'r', 1, 'x', 1)" },
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
		WITH_BACKUP(a_lead_that_was_dropped_is_still_searched_for),
		WITH_BACKUP(who_comes_again_ends_the_hold_of_their_lead),
		WITH_BACKUP(what_nobody_else_knows_is_taken_over),
		WITH_BACKUP(what_is_older_there_is_not),
		WITH_BACKUP(nor_is_what_cannot_be_read),
		WITH_BACKUP(nor_what_is_another_bots),
		WITH_BACKUP(every_rule_finds_what_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
