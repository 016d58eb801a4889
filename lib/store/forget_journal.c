/* SPDX-License-Identifier: MIT */
#include "store/forget_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_draft.h"
#include "base/file_fault.h"
#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/journal_gate.h"
#include "store/journal_read.h"
#include "store/messages.h"
#include "store/statement.h"

#define LOCK_WAIT_MS 5000

struct erasing {
	const struct subject *subject;
	struct db *db;
	json_t *leads;
	char id[24];
};

/* True when VALUE names the chat or person ID anywhere. */
static bool
names(const json_t *value, int64_t id)
{
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach (value, i, member)
		if (names(member, id))
			return true;
	json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
		bool is_id = strcmp(key, "id") == 0 ||
		    strcmp(key, "user_id") == 0;
		if ((is_id && json_is_integer(member) &&
			json_integer_value(member) == id) ||
		    names(member, id))
			return true;
	}
	return false;
}

/* What was blanked in the database is blanked here. */
static bool
is_blank(struct db *db, const struct journal_record *record)
{
	bool blank = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM updates WHERE update_id = ?1 AND hash = ?2"
	    " AND event IS NULL AND raw = '{}'");

	db_bind_int(find, 1, record->id);
	db_bind_int(find, 2, (int64_t)id_hash_json(record->text, record->len));
	while (db_row(db, find))
		blank = true;
	return blank;
}

/* An operator's answer to what they were told of somebody forgotten. */
static bool
answers_nobody(struct db *db, const json_t *update)
{
	const json_t *said = json_object_get(update, "message");
	int64_t chat = json_get_int(json_object_get(said, "chat"), "id", 0);
	int64_t to = json_get_int(json_object_get(said, "reply_to_message"),
	    "message_id", 0);

	return to != 0 && messages_about(db, chat, to) == MESSAGES_FORGOTTEN;
}

static bool
is_theirs(const struct erasing *erasing, const struct journal_record *record)
{
	const struct subject *subject = erasing->subject;
	const struct json_slice text = { record->text, record->len };
	json_error_t error;
	json_t *lead;
	size_t i;

	if (record->kind == JOURNAL_LEAD)
		json_array_foreach (erasing->leads, i, lead)
			if (json_integer_value(lead) == record->id)
				return true;
	if (subject->chat_id == 0)
		return false;
	if (record->kind == JOURNAL_UPDATE && is_blank(erasing->db, record))
		return true;
	if (memmem(record->text, record->len, erasing->id,
		strlen(erasing->id)) == NULL &&
	    memmem(record->text, record->len, "\"reply_to_message\"", 18) ==
		NULL)
		return false;
	json_auto_t *object = json_parse(text, &error);
	if (record->kind == JOURNAL_UPDATE)
		return names(object, subject->chat_id) ||
		    answers_nobody(erasing->db, object);
	return json_get_int(object, "chat_id", 0) == subject->chat_id;
}

/* Others may have appended since READER took its measure: that stays.  Who
 * waits for the lock meanwhile finds that the file is another. */
static enum outcome
replace(const char *path, struct buf *kept, size_t read, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum outcome out = OUT_OK;
	struct stat st;
	char block[65536];
	off_t at = (off_t)read;
	ssize_t got;

	if (fd < 0 ||
	    !file_flock_until(fd, FILE_LOCK_EXCLUSIVE,
		clock_mono_ms() + LOCK_WAIT_MS) ||
	    fstat(fd, &st) < 0) {
		out = file_fault(fault, "lock", path);
	} else {
		while ((got = pread(fd, block, sizeof(block), at)) > 0) {
			buf_add(kept, block, (size_t)got);
			at += got;
		}
		out = got < 0 || kept->overflow
		    ? file_fault(fault, "read", path)
		    : file_write_atomic(path, kept->len > 0 ? kept->data : "",
			  kept->len, 0600, fault);
	}
	if (fd >= 0)
		close(fd);
	return out;
}

/* One file at a time, as READER goes through it. */
struct page {
	struct buf kept;
	const char *path;
	size_t end;  /* of what was looked at */
	size_t size; /* of the file, when it was read */
	int64_t damaged, erased;
};

static enum outcome
page_end(struct page *page, bool dry_run, struct fault *fault)
{
	enum outcome out = OUT_OK;

	if (page->erased > 0 && !dry_run)
		out = replace(page->path, &page->kept, page->size, fault);
	buf_release(&page->kept);
	page->erased = 0;
	return out;
}

static void
page_begin(struct page *page, const struct journal_reader *reader)
{
	/* A day's appending while it is rewritten is not that much. */
	page->kept = (struct buf)BUF_INIT(
	    reader->size + (size_t)4 * JOURNAL_TEXT_MAX);
	page->path = reader->paths[reader->next - 1];
	page->end = 0;
	page->size = reader->size;
}

/* What a crash tore was never acknowledged, and goes; what is damaged stays
 * for who wants to look. */
static void
page_keep(struct page *page, const struct journal_reader *reader,
    const struct journal_record *record, bool theirs)
{
	const char *start = record->text - 1;

	while (start > reader->data && start[-1] != '\n')
		start--;
	if (reader->damaged > page->damaged)
		buf_add(&page->kept, reader->data + page->end,
		    (size_t)(start - reader->data) - page->end);
	if (!theirs)
		buf_add(&page->kept, start,
		    (size_t)(reader->data + reader->at - start));
	page->damaged = reader->damaged;
	page->end = reader->at;
	page->erased += theirs;
}

static enum outcome
erase(struct erasing *erasing, struct journal_reader *reader, bool dry_run,
    int64_t *erased, struct fault *fault)
{
	struct journal_record record;
	struct page page = { .path = NULL };
	enum outcome out, read;

	while (journal_next(reader, &record, &read, fault)) {
		if (page.path != reader->paths[reader->next - 1]) {
			out = page_end(&page, dry_run, fault);
			if (out != OUT_OK)
				return out;
			page_begin(&page, reader);
		}
		bool theirs = is_theirs(erasing, &record);
		page_keep(&page, reader, &record, theirs);
		*erased += theirs;
	}
	if (read != OUT_OK)
		page.erased = 0;
	out = page_end(&page, dry_run, fault);
	return read != OUT_OK ? read : out;
}

/* What a killed one left. */
static void
sweep(const struct journal *journal)
{
	char *pattern = journal_pattern(journal->bot_id);

	file_sweep_drafts(journal->dir, pattern);
	free(pattern);
}

enum outcome
forget_journal(const struct journal *journal, struct db *db,
    const struct subject *subject, bool dry_run, int64_t *erased,
    struct fault *fault)
{
	struct erasing erasing = { .subject = subject, .db = db };
	struct journal_reader reader = { .paths = NULL };
	enum outcome out;

	*erased = 0;
	if (journal->dir == NULL)
		return OUT_OK;
	snprintf(erasing.id, sizeof(erasing.id), "%lld",
	    (long long)subject->chat_id);
	if (!dry_run) {
		sweep(journal);
		out = journal_gate_pass(journal, db,
		    clock_mono_ms() + LOCK_WAIT_MS, fault);
		if (out != OUT_OK)
			return out;
	}
	erasing.leads = json_loads(subject->leads, 0, NULL);
	out = journal_open(&reader, journal, 0, fault);
	if (out == OUT_OK)
		out = erase(&erasing, &reader, dry_run, erased, fault);
	journal_close(&reader);
	json_decref(erasing.leads);
	return out == OUT_OK ? db_result(db, fault) : out;
}
