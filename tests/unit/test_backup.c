/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Backups: complete or not there, the rest refused by its reason; a directory
 * of them keeps the newest.
 */
#include "state_db.h"

#include <fcntl.h>

#include "base/mem.h"
#include "store/backup.h"
#include "store/backup_dir.h"
#include "store/schema.h"

static struct backup_facts facts;

static void
fill(int messages)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %d) INSERT INTO messages(chat_id, state, role,"
	    " created_at, settled_at, text) SELECT i, 'received', 'user', 1,"
	    " 1, printf('%%04000d', i) FROM n",
	    messages);
	state_exec(state_path, sql);
}

static const char *
copy_path(void)
{
	return state_file(".copy");
}

static enum outcome
write_copy(const struct backup_watch *watch)
{
	return backup_write(db, copy_path(), watch, &facts, &fault);
}

static void
says(enum exit_code code, const char *word)
{
	assert_int_equal(code, fault.code);
	if (strstr(fault.text, word) == NULL)
		fail_msg("'%s' does not say '%s'", fault.text, word);
}

static bool
is_there(const char *suffix)
{
	return access(state_file(suffix), F_OK) == 0;
}

static void
has_what_the_database_has(void **state)
{
	struct stat st;

	(void)state;
	fill(700);
	state_ok(write_copy(NULL), &fault);
	assert_int_equal(700, facts.messages);
	assert_int_equal(STATE_BOT, facts.bot_id);
	assert_int_equal(SCHEMA_VERSION, facts.version);
	assert_int_equal(0, stat(copy_path(), &st));
	assert_int_equal(0600, st.st_mode & 07777);
	assert_int_equal(st.st_size, facts.bytes);
	assert_int_equal(700,
	    state_number(copy_path(),
		"SELECT count(*) FROM messages"
		" WHERE text LIKE '%00' || id"));
	char *draft = backup_draft(copy_path());
	assert_int_equal(-1, access(draft, F_OK));
	free(draft);
}

static void
replaces_nothing(void **state)
{
	(void)state;
	state_ok(write_copy(NULL), &fault);
	fill(1);
	assert_int_equal(OUT_NEVER, write_copy(NULL));
	says(EXIT_CANTCREATE, "exists");
	state_ok(backup_verify(copy_path(), NULL, &facts, &fault), &fault);
	assert_int_equal(0, facts.messages);
}

/* Another process writes between the steps: the copy is of one moment. */
static bool
write_meanwhile(void *arg, int64_t done, int64_t total)
{
	int *asked = arg;

	assert_true(done <= total);
	if (total > 0 && ++*asked == 1)
		fill(500);
	return true;
}

static void
is_of_one_moment_while_others_write(void **state)
{
	int asked = 0;
	const struct backup_watch watch = { write_meanwhile, &asked };

	(void)state;
	fill(4000);
	state_ok(write_copy(&watch), &fault);
	assert_true(asked > 1);
	assert_int_equal(4000, facts.messages);
	assert_int_equal(4500,
	    state_number(state_path, "SELECT count(*) FROM messages"));
}

static bool
stop_at_once(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	(void)done;
	(void)total;
	return false;
}

static void
stopped_leaves_nothing(void **state)
{
	const struct backup_watch watch = { stop_at_once, NULL };

	(void)state;
	fill(4000);
	assert_int_equal(OUT_LATER, write_copy(&watch));
	says(EXIT_LATER, "stopped");
	assert_false(is_there(".copy"));
	char *draft = backup_draft(copy_path());
	assert_int_equal(-1, access(draft, F_OK));
	free(draft);
}

static void
patch_byte(const char *path, off_t at, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(len, pwrite(fd, bytes, len, at));
	close(fd);
}

static void
verify_refuses(enum exit_code code, const char *word)
{
	assert_int_equal(OUT_NEVER,
	    backup_verify(copy_path(), NULL, &facts, &fault));
	says(code, word);
	assert_false(is_there(".copy-wal"));
	assert_false(is_there(".copy-shm"));
}

