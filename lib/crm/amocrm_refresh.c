/* SPDX-License-Identifier: MIT */
/*
 * OAuth of amoCRM.  The refresh token may be used once, so one process at a
 * time refreshes, under one lock, and reads the row again inside it: somebody
 * else may have been faster.  Nothing is held over the network but that lock.
 * When the reply is lost the old refresh token stays good until the new one
 * was used (developers.kommo.com, OAuth 2.0), so it is sent again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crm/amocrm.h"
#include "crm/jwt.h"
#include "store/lock_file.h"

#define RETRY_MS INT64_C(5000)
#define BEGIN_WAIT_MS INT64_C(10000)

#define LOCK "run/crm-token.lock"

enum stage { STAGE_LOCK, STAGE_POST, STAGE_MOVE, STAGE_END };

struct refresh {
	enum stage stage;
	int fd; /* of the lock, -1: not held */
	bool moved, used_previous;
	bool refused;  /* the token itself, by the CRM's last word */
	char why[256]; /* the first refusal */
};

static void
refresh_unlock(struct refresh *refresh)
{
	lock_file_close(&refresh->fd);
}

static void
refresh_release(void *refresh)
{
	refresh_unlock(refresh);
}

/* Ends the chore, for a reason that is not an answer. */
static void
refresh_end(struct crm_job *job, enum crm_meaning meaning, const char *text,
    const char *remedy)
{
	struct crm_reply reply = { .meaning = meaning, .remedy = remedy };

	crm_say(reply.text, sizeof(reply.text), text);
	((struct refresh *)job->own)->stage = STAGE_END;
	crm_job_refused(job, &reply);
}

/* Inside the lock: says so in the row before the token leaves. */
static bool
refresh_start(struct crm_job *job)
{
	struct db *db = job->crm->db;
	struct fault fault;
	enum outcome out =
	    db_begin(db, clock_mono_ms() + BEGIN_WAIT_MS, &fault);

	if (out == OUT_OK)
		out = crm_token_start(db, AMOCRM, job->now, &fault);
	if (out == OUT_OK)
		out = db_commit(db, &fault);
	db_rollback(db);
	if (out != OUT_OK)
		refresh_end(job, MEANS_SAFE, fault.text, NULL);
	return out == OUT_OK;
}

/* Takes the lock and looks what is to be done; CRM_ASK: the POST. */
static enum crm_next
refresh_enter(struct crm_job *job, struct refresh *refresh)
{
	struct crm *crm = job->crm;
	struct amocrm *amo = crm->own;
	struct fault fault;

	if (refresh->fd < 0 &&
	    lock_file_open(db_path(crm->db), LOCK, true, &refresh->fd,
		&fault) != OUT_OK) {
		refresh_end(job, MEANS_SAFE, fault.text, NULL);
		return CRM_DONE;
	}
	if (!file_flock_until(refresh->fd, FILE_LOCK_EXCLUSIVE, 0))
		return CRM_WAIT;
	if (amocrm_token_read(crm)) {
		refresh->stage = STAGE_END;
		refresh_unlock(refresh);
		if (!amo->access)
			refresh_end(job, MEANS_REAUTH, amo->token.needs_reauth,
			    "run leadpipe authorize-crm amocrm");
		return CRM_DONE;
	}
	if (!config_get(crm->config, "AMOCRM_CLIENT_SECRET")) {
		refresh_end(job, MEANS_REAUTH,
		    "the token of amoCRM has to be refreshed",
		    "set AMOCRM_CLIENT_ID, AMOCRM_CLIENT_SECRET and "
		    "AMOCRM_REDIRECT_URI");
		return CRM_DONE;
	}
	refresh->stage = STAGE_POST;
	return refresh_start(job) ? CRM_ASK : CRM_DONE;
}

static void
ask_refresh(struct crm_job *job, struct crm_request *request,
    const struct refresh *refresh)
{
	const struct config *config = job->crm->config;
	const struct amocrm *amo = job->crm->own;
	json_auto_t *body = json_pack("{s:s? s:s? s:s s:s? s:s?}", "client_id",
	    config_get(config, "AMOCRM_CLIENT_ID"), "client_secret",
	    config_get(config, "AMOCRM_CLIENT_SECRET"), "grant_type",
	    "refresh_token", "refresh_token",
	    refresh->used_previous ? amo->token.previous : amo->token.refresh,
	    "redirect_uri", config_get(config, "AMOCRM_REDIRECT_URI"));

	crm_ask(job, request, HTTP_POST,
	    mem_printf("%s/oauth2/access_token", amo->base), json_text(body));
}

/* Where an account that changed its name can be asked for the new one: in the
 * claims of tokens since 2024.  NULL: not said; the caller frees it. */
static char *
api_domain(const struct amocrm *amo)
{
	json_t *claims = jwt_claims(amo->token.access);
	const char *domain = json_get_text(claims, "api_domain");
	const char *scheme = strstr(amo->base, "://");
	const char *port = scheme ? strchr(scheme + 3, ':') : NULL;
	char *base = NULL;

	if (domain)
		base = mem_printf("%.*s://%s%s", (int)(scheme - amo->base),
		    amo->base, domain, port ? port : "");
	json_decref(claims);
	/* The refresh token goes there: only to a host of theirs. */
	if (base &&
	    amocrm_check_base("api_domain", base, "", NULL) != OUT_OK) {
		free(base);
		base = NULL;
	}
	return base;
}

static void
ask_move(struct crm_job *job, struct crm_request *request)
{
	const struct amocrm *amo = job->crm->own;
	char *base = api_domain(amo);

	crm_ask(job, request, HTTP_GET,
	    mem_printf("%s/oauth2/account/current/subdomain", base), NULL);
	crm_ask_header(job,
	    mem_printf("X-Refresh-Token: %s", amo->token.refresh));
	free(base);
}

