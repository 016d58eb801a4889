/* SPDX-License-Identifier: MIT */
#include "store/journal_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"

#define HEAD_MAX 160
#define LOCK_WAIT_MS 5000

/* By day; of one day those of no bot, which were first. */
static int
by_day(const void *a, const void *b)
{
	const char *one = strrchr(*(char *const *)a, '-');
	const char *two = strrchr(*(char *const *)b, '-');
	int order = strcmp(one, two);

	return order != 0 ? order
			  : strcmp(*(char *const *)a, *(char *const *)b);
}

/* A command that does not know the bot yet writes as that of bot 0. */
static bool
is_ours(const struct journal *journal, const char *name)
{
	char *known = journal_pattern(journal->bot_id);
	char *unknown = journal_pattern(0);
	bool ours = fnmatch(known, name, 0) == 0 ||
	    fnmatch(unknown, name, 0) == 0;

	free(known);
	free(unknown);
	return ours;
}

enum outcome
journal_open(struct journal_reader *reader, const struct journal *journal,
    int64_t since, struct fault *fault)
{
	char first[CLOCK_TEXT_SIZE], day[9];
	const struct dirent *entry;
	DIR *stream = opendir(journal->dir);

	*reader = (struct journal_reader){ .since = since };
	if (stream == NULL)
		return file_fault(fault, "read the journal", journal->dir);
	clock_text(since > 0 ? since : 0, first);
	snprintf(day, sizeof(day), "%.4s%.2s%.2s", first, first + 5,
	    first + 8);
	while ((entry = readdir(stream)) != NULL) {
		if (!is_ours(journal, entry->d_name) ||
		    strncmp(strrchr(entry->d_name, '-') + 1, day, 8) < 0)
			continue;
		reader->paths = mem_array(reader->paths, reader->count + 1,
		    sizeof(*reader->paths));
		reader->paths[reader->count++] =
		    mem_printf("%s/%s", journal->dir, entry->d_name);
	}
	closedir(stream);
	if (reader->count > 0)
		qsort(reader->paths, reader->count, sizeof(*reader->paths),
		    by_day);
	return OUT_OK;
}

static void
leave_file(struct journal_reader *reader)
{
	if (reader->data != NULL)
		munmap(reader->data, reader->size);
	reader->data = NULL;
	reader->size = reader->at = 0;
}

void
journal_close(struct journal_reader *reader)
{
	leave_file(reader);
	for (size_t i = 0; i < reader->count; i++)
		free(reader->paths[i]);
	free(reader->paths);
	reader->paths = NULL;
	reader->count = 0;
}

/* How long it is is asked between two appends: what is being written now is
 * not acknowledged, and may be taken back. */
static enum outcome
enter_file(struct journal_reader *reader, const char *path,
    struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum outcome out = OUT_OK;
	struct stat st;
	void *data;

	if (fd < 0 && errno == ENOENT) /* rotated away */
		return OUT_OK;
	if (fd < 0 ||
	    !file_flock_until(fd, FILE_LOCK_SHARED,
		clock_mono_ms() + LOCK_WAIT_MS) ||
	    fstat(fd, &st) < 0) {
		out = file_fault(fault, "read the journal", path);
	} else if (st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		    fd, 0);
		if (data == MAP_FAILED)
			out = file_fault(fault, "read the journal", path);
		else
			reader->data = data;
		reader->size = out == OUT_OK ? (size_t)st.st_size : 0;
	}
	if (fd >= 0)
		close(fd);
	return out;
}

static bool
kind_of(const char *name, enum journal_kind *kind)
{
	for (int i = 0; i < JOURNAL_KINDS; i++)
		if (strcmp(journal_kinds[i], name) == 0) {
			*kind = (enum journal_kind)i;
			return true;
		}
	return false;
}

/* Reads the first line of a record; it ends where the checksum begins then. */
static bool
read_head(char *head, struct journal_record *record, uint64_t *sum)
{
	size_t magic = sizeof(JOURNAL_MAGIC) - 1;
	char *blank, *rest, *end;

	if (strncmp(head, JOURNAL_MAGIC, magic) != 0 ||
	    (blank = strchr(head + magic, ' ')) == NULL)
		return false;
	*blank = '\0';
	bool known = kind_of(head + magic, &record->kind);
	*blank = ' ';
	record->at = strtoll(blank, &rest, 10);
	record->id = strtoll(rest, &rest, 10);
	record->len = strtoull(rest, &end, 10);
	*sum = strtoull(end, &rest, 16);
	bool whole = *end == ' ' && *rest == '\0';
	*end = '\0';
	return known && whole && record->len <= JOURNAL_TEXT_MAX;
}

enum piece { PIECE_GOOD, PIECE_TORN, PIECE_DAMAGED };

/* True when a record, or the end, follows on SIZE bytes from FROM. */
static bool
is_followed(const char *from, size_t size, size_t left)
{
	size_t rest = left - size, magic = sizeof(JOURNAL_MAGIC) - 1;

	return strncmp(from + size, JOURNAL_MAGIC,
		   rest < magic ? rest : magic) == 0;
}

/* What begins at FROM, LEFT bytes before the end. */
static enum piece
read_piece(const char *from, size_t left, struct journal_record *record,
    size_t *size)
{
	const char *end =
	    memchr(from, '\n', left < HEAD_MAX ? left : HEAD_MAX);
	char head[HEAD_MAX + 1];
	uint64_t sum;
	size_t len;

	if (end == NULL)
		return PIECE_TORN;
	len = (size_t)(end - from);
	memcpy(head, from, len);
	head[len] = '\0';
	if (!read_head(head, record, &sum) || record->len + len + 2 > left)
		return PIECE_TORN;
	record->text = end + 1;
	*size = len + 1 + record->len + 1;
	if (record->text[record->len] != '\n')
		return PIECE_TORN;
	if (journal_checksum(head, record->text, record->len) == sum)
		return PIECE_GOOD;
	/* One that ends where the next begins was whole once. */
	return is_followed(from, *size, left) ? PIECE_DAMAGED : PIECE_TORN;
}

/* How far it is to the next line that may begin a record. */
static size_t
next_start(const char *from, size_t left)
{
	const char *found =
	    memmem(from, left, "\n" JOURNAL_MAGIC, sizeof(JOURNAL_MAGIC));

	return found ? (size_t)(found - from) + 1 : left;
}

static void
note_damage(struct journal_reader *reader)
{
	if (reader->damaged++ == 0)
		snprintf(reader->where, sizeof(reader->where), "%s:%zu",
		    reader->paths[reader->next - 1], reader->at);
}

bool
journal_next(struct journal_reader *reader, struct journal_record *record,
    enum outcome *out, struct fault *fault)
{
	size_t size = 0;

	*out = OUT_OK;
	for (;;) {
		if (reader->data == NULL || reader->at >= reader->size) {
			leave_file(reader);
			if (reader->next == reader->count)
				return false;
			*out = enter_file(reader,
			    reader->paths[reader->next++], fault);
			if (*out != OUT_OK)
				return false;
			continue;
		}
		switch (read_piece(reader->data + reader->at,
		    reader->size - reader->at, record, &size)) {
		case PIECE_GOOD:
			reader->at += size;
			if (record->at >= reader->since)
				return true;
			continue;
		case PIECE_DAMAGED:
			note_damage(reader);
			break;
		case PIECE_TORN:
			++reader->torn;
			break;
		}
		reader->at += next_start(reader->data + reader->at,
		    reader->size - reader->at);
	}
}
