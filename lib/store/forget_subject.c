/* SPDX-License-Identifier: MIT */
#include "store/forget_subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/chats.h"
#include "store/forget_rows.h"
#include "store/statement.h"
#include "store/updates.h"

enum outcome
subject_resolve(struct db *db, const char *text, struct subject *subject,
    struct fault *fault)
{
	const char *at = strchr(text, '@');

	*subject = (struct subject){ .own = mem_dup("[]"),
		.quoting = mem_dup("[]"),
		.leads = mem_dup("[]") };
	if (*text == '+' &&
	    phone_parse(text, NULL, subject->phone) != PHONE_INVALID)
		return OUT_OK;
	if (at != NULL && at != text && email_parse(text, subject->email))
		return OUT_OK;
	return chats_resolve(db, text, &subject->chat_id, fault);
}

void
subject_release(struct subject *subject)
{
	free(subject->own);
	free(subject->quoting);
	free(subject->leads);
	*subject = (struct subject){ 0 };
}

static void
bind_at(sqlite3_stmt *stmt, int index, const char *text)
{
	if (index <= sqlite3_bind_parameter_count(stmt))
		db_bind_text(stmt, index, *text != '\0' ? text : NULL);
}

void
subject_bind(sqlite3_stmt *stmt, const struct subject *subject, int64_t now)
{
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)subject->chat_id);
	db_bind_int(stmt, 1, subject->chat_id);
	bind_at(stmt, 2, id);
	bind_at(stmt, 3, subject->own);
	bind_at(stmt, 4, subject->leads);
	bind_at(stmt, 5, subject->quoting);
	if (sqlite3_bind_parameter_count(stmt) >= 6)
		db_bind_int(stmt, 6, now);
	bind_at(stmt, 7, subject->phone);
	bind_at(stmt, 8, subject->email);
}

static void
read_list(struct db *db, sqlite3_stmt *stmt, char **list)
{
	char *found = NULL;

	while (db_row(db, stmt))
		found = db_text_dup(stmt, 0);
	if (found != NULL) {
		free(*list);
		*list = found;
	}
}

/* Ids only grow, so what was looked at once is not looked at again. */
static void
find_updates(struct db *db, struct subject *subject)
{
	int64_t seen = subject->seen;

	subject->seen = updates_newest(db);
	sqlite3_stmt *own = db_use(db,
	    "SELECT json_group_array(id) FROM (SELECT value AS id"
	    " FROM json_each(?3) UNION ALL SELECT u.id FROM updates AS u"
	    " WHERE u.id > ?6 AND " FORGET_OWN_UPDATE ")");
	subject_bind(own, subject, seen);
	read_list(db, own, &subject->own);
	sqlite3_stmt *quoting = db_use(db,
	    "SELECT json_group_array(id) FROM (SELECT value AS id"
	    " FROM json_each(?5) UNION ALL SELECT u.id FROM updates AS u"
	    " WHERE u.id > ?6 AND " FORGET_QUOTING_UPDATE
	    " EXCEPT SELECT value FROM json_each(?3))");
	subject_bind(quoting, subject, seen);
	read_list(db, quoting, &subject->quoting);
}

enum outcome
subject_find(struct db *db, struct subject *subject, struct fault *fault)
{
	sqlite3_stmt *leads =
	    db_use(db, "SELECT json_group_array(id) FROM " FORGET_LEADS);

	if (subject->chat_id != 0)
		find_updates(db, subject);
	subject_bind(leads, subject, 0);
	read_list(db, leads, &subject->leads);
	return db_result(db, fault);
}
