/* SPDX-License-Identifier: MIT */
/*
 * The journal: a second copy of what was accepted, apart from the database and
 * best on another disk.  Off unless LEADPIPE_JOURNAL_DIR is set.
 *
 * An update is written here, and on the disk, before the transaction that
 * stores it, as the offset that confirms it is a part of that.  A lead or a
 * task, whose id comes with the transaction, is written after its commit and
 * before anybody is told.  So whatever was acknowledged is in both.  A journal
 * that cannot be written ends the accepting (EXIT_IO), not the rest of the
 * bot.
 *
 *   DIR/journal-BOT-20261121.log   a file a day (UTC), records appended:
 *   lpj1 KIND AT ID LENGTH CHECKSUM
 *   LENGTH bytes of text, as they came
 *
 * A record that a crash tore was not acknowledged; who appends next begins a
 * line of its own, so that reading goes on behind it.
 */
#ifndef LEADPIPE_JOURNAL_H
#define LEADPIPE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/fault.h"

struct journal {
	const char *dir; /* the configuration's; NULL: there is none */
	int64_t bot_id;
	int64_t keep_ms; /* of a file, INT64_MAX: for ever */
};

enum journal_kind {
	JOURNAL_UPDATE, /* id: update_id; text: as received */
	JOURNAL_LEAD,	/* id: of the lead; store/journal_item.h */
	JOURNAL_TASK	/* id: of the task; the same */
};
#define JOURNAL_KINDS 3
extern const char *const journal_kinds[JOURNAL_KINDS];

struct journal_record {
	enum journal_kind kind;
	int64_t at; /* wall ms: when it was accepted */
	int64_t id;
	const char *text; /* borrowed */
	size_t len;
};

/* A record's text is no longer than this. */
#define JOURNAL_TEXT_MAX (16 << 20)

/* Reads LEADPIPE_JOURNAL_DIR and LEADPIPE_KEEP_JOURNAL (days, 14; 0: for
 * ever). */
enum outcome journal_settings(const struct config *config, int64_t bot_id,
    struct journal *journal, struct fault *fault) must_check;

/* Whether something could be written: OUT_LATER/EXIT_IO without the directory,
 * which is not made (it may be a disk that is not mounted), without the right
 * to write there, or without space.  To be asked before anything is taken in.
 * OUT_OK without a journal. */
enum outcome journal_check(const struct journal *journal, struct fault *fault)
    must_check;

/*
 * Appends COUNT records and waits until they are on the disk, all or none;
 * blocks for as long as the disk does.  With the first record of a day the
 * files that are too old are removed.  OUT_LATER/EXIT_IO on failure.
 */
enum outcome journal_append(const struct journal *journal,
    const struct journal_record *records, size_t count, struct fault *fault)
    must_check;

/* For who reads: the checksum of a record whose first line begins with HEAD. */
uint64_t journal_checksum(const char *head, const char *text, size_t len);

#define JOURNAL_MAGIC "lpj1 "
#define JOURNAL_DAY "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"

/* The pattern of the names of BOT_ID's files; the caller frees it. */
char *journal_pattern(int64_t bot_id);

#endif
