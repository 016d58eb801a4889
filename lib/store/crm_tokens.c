/* SPDX-License-Identifier: MIT */
#include "store/crm_tokens.h"

#include <stdlib.h>

#include "store/statement.h"

void
crm_token_release(struct crm_token *token)
{
	free(token->access);
	free(token->refresh);
	free(token->previous);
	free(token->base);
	free(token->base_of);
	free(token->needs_reauth);
	*token = (struct crm_token){ 0 };
}

bool
crm_token_load(struct db *db, const char *crm, struct crm_token *token)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT access, refresh, previous, base, base_of, needs_reauth,"
	    " expires_at, updated_at, refresh_started_at, rejected_at"
	    " FROM crm_tokens WHERE crm = ?1");
	bool found = false;

	*token = (struct crm_token){ 0 };
	db_bind_text(load, 1, crm);
	while (db_row(db, load)) {
		found = true;
		token->access = db_text_dup(load, 0);
		token->refresh = db_text_dup(load, 1);
		token->previous = db_text_dup(load, 2);
		token->base = db_text_dup(load, 3);
		token->base_of = db_text_dup(load, 4);
		token->needs_reauth = db_text_dup(load, 5);
		token->expires_at = db_int(load, 6);
		token->updated_at = db_int(load, 7);
		token->refresh_started_at = db_int(load, 8);
		token->rejected_at = db_int(load, 9);
	}
	return found;
}

enum outcome
crm_token_put(struct db *db, const char *crm, const struct crm_token *token,
    int64_t now, struct fault *fault)
{
	sqlite3_stmt *put = db_use(db,
	    "INSERT INTO crm_tokens(crm, access, refresh, expires_at,"
	    " updated_at, base, base_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT(crm) DO UPDATE SET previous = refresh,"
	    " access = excluded.access, refresh = excluded.refresh,"
	    " expires_at = excluded.expires_at,"
	    " updated_at = excluded.updated_at, base = excluded.base,"
	    " base_of = excluded.base_of, refresh_started_at = 0,"
	    " needs_reauth = NULL, rejected_at = 0");

	db_bind_text(put, 1, crm);
	db_bind_text(put, 2, token->access);
	db_bind_text(put, 3, token->refresh);
	db_bind_int(put, 4, token->expires_at);
	db_bind_int(put, 5, now);
	db_bind_text(put, 6, token->base);
	db_bind_text(put, 7, token->base_of);
	db_run(db, put);
	return db_result(db, fault);
}

enum outcome
crm_token_start(struct db *db, const char *crm, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *start = db_use(db,
	    "UPDATE crm_tokens SET refresh_started_at = ?2 WHERE crm = ?1");

	db_bind_text(start, 1, crm);
	db_bind_int(start, 2, now);
	db_run(db, start);
	return db_result(db, fault);
}

enum outcome
crm_token_reject(struct db *db, const char *crm, const char *access,
    const char *why, int64_t now, struct fault *fault)
{
	sqlite3_stmt *reject = db_use(db,
	    "INSERT INTO crm_tokens(crm, access, updated_at, rejected_at,"
	    " needs_reauth) VALUES(?1, coalesce(?2, ''), ?3, ?3, ?4)"
	    " ON CONFLICT(crm) DO UPDATE SET access = coalesce(?2, access),"
	    " needs_reauth = ?4, rejected_at = ?3");

	db_bind_text(reject, 1, crm);
	db_bind_text(reject, 2, access);
	db_bind_int(reject, 3, now);
	db_bind_text(reject, 4, why);
	db_run(db, reject);
	return db_result(db, fault);
}