static void
what_is_no_backup_is_refused_by_its_reason(void **state)
{
	unsigned char page[4096];

	(void)state;
	memset(page, 0xa5, sizeof(page));
	verify_refuses(EXIT_INPUT, "No such file");
	fill(200);
	state_ok(write_copy(NULL), &fault);
	patch_byte(copy_path(), 4096 * 60, page, sizeof(page));
	verify_refuses(EXIT_IO, "damaged");
	assert_int_equal(0, truncate(copy_path(), 4096 * 30));
	verify_refuses(EXIT_IO, "damaged");
	unlink(copy_path());
	state_ok(write_copy(NULL), &fault);
	/* https://sqlite.org/fileformat.html, 1.3: user_version. */
	patch_byte(copy_path(), 60, "\0\0\0\x63", 4);
	verify_refuses(EXIT_CONFIG, "newer leadpipe");
	patch_byte(copy_path(), 68, "\0\0\0\0", 4);
	verify_refuses(EXIT_INPUT, "another program's");
	patch_byte(copy_path(), 0, page, 100);
	verify_refuses(EXIT_INPUT, "not an SQLite database");
	assert_int_equal(0, truncate(copy_path(), 0));
	verify_refuses(EXIT_INPUT, "empty");
}

static void
a_copy_of_a_database_in_use_is_refused(void **state)
{
	int fd;

	(void)state;
	state_ok(write_copy(NULL), &fault);
	fd = open(state_file(".copy-wal"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(3, write(fd, "wal", 3));
	close(fd);
	assert_int_equal(OUT_NEVER,
	    backup_verify(copy_path(), NULL, &facts, &fault));
	says(EXIT_INPUT, "WAL beside it");
}

static void
put(const char *name)
{
	char *path = mem_printf("%s/%s", state_dir, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
	free(path);
}

static void
a_directory_keeps_the_newest(void **state)
{
	struct backup_list list;
	int removed;
	char *path;

	(void)state;
	for (int i = 0; i < 5; i++) {
		path = backup_dir_path(state_dir, 7,
		    1795235999149 + i * 86400000);
		put(strrchr(path, '/') + 1);
		free(path);
	}
	put("leadpipe-77-20261121T043000.123Z.db");
	put("leadpipe-7-20261121T043000.123Z.db.gz");
	put("leadpipe-7-by-hand.db");
	put(".leadpipe-7-20261121T043000.123Z.db.partial");
	state_ok(backup_dir_sweep(state_dir, 7, &fault), &fault);
	state_ok(backup_dir_rotate(state_dir, 7, 2, &removed, &fault), &fault);
	assert_int_equal(3, removed);
	state_ok(backup_dir_list(state_dir, 7, &list, &fault), &fault);
	assert_int_equal(2, list.count);
	assert_non_null(strstr(list.paths[0], "20261124T"));
	assert_non_null(strstr(list.paths[1], "20261125T"));
	backup_list_release(&list);
	state_ok(backup_dir_rotate(state_dir, 7, 9, &removed, &fault), &fault);
	assert_int_equal(0, removed);
	state_ok(backup_dir_list(state_dir, 77, &list, &fault), &fault);
	assert_int_equal(1, list.count);
	backup_list_release(&list);
	state_ok(backup_dir_list("/nonexistent/dir", 7, &list, &fault),
	    &fault);
	assert_int_equal(0, list.count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(has_what_the_database_has),
		WITH_DB(replaces_nothing),
		WITH_DB(is_of_one_moment_while_others_write),
		WITH_DB(stopped_leaves_nothing),
		WITH_DB(what_is_no_backup_is_refused_by_its_reason),
		WITH_DB(a_copy_of_a_database_in_use_is_refused),
		WITH_DB(a_directory_keeps_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
