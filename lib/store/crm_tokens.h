/* SPDX-License-Identifier: MIT */
/*
 * Tokens of CRMs.  A refresh token may be used once, and its successor comes
 * in the reply: what is stored here decides whether we are still let in.
 *
 *	good -> refreshing(refresh_started_at) -> good (a new pair, the old
 *	refresh token kept) | needs_reauth(why), until a person authorizes
 *
 * A crash leaves `refreshing` behind: the refresh token that is stored is sent
 * again, which the CRM accepts until its successor was used.
 */
#ifndef LEADPIPE_CRM_TOKENS_H
#define LEADPIPE_CRM_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/db.h"

/* The texts belong to it, NULL where there is nothing. */
struct crm_token {
	char *access;
	char *refresh;	/* NULL: a long-lived token */
	char *previous; /* refresh token before this one */
	char *base;	/* the CRM's address as it is now, when it moved away
			   from base_of, which was configured */
	char *base_of;
	char *needs_reauth; /* why nobody is let in; NULL: all is well */
	int64_t expires_at; /* of access; 0: not known */
	int64_t updated_at; /* when the pair came */
	int64_t refresh_started_at; /* later than updated_at: unfinished */
	int64_t rejected_at; /* with needs_reauth: when that was learned */
};

void crm_token_release(struct crm_token *token);

/* Loads the token of CRM; false when there is none. */
bool crm_token_load(struct db *db, const char *crm, struct crm_token *token);

/* Inside a transaction each. */
/* Stores a new token, all of it; what was the refresh token of the row before
 * is kept as the previous one. */
enum outcome crm_token_put(struct db *db, const char *crm,
    const struct crm_token *token, int64_t now, struct fault *fault)
    must_check;
/* A refresh is about to leave. */
enum outcome crm_token_start(struct db *db, const char *crm, int64_t now,
    struct fault *fault) must_check;
/* Only a person can let us in again; ACCESS marks a token that is not stored
 * (NULL: keep). */
enum outcome crm_token_reject(struct db *db, const char *crm,
    const char *access, const char *why, int64_t now, struct fault *fault)
    must_check;

#endif
