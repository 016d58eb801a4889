/* SPDX-License-Identifier: MIT */
/*
 * What Bitrix24 says when it refuses: {"error": CODE, "error_description"}.
 * The code decides; the same status has several.
 */
#include <stdio.h>

#include "base/json.h"
#include "crm/bitrix24.h"

#define MINUTE_MS INT64_C(60000)

static const char new_hook[] =
    "make a new inbound webhook with the right crm in Bitrix24 and set "
    "BITRIX24_WEBHOOK_URL";
static const char address[] = "check BITRIX24_WEBHOOK_URL";

const struct crm_refusal bitrix24_refusals[] = {
	{ 503, SHAPE_JSON, "QUERY_LIMIT_EXCEEDED", MEANS_LIMIT, 0, NULL },
	{ 429, SHAPE_JSON, "OPERATION_TIME_LIMIT", MEANS_LIMIT, 10 * MINUTE_MS,
	    NULL },
	{ 429, SHAPE_ANY, NULL, MEANS_LIMIT, 0, NULL },
	{ 503, SHAPE_JSON, "OVERLOAD_LIMIT", MEANS_CLOSED, 15 * MINUTE_MS,
	    "Bitrix24 blocks this portal's REST; ask its support" },
	{ -4, SHAPE_JSON, "NO_AUTH_FOUND", MEANS_REAUTH, 0, new_hook },
	{ -4, SHAPE_JSON, "INVALID_CREDENTIALS", MEANS_REAUTH, 0, new_hook },
	{ -4, SHAPE_JSON, "expired_token", MEANS_REAUTH, 0, new_hook },
	{ -4, SHAPE_JSON, "invalid_token", MEANS_REAUTH, 0, new_hook },
	{ -4, SHAPE_JSON, "insufficient_scope", MEANS_REAUTH, 0, new_hook },
	{ 401, SHAPE_ANY, NULL, MEANS_REAUTH, 0, new_hook },
	{ 402, SHAPE_ANY, NULL, MEANS_CLOSED, 10 * MINUTE_MS,
	    "the plan of the portal has no REST; pay for one that has" },
	{ 403, SHAPE_JSON, NULL, MEANS_DENIED, 5 * MINUTE_MS,
	    "give the webhook's user rights for leads" },
	{ 403, SHAPE_FOREIGN, NULL, MEANS_CLOSED, 15 * MINUTE_MS, address },
	{ 400, SHAPE_JSON, "Access denied", MEANS_DENIED, 5 * MINUTE_MS,
	    "give the webhook's user rights for leads" },
	{ 400, SHAPE_JSON, NULL, MEANS_FIELD, 0, NULL },
	{ 400, SHAPE_FOREIGN, NULL, MEANS_DOUBT, 0, NULL },
	{ 404, SHAPE_JSON, NULL, MEANS_DENIED, 5 * MINUTE_MS, address },
	{ 404, SHAPE_FOREIGN, NULL, MEANS_SAFE, 0, address },
	/* a guard before the API: no lead is at fault */
	{ 408, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ -4, SHAPE_FOREIGN, NULL, MEANS_DOUBT, 0, address },
	{ -3, SHAPE_ANY, NULL, MEANS_SAFE, 0, address },
	{ -5, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ 0, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
};

void
bitrix24_said(const json_t *body, char *text, size_t size)
{
	const char *code = json_get_text(body, "error");
	const char *description = json_get_text(body, "error_description");

	code = code ? code : "";
	snprintf(text, size, "%s%s%s", code, *code && description ? ": " : "",
	    description ? description : "");
}
