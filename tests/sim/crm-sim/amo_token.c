/* SPDX-License-Identifier: MIT */
#include "amo_token.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define CODE_LIFE_MS (20 * INT64_C(60000))

static void
base64url(struct text *out, const char *data)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(data), i;

	for (i = 0; i < len; i += 3) {
		unsigned long bits = 0;
		size_t j, have = len - i < 3 ? len - i : 3;

		for (j = 0; j < 3; j++)
			bits = bits << 8 |
			    (j < have ? (unsigned char)data[i + j] : 0U);
		for (j = 0; j <= have; j++)
			text_add(out, &digits[bits >> (18 - 6 * j) & 63], 1);
	}
}

/* A JWT in shape; nobody but us checks its signature. */
static char *
jwt_make(struct sim *sim, int64_t until_ms)
{
	struct text token = { 0 }, claims = { 0 };
	char word[65];

	chance_word(&sim->chance, word, 32);
	text_fmt(&claims,
	    "{\"aud\":\"" CLIENT_ID "\",\"jti\":\"%s\",\"iat\":%lld,"
	    "\"exp\":%lld,\"sub\":\"8375357\",\"account_id\":31415926,"
	    "\"base_domain\":\"amocrm.ru\",\"version\":2,\"scopes\":"
	    "[\"crm\",\"notifications\"],\"api_domain\":\"localhost\"}",
	    word, (long long)(span_now_ms(&sim->span) / 1000),
	    (long long)(until_ms / 1000));
	base64url(&token, "{\"typ\":\"JWT\",\"alg\":\"RS256\"}");
	text_puts(&token, ".");
	base64url(&token, claims.at);
	chance_word(&sim->chance, word, 64);
	text_fmt(&token, ".%s", word);
	text_release(&claims);
	return token.at;
}

static char *
word_make(struct sim *sim, const char *prefix)
{
	struct text token = { 0 };
	char word[65];

	chance_word(&sim->chance, word, 64);
	text_fmt(&token, "%s%s", prefix, word);
	return token.at;
}

static void
token_replace(char **slot, char *fresh)
{
	free(*slot);
	*slot = fresh;
}

static void
pair_make(struct sim *sim)
{
	struct tokens *tokens = &sim->amo.tokens;
	int64_t now = span_now_ms(&sim->span);

	tokens->access_until_ms = now + tokens->access_life_s * 1000;
	tokens->refresh_until_ms = now + 90 * DAY_MS;
	token_replace(&tokens->access, jwt_make(sim, tokens->access_until_ms));
	token_replace(&tokens->refresh, word_make(sim, "def50200"));
	tokens->pairs++;
}

void
token_set(struct sim *sim, const char *access, const char *refresh)
{
	struct tokens *tokens = &sim->amo.tokens;

	pair_make(sim);
	token_replace(&tokens->access, text_copy(access));
	token_replace(&tokens->refresh, text_copy(refresh));
	token_replace(&tokens->before, NULL);
	tokens->access_until_ms = 0;
}

void
token_code(struct sim *sim)
{
	token_replace(&sim->amo.tokens.code, word_make(sim, "def50200"));
	sim->amo.tokens.code_until_ms = span_now_ms(&sim->span) + CODE_LIFE_MS;
}

void
token_start(struct sim *sim)
{
	sim->amo.tokens.access_life_s = 86400;
	sim->amo.tokens.long_lived =
	    jwt_make(sim, span_now_ms(&sim->span) + 365 * DAY_MS);
	pair_make(sim);
	token_code(sim);
}

void
token_release(struct tokens *tokens)
{
	free(tokens->long_lived);
	free(tokens->access);
	free(tokens->refresh);
	free(tokens->before);
	free(tokens->code);
	*tokens = (struct tokens){ 0 };
}

static bool
same(const char *one, const char *other)
{
	return one && other && !strcmp(one, other);
}

static void
token_refuse(struct call *call, unsigned status, const char *hint)
{
	json_t *body = json_pack("{s:s*, s:s, s:s, s:i, s:s}", "hint", hint,
	    "title", hint ? "Некорректный запрос" : "Некорректный клиент",
	    "type", "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
	    "status", (int)status, "detail",
	    hint ? "В запросе отсутствует ряд параметров или параметры "
		   "невалидны"
		 : "Авторизация клиента не прошла");

	call_json(call, status, TYPE_PROBLEM, body);
}

