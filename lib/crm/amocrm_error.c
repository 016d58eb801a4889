/* SPDX-License-Identifier: MIT */
/*
 * What amoCRM says when it refuses, and what each means.  Bodies are
 * application/problem+json; pages in HTML come from what stands before the
 * API, and tell apart a ban from missing rights, a router from a wrong id.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "crm/amocrm.h"

#define MINUTE_MS INT64_C(60000)

static const char ban[] = "the account is banned for too many requests; "
			  "write to amoCRM's support, they lift it";
static const char unpaid[] = "amoCRM says that the account is not paid for; "
			     "pay for it";
static const char address[] = "check AMOCRM_BASE_URL";
static const char place[] = "check AMO_PIPELINE_ID and AMOCRM_BASE_URL";

const struct crm_refusal amocrm_refusals[] = {
	/* Seen with status 400 while their backend was away. */
	{ 400, SHAPE_JSON, "системная ошибка", MEANS_DOUBT, 0, NULL },
	{ 400, SHAPE_JSON, "Повторите попытку", MEANS_DOUBT, 0, NULL },
	{ 400, SHAPE_JSON, "повторите попытку", MEANS_DOUBT, 0, NULL },
	{ 400, SHAPE_JSON, "try again", MEANS_DOUBT, 0, NULL },
	{ 400, SHAPE_JSON, "validation-errors", MEANS_FIELD, 0, NULL },
	{ 400, SHAPE_JSON, "code 226", MEANS_NEVER, 0,
	    "the lead was deleted in amoCRM" },
	{ 400, SHAPE_JSON, NULL, MEANS_NEVER, 0, NULL },
	{ 400, SHAPE_FOREIGN, NULL, MEANS_DOUBT, 0, NULL },
	{ 401, SHAPE_ANY, NULL, MEANS_TOKEN, 0, NULL },
	/* Flaps for minutes at night on accounts that are paid for. */
	{ 402, SHAPE_ANY, NULL, MEANS_CLOSED, 10 * MINUTE_MS, unpaid },
	{ 403, SHAPE_JSON, NULL, MEANS_DENIED, 5 * MINUTE_MS,
	    "give the user of the integration rights for leads and "
	    "contacts" },
	{ 403, SHAPE_FOREIGN, NULL, MEANS_CLOSED, 15 * MINUTE_MS, ban },
	{ 404, SHAPE_JSON, NULL, MEANS_DENIED, 5 * MINUTE_MS, place },
	{ 404, SHAPE_FOREIGN, NULL, MEANS_SAFE, 0, address },
	{ 405, SHAPE_ANY, NULL, MEANS_DENIED, 5 * MINUTE_MS, address },
	{ 408, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ 413, SHAPE_ANY, NULL, MEANS_FIELD, 0, NULL },
	{ 422, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
	{ 429, SHAPE_ANY, NULL, MEANS_LIMIT, 0, NULL },
	/* a guard before the API: no lead is at fault */
	{ -4, SHAPE_FOREIGN, NULL, MEANS_DOUBT, 0, address },
	{ -3, SHAPE_ANY, NULL, MEANS_SAFE, 0, address },
	{ -5, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ 0, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
};

/* The token endpoint: JSON with any 4xx is its last word, and bans hit it
 * too; after anything else the same refresh token is sent again. */
const struct crm_refusal amocrm_token_refusals[] = {
	{ 402, SHAPE_ANY, NULL, MEANS_CLOSED, 10 * MINUTE_MS, unpaid },
	{ 403, SHAPE_FOREIGN, NULL, MEANS_CLOSED, 15 * MINUTE_MS, ban },
	{ 429, SHAPE_ANY, NULL, MEANS_LIMIT, 0, NULL },
	{ -4, SHAPE_JSON, NULL, MEANS_REAUTH, 0,
	    "run leadpipe authorize-crm amocrm" },
	{ -4, SHAPE_FOREIGN, NULL, MEANS_SAFE, 0, address },
	{ -3, SHAPE_ANY, NULL, MEANS_SAFE, 0, address },
	{ -5, SHAPE_ANY, NULL, MEANS_DOUBT, 0, NULL },
	{ 0, SHAPE_ANY, NULL, MEANS_NEVER, 0, NULL },
};

/* The first complaint of a validation, as far as it fits. */
static void
first_complaint(const json_t *list, char *text, size_t size)
{
	const json_t *errors =
	    json_object_get(json_array_get(list, 0), "errors");
	const json_t *first = json_array_get(errors, 0);
	const char *path = json_get_text(first, "path");
	const char *detail = json_get_text(first, "detail");
	const char *code = json_get_text(first, "code");

	snprintf(text, size, "validation-errors: %s: %s", path ? path : "?",
	    detail     ? detail
		: code ? code
		       : "?");
}

void
amocrm_said(const json_t *body, char *text, size_t size)
{
	const json_t *list = json_object_get(body, "validation-errors");
	const json_t *error =
	    json_array_get(json_object_get(body, "errors"), 0);
	const char *detail = json_get_text(body, "detail");
	const char *hint = json_get_text(body, "hint");
	const char *title = json_get_text(body, "title");
	int64_t code = json_get_int(error, "code", 0);

	if (json_array_size(list) > 0)
		first_complaint(list, text, size);
	else if (code)
		snprintf(text, size, "code %lld", (long long)code);
	else
		snprintf(text, size, "%s%s%s",
		    hint	? hint
			: title ? title
				: "",
		    (hint || title) && detail ? ": " : "",
		    detail ? detail : "");
}
