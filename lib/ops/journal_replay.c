/* SPDX-License-Identifier: MIT */
/*
 * What was accepted comes back, or is done once more, because somebody asks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/journal_compare.h"
#include "store/forget.h"
#include "store/journal_item.h"
#include "store/journal_read.h"
#include "store/updates_again.h"

/* In a transaction: others want to write too. */
#define BATCH 200
#define BATCH_BYTES (4 << 20)
#define BEGIN_WAIT_MS 20000

static bool
parse_end(const char *text, int64_t none, int64_t *value, bool *is_time)
{
	char *rest;

	*value = none;
	if (*text == '\0')
		return true;
	if (text[strspn(text, "0123456789")] == '\0' && strlen(text) < 19) {
		*value = strtoll(text, &rest, 10);
		return true;
	}
	*is_time = true;
	return clock_parse(text, value) == 0;
}

bool
replay_parse(const char *text, struct replay *replay)
{
	const char *dots = strstr(text, "..");
	bool from_time = false, to_time = false, good;
	char *first;

	if (dots == NULL || (dots == text && dots[2] == '\0'))
		return false;
	first = mem_dup_n(text, (size_t)(dots - text));
	good = parse_end(first, 0, &replay->from, &from_time) &&
	    parse_end(dots + 2, INT64_MAX, &replay->to, &to_time);
	/* An end that is left out goes with the other. */
	good = good &&
	    (from_time == to_time || *first == '\0' || dots[2] == '\0');
	replay->by_time = from_time || to_time;
	free(first);
	return good && replay->from <= replay->to;
}

static bool
is_wanted(const struct replay *replay, const struct journal_record *record)
{
	int64_t at = replay->by_time ? record->at : record->id;

	return (replay->by_time || record->kind == JOURNAL_UPDATE) &&
	    at >= replay->from && at <= replay->to;
}

static enum outcome
begin(struct run *run)
{
	return db_begin(run->db, clock_mono_ms() + BEGIN_WAIT_MS, &run->fault);
}

static enum outcome
end(struct run *run, const struct replay *replay, enum outcome out)
{
	if (out == OUT_OK && !replay->dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

/* One that cannot be brought keeps no other back. */
static enum outcome
bring_one(struct run *run, const struct replay *replay,
    const struct journal_record *record, struct replayed *replayed)
{
	enum journal_fate fate = JOURNAL_KNOWN;
	enum outcome out = journal_bring(run->db, record, clock_wall_ms(),
	    &fate, &run->fault);

	if (out == OUT_NEVER && run->fault.code == EXIT_INPUT) {
		log_fault(&run->fault);
		run->fault = (struct fault){ .what = OUT_OK };
		++replayed->refused;
		return OUT_OK;
	}
	if (out != OUT_OK || fate == JOURNAL_KNOWN)
		return out;
	++replayed->back[record->kind];
	replayed->held += fate == JOURNAL_HELD;
	replay->tell(replay->arg, journal_kinds[record->kind], record->id,
	    fate == JOURNAL_HELD ? "on hold" : "back");
	return OUT_OK;
}

/* Read before the transaction begins: others wait for its end. */
static size_t
read_batch(struct run *run, const struct replay *replay,
    struct journal_reader *reader, struct journal_record *records,
    enum outcome *out)
{
	size_t count = 0, bytes = 0;

	while (count < BATCH && bytes < BATCH_BYTES &&
	    journal_next(reader, &records[count], out, &run->fault)) {
		struct journal_record *record = &records[count];

		if (!is_wanted(replay, record))
			continue;
		record->text = mem_dup_n(record->text, record->len);
		bytes += record->len;
		++count;
	}
	return count;
}

static enum outcome
bring_batch(struct run *run, const struct replay *replay,
    struct journal_reader *reader, struct replayed *replayed, bool *more)
{
	struct journal_record *records =
	    mem_array(NULL, BATCH, sizeof(*records));
	enum outcome out = OUT_OK;
	size_t count = read_batch(run, replay, reader, records, &out);

	*more = count > 0;
	if (out == OUT_OK && count > 0) {
		out = begin(run);
		for (size_t i = 0; i < count && out == OUT_OK; i++)
			out = bring_one(run, replay, &records[i], replayed);
		out = end(run, replay, out);
	}
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)records[i].text);
	free(records);
	return out;
}

static enum outcome
bring_all(struct run *run, const struct journal *journal,
    const struct replay *replay, struct replayed *replayed)
{
	struct journal_reader reader;
	bool more = true;
	enum outcome out = journal_open(&reader, journal,
	    replay->by_time ? replay->from : 0, &run->fault);

	while (out == OUT_OK && more)
		out = bring_batch(run, replay, &reader, replayed, &more);
	if (out == OUT_OK && reader.damaged > 0)
		log_warning("%lld records of the journal are damaged, the "
			    "first at %s",
		    (long long)reader.damaged, reader.where);
	journal_close(&reader);
	return out;
}

/* What the database has: said, or stepped again. */
static enum outcome
again_batch(struct run *run, const struct replay *replay, int64_t *after,
    struct replayed *replayed, bool *more)
{
	const struct updates_range range = { replay->by_time, replay->from,
		replay->to };
	int64_t update_id;
	enum outcome out = begin(run);

	*more = out == OUT_OK;
	for (int i = 0; i < BATCH && *more && out == OUT_OK; i++) {
		*more = updates_done_next(run->db, &range, after, &update_id);
		if (!*more)
			break;
		if (!replay->again) {
			++replayed->known;
			continue;
		}
		out = updates_again(run->db, *after, &run->fault);
		++replayed->again;
		replay->tell(replay->arg, "update", update_id, "again");
	}
	if (out == OUT_OK)
		out = db_result(run->db, &run->fault);
	return end(run, replay, out);
}

static enum outcome
replay_all(struct run *run, const struct journal *journal,
    const struct replay *replay, struct replayed *replayed)
{
	enum outcome out = OUT_OK;
	int64_t after = 0;
	bool more = true;

	/* First what is known: what comes back now is to be stepped once. */
	while (out == OUT_OK && more)
		out = again_batch(run, replay, &after, replayed, &more);
	return out == OUT_OK && journal->dir != NULL
	    ? bring_all(run, journal, replay, replayed)
	    : out;
}

/* Whose rows are gone already may still be in the journal. */
static enum outcome
keep_forgotten(struct run *run, struct command_lock *lock)
{
	enum outcome out = command_lock_take(run->db, "forget-user",
	    clock_mono_ms() + BEGIN_WAIT_MS, lock, &run->fault);

	if (out == OUT_OK && forget_begun(run->db))
		out = fault_set(&run->fault, OUT_LATER, EXIT_LATER,
		    "somebody is not forgotten to the end, and would come "
		    "back: run 'leadpipe forget-user' again first");
	return out;
}

enum outcome
replay_run(struct run *run, const struct journal *journal,
    const struct replay *replay, struct replayed *replayed)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	enum outcome out = OUT_OK;

	*replayed = (struct replayed){ .known = 0 };
	if (!replay->dry_run)
		out = keep_forgotten(run, &lock);
	if (out == OUT_OK)
		out = replay_all(run, journal, replay, replayed);
	command_lock_drop(&lock);
	return out;
}
