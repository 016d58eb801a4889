/* SPDX-License-Identifier: MIT */
#include "crm/authorize.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/amocrm.h"
#include "crm/call.h"
#include "crm/jwt.h"
#include "store/breaker.h"

#define BEGIN_WAIT_MS INT64_C(10000)

char *
authorize_url(const struct config *config)
{
	const char *client = config_get(config, "AMOCRM_CLIENT_ID");
	const char *base = config_get_or(config, "AMOCRM_BASE_URL", "");

	if (!client)
		return NULL;
	return mem_printf("https://www.%s/oauth?client_id=%s&state=%08x"
			  "&mode=popup",
	    strstr(base, "kommo.com") ? "kommo.com" : "amocrm.ru", client,
	    (unsigned)id_random());
}

/* The code of an address with ?code=, or all of what was pasted; the caller
 * frees it. */
static char *
code_of(const char *pasted)
{
	const char *at = strstr(pasted, "?code=");

	if (!at)
		at = strstr(pasted, "&code=");
	return at ? mem_dup_n(at + 6, strcspn(at + 6, "&# "))
		  : mem_dup(pasted);
}

/* All kinds are made of these; anything else is a slip of the clipboard. */
static bool
is_secret(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) ||
	    (text[len] && strchr("-._~+/=", text[len])))
		len++;
	return len >= 16 && text[len] == '\0';
}

static enum outcome
token_store(struct crm *crm, const struct crm_token *token,
    struct fault *fault)
{
	enum outcome out =
	    db_begin(crm->db, clock_mono_ms() + BEGIN_WAIT_MS, fault);

	if (out == OUT_OK)
		out = crm_token_put(crm->db, AMOCRM, token, clock_wall_ms(),
		    fault);
	/* What waits is tried at once. */
	if (out == OUT_OK)
		out = breaker_reset(crm->db, AMOCRM, fault);
	if (out == OUT_OK)
		out = db_commit(crm->db, fault);
	db_rollback(crm->db);
	return out;
}

static enum outcome
check_settings(const struct config *config, struct fault *fault)
{
	static const char *const names[] = { "AMOCRM_CLIENT_ID",
		"AMOCRM_CLIENT_SECRET", "AMOCRM_REDIRECT_URI" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!config_get(config, names[i]))
			return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "%s is not set; a code needs it, amoCRM shows it "
			    "with the integration's keys",
			    names[i]);
	return OUT_OK;
}

/* The answer to a code, as a fault or as a token. */
static enum outcome
exchange_read(const struct http_result *result, struct crm_token *token,
    struct fault *fault)
{
	struct crm_reply reply;
	const char *access, *refresh;
	enum outcome out = OUT_OK;

	crm_reply_read(&reply, "amoCRM", amocrm_token_refusals, amocrm_said,
	    result);
	access = json_get_text(reply.body, "access_token");
	refresh = json_get_text(reply.body, "refresh_token");
	if (reply.meaning == MEANS_REAUTH) {
		out = fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "%s; a code works once and for 20 minutes: get a new one, "
		    "and compare AMOCRM_CLIENT_ID, AMOCRM_CLIENT_SECRET and "
		    "AMOCRM_REDIRECT_URI with the integration's keys",
		    reply.text);
	} else if (reply.meaning != MEANS_DONE || !access || !refresh) {
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "%s%s%s; run it again with a new code", reply.text,
		    reply.remedy ? "; " : "",
		    reply.remedy ? reply.remedy : "");
	} else {
		log_secret(access);
		log_secret(refresh);
		token->access = mem_dup(access);
		token->refresh = mem_dup(refresh);
		token->expires_at = clock_wall_ms() +
		    1000 * json_get_int(reply.body, "expires_in", 86400);
	}
	crm_reply_release(&reply);
	return out;
}

