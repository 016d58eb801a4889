/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/log.h"

#define MASK "***"

/* Usernames of Telegram are not shorter, nor phones with their country. */
#define NAME_MIN 5
#define PHONE_MIN 7

#define DIGITS "0123456789"
#define NAME_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_" DIGITS

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Cyrillic addresses exist. */
static bool
is_local(char c)
{
	return (c & 0x80) != 0 || is_one_of(c, NAME_CHARS ".%+-");
}

static bool
is_domain(char c)
{
	return (c & 0x80) != 0 || is_one_of(c, NAME_CHARS ".-");
}

/* Length of the domain at TEXT, 0: it has no dot inside. */
static size_t
domain_length(const char *text)
{
	size_t len = 0;
	const char *dot;

	while (is_domain(text[len]))
		len++;
	while (len > 0 && is_one_of(text[len - 1], ".-"))
		len--;
	dot = memchr(text, '.', len);
	return dot != NULL && dot > text ? len : 0;
}

/* Length of the Russian phone without a plus at TEXT, 0: it is none.  Parted
 * elsewhere than people part it, it could be a date or an address. */
static size_t
home_phone_length(const char *text)
{
	static const size_t groups[] = { 1, 3, 3, 2, 2 };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (i > 0)
			at += strspn(text + at, " ()-");
		if (strspn(text + at, DIGITS) < groups[i])
			return 0;
		at += groups[i];
	}
	return is_one_of(*text, "78") && !is_one_of(text[at], NAME_CHARS) ? at
									  : 0;
}

/* The same of any phone; without a plus no other is told from an id. */
static size_t
phone_length(const char *text)
{
	size_t at = *text == '+' ? 1 : 0, digits = 0, end = 0;

	if (at == 0)
		return home_phone_length(text);
	for (; is_one_of(text[at], DIGITS " ()-."); at++)
		if (is_one_of(text[at], DIGITS)) {
			digits++;
			end = at + 1;
		}
	return digits >= PHONE_MIN ? end : 0;
}

/* Puts the mask in the place of [FROM, TO), and returns what follows it. */
static char *
mask(char *from, const char *to)
{
	memmove(from + sizeof(MASK) - 1, to, strlen(to) + 1);
	memcpy(from, MASK, sizeof(MASK) - 1);
	return from + sizeof(MASK) - 1;
}

void
log_mask(char *text)
{
	char *word = text; /* where what may be before an @ begins */
	size_t len;

	for (char *at = text; *at != '\0';) {
		bool begins = at == text || !is_one_of(at[-1], NAME_CHARS);

		if (*at == '@' && at > word && (len = domain_length(at + 1))) {
			word = at = mask(word, at + 1 + len);
		} else if (*at == '@' && at == word &&
		    (len = strspn(at + 1, NAME_CHARS)) >= NAME_MIN) {
			word = at = mask(at, at + 1 + len);
		} else if (begins && (len = phone_length(at)) > 0 &&
		    at[len] != '@') {
			word = at = mask(at, at + len);
		} else {
			if (!is_local(*at))
				word = at + 1;
			at++;
		}
	}
}
