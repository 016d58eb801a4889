/* SPDX-License-Identifier: MIT */
#include "base/email.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* The part of TEXT that should be the address; the caller frees it. */
static char *
find_address(const char *text)
{
	const char *open = strrchr(text, '<');
	const char *close = open != NULL ? strchr(open, '>') : NULL;
	char *inner, *address;

	inner = close != NULL ? mem_dup_n(open + 1, (size_t)(close - open - 1))
			      : mem_dup(text);
	address = utf8_trim(inner);
	free(inner);
	if (strncmp(address, "mailto:", 7) == 0)
		memmove(address, address + 7, strlen(address + 7) + 1);
	return address;
}

/* Letters of other alphabets are fine on both sides (RFC 6531). */
static bool
is_word(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)at[i] <= ' ' || at[i] == 0x7f ||
		    strchr("()<>[]:;,\\\"@", at[i]) != NULL)
			return false;
	return len > 0 && at[0] != '.' && at[len - 1] != '.';
}

static bool
is_address(const char *text)
{
	size_t len = strlen(text);
	const char *at = strchr(text, '@'), *dot;

	if (at == NULL || len >= EMAIL_SIZE)
		return false;
	dot = strrchr(at, '.');
	return is_word(text, (size_t)(at - text)) &&
	    is_word(at + 1, strlen(at + 1)) && dot != NULL &&
	    strlen(dot + 1) >= 2 && strstr(at, "..") == NULL;
}

bool
email_parse(const char *text, char out[EMAIL_SIZE])
{
	char *folded = utf8_fold(text), *address = find_address(folded);
	bool good = utf8_valid(text, strlen(text)) && is_address(address);

	out[0] = '\0';
	if (good)
		memcpy(out, address, strlen(address) + 1);
	free(address);
	free(folded);
	return good;
}