enum crm_next
amocrm_refresh(struct crm_job *job, struct crm_request *request)
{
	struct refresh *refresh = job->own;

	if (!refresh) {
		job->own = refresh = mem_alloc(sizeof(*refresh));
		job->own_release = refresh_release;
		refresh->fd = -1;
	}
	if (refresh->stage == STAGE_LOCK) {
		enum crm_next next = refresh_enter(job, refresh);

		if (next != CRM_ASK)
			return next;
	}
	if (refresh->stage == STAGE_END)
		return CRM_DONE;
	if (refresh->stage == STAGE_MOVE)
		ask_move(job, request);
	else
		ask_refresh(job, request, refresh);
	return CRM_ASK;
}

/* The new pair and the place in one transaction; only then is it used, since
 * using it ends the old one. */
static void
pair_keep(struct crm_job *job, const struct crm_token *token)
{
	struct db *db = job->crm->db;
	struct fault fault;
	enum outcome out =
	    db_begin(db, clock_mono_ms() + BEGIN_WAIT_MS, &fault);

	if (out == OUT_OK)
		out = crm_token_put(db, AMOCRM, token, job->now, &fault);
	if (out == OUT_OK)
		out = db_commit(db, &fault);
	db_rollback(db);
	if (out != OUT_OK) {
		refresh_end(job, MEANS_SAFE, fault.text, NULL);
		return;
	}
	(void)amocrm_token_read(job->crm);
	((struct amocrm *)job->crm->own)->refreshed_at = job->now;
	log_event(LOG_INFO, "token_refreshed", "crm=%s", AMOCRM);
}

/* Whether it moved or not, the refresh is tried once more. */
static bool
moved_read(struct crm_job *job, const json_t *body)
{
	struct amocrm *amo = job->crm->own;
	struct refresh *refresh = job->own;
	const char *name = json_get_text(body, "subdomain");
	const char *rest = strchr(amo->base, '.');
	char *base = NULL;

	if (name && rest)
		base = mem_printf("%.*s%s%s",
		    (int)(strstr(amo->base, "://") + 3 - amo->base), amo->base,
		    name, rest);
	refresh->moved = true;
	refresh->stage = STAGE_POST;
	if (base && amocrm_check_base("subdomain", base, "", NULL) == OUT_OK) {
		free(amo->base);
		amo->base = base;
		return true;
	}
	free(base);
	return true;
}

bool
amocrm_refreshed(struct crm_job *job, const json_t *body)
{
	struct amocrm *amo = job->crm->own;
	struct refresh *refresh = job->own;
	const char *access = json_get_text(body, "access_token");
	const char *next = json_get_text(body, "refresh_token");
	int64_t life = json_get_int(body, "expires_in", 86400);
	struct crm_token token = { .base = amo->base,
		.base_of = mem_dup(amo->config_base),
		.expires_at = job->now + life * 1000 };

	if (refresh->stage == STAGE_MOVE) {
		free(token.base_of);
		return moved_read(job, body);
	}
	log_secret(access);
	log_secret(next);
	if (access && *access && next && *next) {
		token.access = mem_dup(access);
		token.refresh = mem_dup(next);
		refresh->stage = STAGE_END;
		pair_keep(job, &token);
	}
	free(token.base_of);
	free(token.access);
	free(token.refresh);
	if (refresh->stage == STAGE_END)
		refresh_unlock(refresh);
	return refresh->stage == STAGE_END;
}

/* Whether the account moved: asked once, where its tokens say. */
static bool
refresh_try_move(struct crm_job *job, int status)
{
	struct refresh *refresh = job->own;
	char *domain = api_domain(job->crm->own);
	bool ask = domain && refresh->stage == STAGE_POST && !refresh->moved &&
	    (status == 401 || status == 404);

	free(domain);
	if (ask)
		refresh->stage = STAGE_MOVE;
	return ask;
}

/* Only a refused token makes the one before it worth a try: sent for anything
 * else, its refusal would say nothing of the token that is stored. */
static bool
refresh_try_previous(struct crm_job *job)
{
	const struct amocrm *amo = job->crm->own;
	struct refresh *refresh = job->own;

	if (!refresh->refused || refresh->used_previous ||
	    !amo->token.previous)
		return false;
	refresh->stage = STAGE_POST;
	refresh->used_previous = true;
	return true;
}

bool
amocrm_refresh_failed(struct crm_job *job, const struct crm_reply *reply)
{
	struct amocrm *amo = job->crm->own;
	struct refresh *refresh = job->own;
	bool posted = refresh->stage == STAGE_POST;
	bool no = reply->meaning == MEANS_REAUTH || reply->status == 404;

	amo->retry_at = job->now + RETRY_MS;
	if (refresh->stage == STAGE_END || refresh->stage == STAGE_LOCK)
		return false;
	if (!refresh->why[0])
		snprintf(refresh->why, sizeof(refresh->why), "%s",
		    reply->text);
	if (posted && reply->meaning == MEANS_REAUTH)
		refresh->refused = true;
	if (!posted)
		refresh->moved = true;
	if (no &&
	    (refresh_try_move(job, reply->status) ||
		refresh_try_previous(job)))
		return true;
	refresh->stage = STAGE_END;
	if (refresh->refused &&
	    (reply->meaning == MEANS_REAUTH || (!posted && no))) {
		amocrm_token_reject(job->crm, refresh->why, job->now);
		(void)amocrm_token_read(job->crm);
	}
	refresh_unlock(refresh);
	return false;
}
