/* SPDX-License-Identifier: MIT */
#include "store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/retention.h"

#define KEEP_DAYS 14
#define KEEP_MOST 36500

/* Less than what comes with one answer must not be left. */
#define SPARE_BYTES (8 << 20)

/* Others append a record or a batch at a time. */
#define LOCK_WAIT_MS 5000

const char *const journal_kinds[JOURNAL_KINDS] = { "update", "lead", "task" };

enum outcome
journal_settings(const struct config *config, int64_t bot_id,
    struct journal *journal, struct fault *fault)
{
	int64_t days = KEEP_DAYS;
	enum outcome out = config_int(config, "LEADPIPE_KEEP_JOURNAL", 0,
	    KEEP_MOST, KEEP_DAYS, &days, fault);

	*journal = (struct journal){ .dir = config_get(config,
					 "LEADPIPE_JOURNAL_DIR"),
		.bot_id = bot_id,
		.keep_ms = days > 0 ? days * RETENTION_DAY_MS : INT64_MAX };
	return out;
}

/* Whatever is wrong with it: nothing is accepted meanwhile. */
static enum outcome
refuse(const struct journal *journal, const char *what, struct fault *fault)
{
	return fault_set(fault, OUT_LATER, EXIT_IO,
	    "the journal '%s' cannot be written (%s): nothing is accepted; "
	    "mend that, or unset LEADPIPE_JOURNAL_DIR",
	    journal->dir, what);
}

enum outcome
journal_check(const struct journal *journal, struct fault *fault)
{
	struct stat st;
	int64_t left;

	if (journal->dir == NULL)
		return OUT_OK;
	if (stat(journal->dir, &st) < 0)
		return refuse(journal, strerror(errno), fault);
	if (!S_ISDIR(st.st_mode))
		return refuse(journal, "it is no directory", fault);
	if (access(journal->dir, W_OK | X_OK) < 0)
		return refuse(journal, strerror(errno), fault);
	left = file_free_bytes(journal->dir);
	if (left >= 0 && left < SPARE_BYTES)
		return refuse(journal, "the disk is full", fault);
	return OUT_OK;
}

char *
journal_pattern(int64_t bot_id)
{
	return mem_printf("journal-%lld-" JOURNAL_DAY ".log",
	    (long long)bot_id);
}

/* The day of NOW, as the names of files have it. */
static char *
day_name(const struct journal *journal, int64_t now)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(now, text);
	return mem_printf("journal-%lld-%.4s%.2s%.2s.log",
	    (long long)journal->bot_id, text, text + 5, text + 8);
}

uint64_t
journal_checksum(const char *head, const char *text, size_t len)
{
	return id_hash(head, strlen(head)) ^ id_hash(text, len);
}

static void
add_record(struct buf *out, const struct journal_record *record)
{
	char head[128];

	snprintf(head, sizeof(head), JOURNAL_MAGIC "%s %lld %lld %zu",
	    journal_kinds[record->kind], (long long)record->at,
	    (long long)record->id, record->len);
	buf_printf(out, "%s %016llx\n", head,
	    (unsigned long long)journal_checksum(head, record->text,
		record->len));
	buf_add(out, record->text, record->len);
	buf_add_char(out, '\n');
}

/* Removes what is older than it is kept; names sort by day. */
static void
rotate(const struct journal *journal, int64_t now)
{
	char *oldest = day_name(journal,
	    journal->keep_ms < now ? now - journal->keep_ms : 0);
	char *pattern = journal_pattern(journal->bot_id);
	DIR *stream = opendir(journal->dir);
	const struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (fnmatch(pattern, entry->d_name, 0) == 0 &&
		    strcmp(entry->d_name, oldest) < 0)
			unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream != NULL)
		closedir(stream);
	free(pattern);
	free(oldest);
}

/* The name of a new file must be on the disk as well. */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

/* What a crash tore ends without a line end. */
static bool
is_torn(int fd, off_t size)
{
	char last = '\n';

	return size > 0 &&
	    (pread(fd, &last, 1, size - 1) != 1 || last != '\n');
}

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno != EINTR)
			return -1;
		data += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* Half a batch is none: what does not fit is taken back.  The wait for the
 * disk comes after the lock, so that several share one. */
static int
append(const struct journal *journal, int fd, const struct buf *text,
    int64_t now)
{
	struct stat st;
	int result = 0, error;

	if (fstat(fd, &st) < 0)
		return -1;
	if (is_torn(fd, st.st_size))
		result = write_all(fd, "\n", 1);
	if (result == 0)
		result = write_all(fd, text->data, text->len);
	if (result < 0) {
		error = errno;
		if (ftruncate(fd, st.st_size) < 0)
			error = errno;
		errno = error;
		return -1;
	}
	/* Closing would free the lock, too; others shall not wait so long. */
	flock(fd, LOCK_UN);
	if (fdatasync(fd) < 0)
		return -1;
	if (st.st_size > 0)
		return 0;
	rotate(journal, now);
	return sync_dir(journal->dir);
}

/* The file that has the name once it is locked: forgetting somebody puts
 * another one in its place. */
static int
open_locked(const char *path)
{
	int64_t deadline = clock_mono_ms() + LOCK_WAIT_MS;
	struct stat mine, named;

	for (;;) {
		int fd = open(path,
		    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		if (fd < 0)
			return -1;
		bool locked =
		    file_flock_until(fd, FILE_LOCK_EXCLUSIVE, deadline);
		if (locked && fstat(fd, &mine) == 0 &&
		    stat(path, &named) == 0 && mine.st_ino == named.st_ino)
			return fd;
		int error = errno;
		close(fd);
		errno = error;
		if (!locked)
			return -1;
	}
}

enum outcome
journal_append(const struct journal *journal,
    const struct journal_record *records, size_t count, struct fault *fault)
{
	struct buf text = BUF_INIT((size_t)4 * JOURNAL_TEXT_MAX);
	int64_t now = clock_wall_ms();
	char *name, *path;
	int fd, result = -1;

	if (journal->dir == NULL || count == 0)
		return OUT_OK;
	for (size_t i = 0; i < count; i++)
		add_record(&text, &records[i]);
	if (text.overflow) {
		buf_release(&text);
		return refuse(journal, "it is too much at once", fault);
	}
	name = day_name(journal, now);
	path = mem_printf("%s/%s", journal->dir, name);
	fd = open_locked(path);
	if (fd >= 0)
		result = append(journal, fd, &text, now);
	enum outcome out = result < 0 ? refuse(journal, strerror(errno), fault)
				      : OUT_OK;
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	free(path);
	free(name);
	return out;
}
