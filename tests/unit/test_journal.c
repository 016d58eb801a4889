/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * The journal: what was appended is read as it was, whatever a crash or a
 * failing disk made of the rest; and nothing is ever read that was not so.
 */
#include "state_db.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/journal_item.h"
#include "store/journal_read.h"
#include "store/updates.h"

static struct journal journal;
static char dir[128];

static int
setup_journal(void **state)
{
	if (setup(state) < 0)
		return -1;
	snprintf(dir, sizeof(dir), "%s/journal", state_dir);
	journal = (struct journal){ .dir = dir,
		.bot_id = STATE_BOT,
		.keep_ms = INT64_MAX };
	return mkdir(dir, 0700);
}

static struct journal_record
update(int64_t id, const char *text)
{
	return (struct journal_record){ .kind = JOURNAL_UPDATE,
		.at = clock_wall_ms(),
		.id = id,
		.text = text,
		.len = strlen(text) };
}

static void
append(int64_t id, const char *text)
{
	struct journal_record record = update(id, text);

	state_ok(journal_append(&journal, &record, 1, &fault), &fault);
}

/* The one file that there is; the caller frees it. */
static char *
only_file(void)
{
	struct journal_reader reader;
	char *path;

	state_ok(journal_open(&reader, &journal, 0, &fault), &fault);
	assert_int_equal(1, reader.count);
	path = mem_dup(reader.paths[0]);
	journal_close(&reader);
	return path;
}

/* Reads all; returns how many records there are, and the sum of their ids. */
static int
read_all(int64_t *ids, struct journal_reader *about)
{
	struct journal_record record;
	struct journal_reader reader;
	enum outcome out;
	int count = 0;

	*ids = 0;
	state_ok(journal_open(&reader, &journal, 0, &fault), &fault);
	while (journal_next(&reader, &record, &out, &fault)) {
		count++;
		*ids += record.id;
	}
	state_ok(out, &fault);
	*about = reader;
	journal_close(&reader);
	return count;
}

static void
what_was_appended_is_read_as_it_was(void **state)
{
	const char *odd = "{\"a\":\n\"lpj1 update 1 2 3 4\nПривет\"}\n";
	struct journal_record records[] = { update(7, odd), update(8, "") };
	struct journal_record record;
	struct journal_reader reader;
	enum outcome out;

	(void)state;
	records[1].kind = JOURNAL_TASK;
	state_ok(journal_append(&journal, records, 2, &fault), &fault);
	state_ok(journal_open(&reader, &journal, 0, &fault), &fault);
	for (int i = 0; i < 2; i++) {
		assert_true(journal_next(&reader, &record, &out, &fault));
		assert_int_equal(records[i].kind, record.kind);
		assert_int_equal(records[i].at, record.at);
		assert_int_equal(records[i].id, record.id);
		assert_int_equal(records[i].len, record.len);
		assert_memory_equal(records[i].text, record.text, record.len);
	}
	assert_false(journal_next(&reader, &record, &out, &fault));
	assert_int_equal(0, reader.torn + reader.damaged);
	journal_close(&reader);
}

static void
what_a_crash_tore_is_passed_over(void **state)
{
	struct journal_reader about;
	char *path, *text;
	struct stat whole;
	int64_t ids;
	size_t len;

	(void)state;
	append(1, "{\"first\":1}");
	path = only_file();
	stat(path, &whole);
	append(2, "{\"second\":\"x\"}");
	state_ok(file_read(path, 4096, &text, &len, &fault), &fault);
	/* With all but its line end a record is whole again. */
	for (off_t cut = whole.st_size; cut < (off_t)len - 1; cut++) {
		state_ok(file_write_atomic(path, text, (size_t)cut, 0600,
			     &fault),
		    &fault);
		append(4, "{\"third\":1}");
		assert_int_equal(2, read_all(&ids, &about));
		assert_int_equal(5, ids);
		assert_int_equal(cut > whole.st_size, about.torn);
		assert_int_equal(0, about.damaged);
	}
	free(text);
	free(path);
}

static void
no_flipped_bit_is_believed(void **state)
{
	struct journal_reader about;
	char *path, *text;
	int64_t ids;
	size_t len;

	(void)state;
	append(16, "{\"only\":\"one\"}");
	path = only_file();
	state_ok(file_read(path, 4096, &text, &len, &fault), &fault);
	for (size_t i = 0; i + 1 < len; i++) {
		text[i] ^= 1;
		state_ok(file_write_atomic(path, text, len, 0600, &fault),
		    &fault);
		assert_int_equal(0, read_all(&ids, &about));
		assert_int_equal(1, about.torn + about.damaged);
		text[i] ^= 1;
	}
	/* Of one that is whole it is known that the disk changed it. */
	text[len - 3] = 'X';
	state_ok(file_write_atomic(path, text, len, 0600, &fault), &fault);
	assert_int_equal(0, read_all(&ids, &about));
	assert_int_equal(1, about.damaged);
	assert_non_null(strstr(about.where, ".log:0"));
	free(text);
	free(path);
}