static void
token_answer(struct call *call)
{
	const struct sim *sim = call->sim;

	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:s, s:I, s:I, s:s, s:s}", "token_type", "Bearer",
		"expires_in", (json_int_t)sim->amo.tokens.access_life_s,
		"server_time", (json_int_t)(span_now_ms(&sim->span) / 1000),
		"access_token", sim->amo.tokens.access, "refresh_token",
		sim->amo.tokens.refresh));
}

static void
code_spend(struct call *call)
{
	struct tokens *tokens = &call->sim->amo.tokens;

	if (!same(member_text(call->json, "code"), tokens->code)) {
		token_refuse(call, 400, "Authorization code has been revoked");
		return;
	}
	if (span_now_ms(&call->sim->span) > tokens->code_until_ms) {
		token_refuse(call, 400, "Authorization code has expired");
		return;
	}
	token_replace(&tokens->code, NULL);
	token_replace(&tokens->before, NULL);
	pair_make(call->sim);
	token_answer(call);
}

static void
refresh_spend(struct call *call)
{
	struct tokens *tokens = &call->sim->amo.tokens;
	const char *sent = member_text(call->json, "refresh_token");

	if (same(sent, tokens->refresh) &&
	    span_now_ms(&call->sim->span) > tokens->refresh_until_ms) {
		token_refuse(call, 401, "Token has expired");
		return;
	}
	if (same(sent, tokens->refresh)) {
		token_replace(&tokens->before, tokens->refresh);
		tokens->refresh = NULL;
	} else if (!same(sent, tokens->before)) {
		token_refuse(call, 401, "Token has been revoked");
		return;
	}
	pair_make(call->sim);
	token_answer(call);
}

void
token_post(struct call *call)
{
	const char *grant = member_text(call->json, "grant_type");

	if (!same(member_text(call->json, "client_id"), CLIENT_ID)) {
		token_refuse(call, 400, "Check the `client_id` parameter");
	} else if (!same(member_text(call->json, "client_secret"),
		       CLIENT_SECRET)) {
		token_refuse(call, 401, NULL);
	} else if (!same(member_text(call->json, "redirect_uri"),
		       REDIRECT_URI)) {
		token_refuse(call, 400,
		    "Redirect URI is not associated with client");
	} else if (same(grant, "authorization_code")) {
		code_spend(call);
	} else if (same(grant, "refresh_token")) {
		refresh_spend(call);
	} else {
		token_refuse(call, 400, "Check the `grant_type` parameter");
	}
}

void
token_subdomain(struct call *call)
{
	const struct amo *amo = &call->sim->amo;
	const char *sent = call_header(call, "X-Refresh-Token");
	struct text domain = { 0 };

	if (!same(sent, amo->tokens.refresh) &&
	    !same(sent, amo->tokens.before)) {
		token_refuse(call, 401, "Invalid refresh token");
		return;
	}
	text_fmt(&domain, "%s.amocrm.ru", amo->subdomain);
	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:i, s:s, s:s, s:s}", "id", 31415926, "subdomain",
		amo->subdomain, "domain", domain.at, "top_level_domain",
		"ru"));
	text_release(&domain);
}

bool
token_good(struct call *call)
{
	struct tokens *tokens = &call->sim->amo.tokens;
	const char *header = call_header(call, "Authorization");

	if (!header || strncmp(header, "Bearer ", 7))
		return false;
	if (same(header + 7, tokens->long_lived))
		return true;
	if (!same(header + 7, tokens->access) ||
	    span_now_ms(&call->sim->span) > tokens->access_until_ms)
		return false;
	/* the new pair has arrived: the grace is over */
	token_replace(&tokens->before, NULL);
	return true;
}

json_t *
token_view(const struct sim *sim)
{
	const struct tokens *tokens = &sim->amo.tokens;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:I}",
	    "client_id", CLIENT_ID, "client_secret", CLIENT_SECRET,
	    "redirect_uri", REDIRECT_URI, "long_lived", tokens->long_lived,
	    "access", tokens->access, "refresh", tokens->refresh, "before",
	    tokens->before, "code", tokens->code, "pairs",
	    (json_int_t)tokens->pairs);
}

bool
token_revoke(struct tokens *tokens, const char *what)
{
	bool all = same(what, "all"), known = all;

	if (all || same(what, "long_lived")) {
		token_replace(&tokens->long_lived, NULL);
		known = true;
	}
	if (all || same(what, "access")) {
		token_replace(&tokens->access, NULL);
		known = true;
	}
	if (all || same(what, "refresh")) {
		token_replace(&tokens->refresh, NULL);
		token_replace(&tokens->before, NULL);
		known = true;
	}
	return known;
}
