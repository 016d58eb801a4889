/* SPDX-License-Identifier: MIT */
#include "crm/jwt.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"

json_t *
jwt_claims(const char *token)
{
	const char *start = strchr(token, '.'), *end;
	json_t *claims;
	char *text;
	size_t len;

	end = start ? strchr(start + 1, '.') : NULL;
	if (!end ||
	    !base64_decode(start + 1, (size_t)(end - start) - 1, &text, &len))
		return NULL;
	claims = json_loadb(text, len, 0, NULL);
	free(text);
	return claims;
}

int64_t
jwt_expires_at(const char *token)
{
	json_t *claims = jwt_claims(token);
	const json_t *exp = json_object_get(claims, "exp");
	/* 1755000000.123 has been seen */
	double seconds = json_number_value(exp);

	json_decref(claims);
	return seconds > 0 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
}
