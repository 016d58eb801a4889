/* SPDX-License-Identifier: MIT */
/*
 * What is refused stays as it was.
 */
#ifndef LEADPIPE_STATE_REFUSED_H
#define LEADPIPE_STATE_REFUSED_H

#include <dirent.h>

#include "base/id.h"
#include "state_raw.h"

/* Names, modes and contents of all that is in the directory, as one number.
 * -shm is shared memory, not state. */
static inline uint64_t
dir_digest(void)
{
	char path[400], hex[ID_DIGEST_SIZE], line[600];
	struct dirent *entry;
	DIR *dir = opendir(state_dir);
	uint64_t sum = 0;
	struct stat st;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", state_dir,
		    entry->d_name);
		assert_int_equal(0, lstat(path, &st));
		hex[0] = '\0';
		if (S_ISREG(st.st_mode) && !strstr(path, "-shm"))
			assert_int_equal(0, id_digest_file(path, hex));
		snprintf(line, sizeof(line), "%s %o %s", entry->d_name,
		    st.st_mode, hex);
		sum += id_hash(line, strlen(line));
	}
	closedir(dir);
	return sum;
}

/* Opening is refused with CODE and a text that has both WORDS, and changes
 * nothing. */
static inline void
assert_refused(enum db_mode mode, enum exit_code code, const char *word,
    const char *other)
{
	uint64_t before = dir_digest();
	struct fault fault = { 0 };
	struct db *db;

	assert_int_not_equal(OUT_OK,
	    db_open(&db, state_path, mode, STATE_BOT, &fault));
	assert_null(db);
	if (fault.code != code || !strstr(fault.text, word) ||
	    !strstr(fault.text, other))
		fail_msg("%d: %s", fault.code, fault.text);
	assert_true(before == dir_digest());
}

static inline void
make_database(void)
{
	db_close(state_open(DB_CREATE));
}

/* Leaves one whole file, as after putting a backup back. */
static inline void
move_away(void)
{
	static const char *const names[] = { "turn.lock", "write.lock",
		"schema.lock", "migrate.lock", "leadpipe.db-wal",
		"leadpipe.db-shm" };
	char path[160];

	state_exec(state_path, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", state_dir, names[i]);
		unlink(path);
	}
}

#endif
