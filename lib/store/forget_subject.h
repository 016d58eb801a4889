/* SPDX-License-Identifier: MIT */
/*
 * Whose data it is: somebody who wrote to the bot, or who left a phone or an
 * e-mail on a website.
 */
#ifndef LEADPIPE_FORGET_SUBJECT_H
#define LEADPIPE_FORGET_SUBJECT_H

#include "base/email.h"
#include "base/phone.h"
#include "store/db.h"

struct subject {
	int64_t chat_id; /* 0: none */
	char phone[PHONE_SIZE], email[EMAIL_SIZE];
	/* JSON arrays of ids, owned: updates that are theirs, updates of
	 * others that name them, leads. */
	char *own, *quoting, *leads;
	int64_t seen; /* the last update that was looked at */
};

/* TEXT as people write it: a chat id, @username, +PHONE or an e-mail address;
 * anything else is OUT_NEVER/EXIT_INPUT. */
enum outcome subject_resolve(struct db *db, const char *text,
    struct subject *subject, struct fault *fault) must_check;
void subject_release(struct subject *subject);

/* Reads all updates that came since the last call, and all leads: fills the
 * lists. */
enum outcome subject_find(struct db *db, struct subject *subject,
    struct fault *fault) must_check;

/* Binds what store/forget_rows.h names to STMT, as far as it asks for it; the
 * texts are borrowed from SUBJECT. */
struct sqlite3_stmt;
void subject_bind(struct sqlite3_stmt *stmt, const struct subject *subject,
    int64_t now);

#endif
