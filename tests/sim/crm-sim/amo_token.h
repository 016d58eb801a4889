/* SPDX-License-Identifier: MIT */
/*
 * OAuth as it is there: a refresh token works once; the one before it goes on
 * working until something of the new pair is used; a new pair revokes the
 * access token before it.
 */
#ifndef CRM_SIM_AMO_TOKEN_H
#define CRM_SIM_AMO_TOKEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_ID "1c2b3a49-5868-4776-8695-a4b3c2d1e0f9"
#define CLIENT_SECRET "simulated-client-secret"
#define REDIRECT_URI "https://example.org/leadpipe"

struct call;
struct sim;

struct tokens {
	char *long_lived;
	char *access;
	char *refresh;
	char *before; /* the refresh token of the grace; or NULL */
	char *code;
	int64_t access_until_ms;
	int64_t refresh_until_ms;
	int64_t code_until_ms;
	int64_t access_life_s;
	int64_t pairs; /* given out */
};

void token_start(struct sim *sim);
void token_release(struct tokens *tokens);

/* POST /oauth2/access_token */
void token_post(struct call *call);

/* GET /oauth2/account/current/subdomain */
void token_subdomain(struct call *call);

/* Whether the request bears a token that is good now. */
bool token_good(struct call *call);

/* What a test may know: all of them. */
json_t *token_view(const struct sim *sim);

/* As if this pair had just been given out, and the access token had expired. */
void token_set(struct sim *sim, const char *access, const char *refresh);

/* A new authorization code; takes the place of an unused one. */
void token_code(struct sim *sim);

/* "long_lived", "access", "refresh" or "all" works no more. */
bool token_revoke(struct tokens *tokens, const char *what);

#endif
