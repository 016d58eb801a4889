/* SPDX-License-Identifier: MIT */
/*
 * The token that calls of amoCRM carry: a long-lived one of the configuration,
 * or what authorize-crm stored.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "crm/amocrm.h"
#include "crm/jwt.h"

#define HOUR_MS INT64_C(3600000)
#define LOOK_AGAIN_MS INT64_C(60000)
#define FRESH_MS INT64_C(60000)
#define BEGIN_WAIT_MS INT64_C(10000)

/* One 401 may be a fault of theirs: a long-lived token that was rejected is
 * tried once more after this time.  A refresh token is not: theirs is the last
 * word on it. */
#define SECOND_CHANCE_MS HOUR_MS

/* The row of the configuration's token, which is not to touch what
 * authorize-crm stored. */
#define CONFIGURED AMOCRM " of the configuration"

static bool
is_rejected(const struct crm_token *row)
{
	int64_t ago = clock_wall_ms() - row->rejected_at;

	return row->needs_reauth != NULL &&
	    (row->refresh != NULL || (ago >= 0 && ago < SECOND_CHANCE_MS));
}

/* Takes what was stored; the row's texts become AMO's. */
static void
token_adopt(struct amocrm *amo, struct crm_token *token)
{
	crm_token_release(&amo->token);
	amo->token = *token;
	log_secret(token->access);
	log_secret(token->refresh);
	log_secret(token->previous);
	free(amo->access);
	amo->access = token->access && *token->access && !is_rejected(token)
	    ? mem_dup(token->access)
	    : NULL;
	amo->is_long = token->refresh == NULL;
	amo->rejected = false;
	if (token->base && token->base_of &&
	    strcmp(token->base_of, amo->config_base) == 0) {
		free(amo->base);
		amo->base = mem_dup(token->base);
	}
}

/* The mark by which a token of the configuration is known to be rejected,
 * without storing it. */
static char *
token_mark(const char *access)
{
	char hex[ID_DIGEST_SIZE];

	id_digest(access, strlen(access), hex);
	return mem_printf("digest:%s", hex);
}

static void
long_token_open(struct crm *crm, const char *access)
{
	struct amocrm *amo = crm->own;
	char *mark = token_mark(access);
	struct crm_token row = { 0 };

	amo->is_long = true;
	amo->rejected = crm->db != NULL &&
	    crm_token_load(crm->db, CONFIGURED, &row) && is_rejected(&row) &&
	    strcmp(row.access, mark) == 0;
	free(amo->access);
	amo->access = amo->rejected ? NULL : mem_dup(access);
	amo->token.expires_at = jwt_expires_at(access);
	crm_token_release(&row);
	free(mark);
}

bool
amocrm_token_read(struct crm *crm)
{
	struct amocrm *amo = crm->own;
	struct crm_token row = { 0 };

	if (!crm->db || !crm_token_load(crm->db, AMOCRM, &row))
		return false;
	if (!row.needs_reauth && amo->token.access &&
	    !amo->token.needs_reauth &&
	    strcmp(row.access, amo->token.access) == 0) {
		crm_token_release(&row);
		return false;
	}
	token_adopt(amo, &row);
	return true;
}

enum outcome
amocrm_token_open(struct crm *crm, struct fault *fault)
{
	const char *access =
	    config_get(crm->config, "AMOCRM_LONG_LIVED_TOKEN");

	if (access && strpbrk(access, " \t\r\n\""))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "AMOCRM_LONG_LIVED_TOKEN holds a space or a line end "
		    "(%s); copy it again",
		    config_origin(crm->config, "AMOCRM_LONG_LIVED_TOKEN"));
	if (access)
		long_token_open(crm, access);
	else
		(void)amocrm_token_read(crm);
	return OUT_OK;
}

void
amocrm_token_reject(struct crm *crm, const char *why, int64_t now)
{
	const char *access =
	    config_get(crm->config, "AMOCRM_LONG_LIVED_TOKEN");
	char *mark = access ? token_mark(access) : NULL;
	struct fault fault = { .what = OUT_OK };
	enum outcome out = OUT_OK;

	if (crm->db)
		out =
		    db_begin(crm->db, clock_mono_ms() + BEGIN_WAIT_MS, &fault);
	if (crm->db && out == OUT_OK)
		out = crm_token_reject(crm->db, mark ? CONFIGURED : AMOCRM,
		    mark, why, now, &fault);
	if (crm->db && out == OUT_OK)
		out = db_commit(crm->db, &fault);
	if (crm->db)
		db_rollback(crm->db);
	if (out != OUT_OK)
		log_fault(&fault);
	free(mark);
}

/* 401 race: somebody may have stored another one meanwhile, which is taken. */
static bool
another_is_stored(struct crm *crm)
{
	struct amocrm *amo = crm->own;
	struct crm_token row = { 0 };

	if (!crm->db || !crm_token_load(crm->db, AMOCRM, &row))
		return false;
	if (amo->access && strcmp(row.access, amo->access) == 0) {
		crm_token_release(&row);
		return false;
	}
	token_adopt(amo, &row);
	return true;
}

/* A pair that is refused although it just came: something else is wrong
 * there, and each refresh uses up a token. */
static void
refresh_put_off(struct amocrm *amo)
{
	int64_t at = amo->refreshed_at + FRESH_MS;

	if (at > amo->retry_at)
		amo->retry_at = at;
}

void
amocrm_token_rejected(struct crm *crm, int64_t now)
{
	struct amocrm *amo = crm->own;
	bool configured = config_get(crm->config, "AMOCRM_LONG_LIVED_TOKEN") !=
	    NULL;

	amo->rejected = true;
	if (!amo->is_long && amo->refreshed_at > 0 && amo->refreshed_at <= now)
		refresh_put_off(amo);
	if (!amo->is_long || (!configured && another_is_stored(crm)))
		return;
	amocrm_token_reject(crm,
	    "amoCRM rejects the long-lived token: it ended or was revoked",
	    now);
	free(amo->access);
	amo->access = NULL;
}

bool
amocrm_token_due(struct crm *crm, int64_t now)
{
	struct amocrm *amo = crm->own;

	const char *configured =
	    config_get(crm->config, "AMOCRM_LONG_LIVED_TOKEN");

	if (configured) {
		if (!amo->access)
			long_token_open(crm, configured);
		return false;
	}
	if (!amo->access || amo->rejected)
		(void)amocrm_token_read(crm);
	if (!amo->access) {
		crm->reauth_until = now + LOOK_AGAIN_MS;
		return false;
	}
	if (!amo->token.refresh || now < amo->retry_at)
		return false;
	return amo->rejected ||
	    (amo->token.expires_at > 0 &&
		amo->token.expires_at - now < HOUR_MS);
}