static void
half_a_batch_is_none(void **state)
{
	struct journal_record records[] = { update(1, "{}"),
		update(2, "{\"much\":\"longer than what is left\"}") };
	struct rlimit limit, before;
	struct journal_reader about;
	struct stat st;
	char *path;
	int64_t ids;

	(void)state;
	append(8, "{}");
	path = only_file();
	assert_int_equal(0, stat(path, &st));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 60;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
	enum outcome out = journal_append(&journal, records, 2, &fault);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(OUT_LATER, out);
	assert_int_equal(EXIT_IO, fault.code);
	assert_non_null(strstr(fault.text, "nothing is accepted"));
	assert_int_equal(1, read_all(&ids, &about));
	assert_int_equal(0, about.torn);
	free(path);
}

static void
several_may_append_at_once(void **state)
{
	struct journal_reader about;
	int64_t ids;
	int status;

	(void)state;
	for (int child = 0; child < 4; child++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct journal_record record = update(1, "{\"a\":1}");
			bool good = true;

			for (int i = 0; i < 100; i++)
				good = good &&
				    journal_append(&journal, &record, 1,
					&fault) == OUT_OK;
			end_child(good);
		}
	}
	for (int child = 0; child < 4; child++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(0, status);
	}
	assert_int_equal(400, read_all(&ids, &about));
	assert_int_equal(0, about.torn + about.damaged);
}

static void
a_missing_directory_is_not_made(void **state)
{
	struct journal_record record = update(1, "{}");

	(void)state;
	assert_int_equal(0, rmdir(dir));
	assert_int_equal(OUT_LATER, journal_check(&journal, &fault));
	assert_int_equal(EXIT_IO, fault.code);
	assert_int_equal(OUT_LATER,
	    journal_append(&journal, &record, 1, &fault));
	assert_int_equal(EXIT_IO, fault.code);
	assert_int_equal(-1, access(dir, F_OK));
	/* Without a journal there is nothing to do. */
	journal.dir = NULL;
	state_ok(journal_check(&journal, &fault), &fault);
	state_ok(journal_append(&journal, &record, 1, &fault), &fault);
}

static enum journal_fate
bring(const struct journal_record *record, int64_t now)
{
	enum journal_fate fate;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(journal_bring(db, record, now, &fate, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	return fate;
}

static void
what_is_old_counts_as_pruned(void **state)
{
	const struct retention week = { .updates = 7 * RETENTION_DAY_MS,
		.runs = RETENTION_EVER,
		.tasks = RETENTION_EVER,
		.history = RETENTION_EVER };
	struct journal_record record = update(5, "{\"update_id\":5}");
	int64_t now = record.at;

	(void)state;
	assert_false(journal_known(db, &record, &week, now));
	assert_true(
	    journal_known(db, &record, &week, now + 8 * RETENTION_DAY_MS));
	assert_int_equal(JOURNAL_BACK, bring(&record, now));
	assert_int_equal(JOURNAL_KNOWN, bring(&record, now));
	assert_true(journal_known(db, &record, &week, now));
	/* A webhook may have laid it out otherwise. */
	record = update(5, " {\"update_id\": 5}\n");
	assert_int_equal(JOURNAL_KNOWN, bring(&record, now));
	/* The same id with another body is another update. */
	record = update(5, "{\"update_id\":5,\"x\":1}");
	assert_int_equal(JOURNAL_BACK, bring(&record, now));
}

static void
a_lead_comes_back_by_its_key_or_its_text(void **state)
{
	const struct lead_new leads[] = {
		{ .key = "k1", .source = "form", .phone = "+79991112233" },
		{ .raw = "name=Ann", .source = "form", .name = "Ann" },
	};
	struct lead_taken taken;

	(void)state;
	for (int i = 0; i < 2; i++) {
		state_ok(db_begin(db, state_soon(), &fault), &fault);
		state_ok(leads_take(db, &leads[i], 1000, &taken, &fault),
		    &fault);
		char *text = journal_lead_text(db, &leads[i], &taken);
		db_rollback(db);
		struct journal_record record = { .kind = JOURNAL_LEAD,
			.at = 1000,
			.id = taken.id,
			.text = text,
			.len = strlen(text) };
		assert_int_equal(JOURNAL_BACK, bring(&record, 2000));
		assert_int_equal(JOURNAL_KNOWN, bring(&record, 2000));
		free(text);
	}
	assert_int_equal(2,
	    state_number(state_path,
		"SELECT count(*) FROM leads WHERE state = 'unknown'"
		" AND errand = 'search' AND sent_at = 1000"
		" AND created_at = 1000"));
}

#define WITH_JOURNAL(test) \
	cmocka_unit_test_setup_teardown(test, setup_journal, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_JOURNAL(what_was_appended_is_read_as_it_was),
		WITH_JOURNAL(what_a_crash_tore_is_passed_over),
		WITH_JOURNAL(no_flipped_bit_is_believed),
		WITH_JOURNAL(half_a_batch_is_none),
		WITH_JOURNAL(several_may_append_at_once),
		WITH_JOURNAL(a_missing_directory_is_not_made),
		WITH_JOURNAL(what_is_old_counts_as_pruned),
		WITH_JOURNAL(a_lead_comes_back_by_its_key_or_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