static enum outcome
exchange(struct crm *crm, struct http *http, const char *code,
    int64_t deadline, struct fault *fault)
{
	const struct amocrm *amo = crm->own;
	struct crm_token token = { 0 };
	struct http_result result;
	json_t *json;
	enum outcome out = check_settings(crm->config, fault);

	if (out != OUT_OK)
		return out;
	json = json_pack("{s:s s:s s:s s:s s:s}", "client_id",
	    config_get(crm->config, "AMOCRM_CLIENT_ID"), "client_secret",
	    config_get(crm->config, "AMOCRM_CLIENT_SECRET"), "grant_type",
	    "authorization_code", "code", code, "redirect_uri",
	    config_get(crm->config, "AMOCRM_REDIRECT_URI"));
	char *body = json_text(json);
	char *url = mem_printf("%s/oauth2/access_token", amo->config_base);
	const struct http_request request = { .url = url,
		.body = body,
		.body_len = strlen(body),
		.peer = "amoCRM",
		.peer_setting = "AMOCRM_BASE_URL",
		.deadline = deadline };
	http_finish(http, http_start(http, &request), &result);
	out = exchange_read(&result, &token, fault);
	if (out == OUT_OK)
		out = token_store(crm, &token, fault);
	if (out == OUT_OK)
		(void)amocrm_token_read(crm);
	buf_release(&result.body);
	crm_token_release(&token);
	json_decref(json);
	free(body);
	free(url);
	return out;
}

/* Asks for the account with the token that CRM has now. */
static enum outcome
probe(struct crm *crm, struct http *http, int64_t deadline,
    struct fault *fault)
{
	struct crm_job *job = crm_probe(crm);
	const struct crm_state *state = crm_job_state(job);
	enum outcome out = OUT_OK;

	crm_job_run(job, http, deadline);
	if (state->health == CRM_TOKEN || state->health == CRM_REAUTH)
		out = fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "%s; this is not a token of the account at "
		    "AMOCRM_BASE_URL, or it was revoked",
		    state->text);
	else if (state->health != CRM_WELL)
		out =
		    fault_set(fault, OUT_LATER, EXIT_LATER, "%s", state->text);
	crm_job_close(job);
	return out;
}

static enum outcome
take_long(struct crm *crm, struct http *http, const char *access,
    int64_t deadline, struct fault *fault)
{
	struct amocrm *amo = crm->own;
	struct crm_token token = { .access = mem_dup(access),
		.expires_at = jwt_expires_at(access) };
	struct db *db = crm->db;
	enum outcome out;

	free(amo->access);
	amo->access = mem_dup(access);
	amo->is_long = true;
	amo->rejected = false;
	/* a token that is refused must not spoil the one that is stored */
	crm->db = NULL;
	out = probe(crm, http, deadline, fault);
	crm->db = db;
	if (out == OUT_OK)
		out = token_store(crm, &token, fault);
	crm_token_release(&token);
	return out;
}

enum outcome
authorize(struct crm *crm, struct http *http, const char *pasted,
    int64_t deadline, struct authorized *done, struct fault *fault)
{
	struct amocrm *amo = crm->own;
	char *trimmed = utf8_trim(pasted), *secret = code_of(trimmed);
	json_t *claims = jwt_claims(secret);
	const char *account;
	enum outcome out;

	log_secret(secret);
	log_secret(trimmed);
	*done = (struct authorized){ .is_long = claims != NULL };
	if (!is_secret(secret))
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "this is neither a token nor a code; paste the long-lived "
		    "token, the code, or the whole address that you were led "
		    "back to");
	else if (claims)
		out = take_long(crm, http, secret, deadline, fault);
	else
		out = exchange(crm, http, secret, deadline, fault);
	if (out == OUT_OK && !claims)
		out = probe(crm, http, deadline, fault);
	account = json_string_value(
	    json_object_get(crm_lookup(crm), "account"));
	snprintf(done->account, sizeof(done->account), "%s",
	    account ? account : "?");
	done->expires_at = claims ? jwt_expires_at(secret)
				  : amo->token.expires_at;
	json_decref(claims);
	free(secret);
	free(trimmed);
	return out;
}
