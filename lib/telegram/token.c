/* SPDX-License-Identifier: MIT */
#include "telegram/token.h"

#include <stdlib.h>
#include <string.h>

/* Real ones have 35 characters behind the colon. */
#define TOKEN_MIN 20

int64_t
telegram_bot_id(const char *token)
{
	const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t digits = strspn(token, "0123456789");
	const char *secret = token + digits + 1;

	/* 18 digits: what fits an int64_t for sure. */
	if (digits < 3 || digits > 18 || token[digits] != ':' ||
	    strlen(secret) < TOKEN_MIN ||
	    secret[strspn(secret, allowed)] != '\0')
		return 0;
	return strtoll(token, NULL, 10);
}
