/* SPDX-License-Identifier: MIT */
#include "bot/name.h"

#include <stddef.h>
#include <string.h>

const char *
name_rule(enum name_kind kind)
{
	switch (kind) {
	case NAME_ANY:
		return "any name";
	case NAME_IDENT:
		return "a-z, 0-9 and _, beginning with a letter, at most 32";
	case NAME_STATE:
		return "a name, or group.name, of a-z, 0-9 and _, at most 32 "
		       "each";
	case NAME_TEXT:
		return "a-z, 0-9, _ and ., beginning with a letter, at most "
		       "64";
	case NAME_LANG:
		return "a language such as ru or pt-BR";
	case NAME_ID:
		return "a-z, 0-9 and _, at most 32, to fit into the 64 bytes "
		       "that Telegram keeps with a button";
	case NAME_COMMAND:
		return "/ and a-z, 0-9 and _, at most 32";
	case NAME_SETTING:
		return "$ and A-Z, 0-9 and _, as in the configuration";
	case NAME_REGION:
		return "a country such as RU or KZ";
	case NAME_SPAN:
		return "a span such as 90s, 5m, 2h, 1d or 1w";
	case NAME_CLOCK:
		return "a time of day such as 09:30";
	}
	return "";
}

static size_t
span_of(const char *text, const char *accept, size_t max)
{
	size_t len = strspn(text, accept);

	return len >= 1 && len <= max ? len : 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define IDENT LOWER DIGITS "_"

static size_t
ident_length(const char *text)
{
	return strchr(DIGITS "_", text[0]) ? 0 : span_of(text, IDENT, 32);
}

static size_t
state_length(const char *name)
{
	size_t len = ident_length(name), more;

	if (len == 0 || name[len] != '.')
		return len;
	more = ident_length(name + len + 1);
	return more > 0 ? len + 1 + more : 0;
}

static size_t
lang_length(const char *name)
{
	size_t len = span_of(name, LOWER, 3);

	if (len < 2)
		return 0;
	if (name[len] != '-')
		return len;
	return strspn(name + len + 1, UPPER) == 2 ? len + 3 : 0;
}

static size_t
setting_length(const char *name)
{
	if (name[0] != '$' || name[1] == '\0' || !strchr(UPPER, name[1]))
		return 0;
	return 1 + strspn(name + 1, UPPER DIGITS "_");
}

static size_t
span_length(const char *text)
{
	size_t digits = text[0] == '0' ? 0 : span_of(text, DIGITS, 6);

	if (digits == 0 || text[digits] == '\0')
		return 0;
	return strchr("smhdw", text[digits]) ? digits + 1 : 0;
}

static size_t
clock_length(const char *text)
{
	bool fits = strspn(text, DIGITS) == 2 && text[2] == ':' &&
	    strspn(text + 3, DIGITS) == 2;

	return fits && strncmp(text, "24", 2) < 0 && text[3] < '6' ? 5 : 0;
}

static size_t
name_length(const char *name, enum name_kind kind)
{
	size_t len;

	switch (kind) {
	case NAME_ANY:
		return strlen(name);
	case NAME_IDENT:
		return ident_length(name);
	case NAME_STATE:
		return state_length(name);
	case NAME_TEXT:
		return name[0] != '\0' && strchr(LOWER, name[0])
		    ? span_of(name, IDENT ".", 64)
		    : 0;
	case NAME_LANG:
		return lang_length(name);
	case NAME_ID:
		return span_of(name, IDENT, 32);
	case NAME_COMMAND:
		len = name[0] == '/' ? span_of(name + 1, IDENT, 32) : 0;
		return len > 0 ? len + 1 : 0;
	case NAME_SETTING:
		return setting_length(name);
	case NAME_REGION:
		return strspn(name, UPPER) == 2 ? 2 : 0;
	case NAME_SPAN:
		return span_length(name);
	case NAME_CLOCK:
		return clock_length(name);
	}
	return 0;
}

bool
name_fits(const char *name, enum name_kind kind)
{
	size_t len = name_length(name, kind);

	return kind == NAME_ANY || (len > 0 && name[len] == '\0');
}
