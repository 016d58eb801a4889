/* SPDX-License-Identifier: MIT */
#include "bot/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#define EXPRESSION_BYTES 200
#define TEXT_LETTERS 256
#define REPEATS 20
#define RANGE_LETTERS 2048U /* of all ranges beyond ASCII */

/* Back references make matching take exponential time. */
static bool
refers_back(const char *expression)
{
	const char *at = expression;

	while ((at = strchr(at, '\\')) != NULL) {
		if (at[1] == '\0')
			break;
		if (at[1] >= '1' && at[1] <= '9')
			return true;
		at += 2;
	}
	return false;
}

/* glibc copies what is repeated {n} times, and copies of copies: the product
 * is what the memory grows with. */
static unsigned long
repetitions(const char *expression)
{
	unsigned long product = 1, from, to;
	const char *at = expression;
	char *end;

	while (product <= REPEATS && (at = strchr(at, '{')) != NULL) {
		from = strtoul(++at, &end, 10);
		to = *end == ',' ? strtoul(end + 1, NULL, 10) : from;
		if (from > REPEATS || to > REPEATS)
			return REPEATS + 1;
		from = to > from ? to : from;
		product *= from > 0 ? from : 1;
	}
	return product;
}

/* Adds the letters FROM to TO; LEFT is how many more there may be. */
static bool
range_add(struct buf *out, uint32_t from, uint32_t to, unsigned *left)
{
	char letter[4];

	if (from < 0x80) {
		buf_add_char(out, (char)from);
		buf_add(out, "-\x7f", 2);
		from = 0x80;
	}
	if (from > to || to - from >= *left)
		return false;
	*left -= to - from + 1;
	for (; from <= to; from++)
		buf_add(out, letter, utf8_put(letter, from));
	return true;
}

/* Copies "[:alpha:]" and the like, which *AT begins with. */
static bool
class_add(struct buf *out, const char **at)
{
	const char kind = (*at)[1];
	const char *end;

	if ((*at)[0] != '[' || kind == '\0' || !strchr(":.=", kind))
		return false;
	for (end = *at + 2; *end != '\0'; end++)
		if (end[0] == kind && end[1] == ']')
			break;
	if (*end == '\0')
		return false;
	buf_add(out, *at, (size_t)(end + 2 - *at));
	*at = end + 2;
	return true;
}

/* Copies the bracket expression that *AT begins with, ranges written out. */
static bool
bracket_add(struct buf *out, const char **at, unsigned *left)
{
	const char *next = *at + 1, *start;
	uint32_t from, to;

	buf_add_char(out, '[');
	if (*next == '^')
		buf_add_char(out, *next++);
	for (start = next; *next != '\0' && (*next != ']' || next == start);) {
		const char *letter = next, *dash;

		if (class_add(out, &next))
			continue;
		from = utf8_next(&next);
		dash = next;
		if (*dash == '-' && dash[1] != ']' && dash[1] != '\0') {
			dash++;
			to = utf8_next(&dash);
			if (to >= 0x80) {
				if (!range_add(out, from, to, left))
					return false;
				next = dash;
				continue;
			}
			if (*next == '-' && to != '[')
				next = dash;
		}
		buf_add(out, letter, (size_t)(next - letter));
	}
	*at = next;
	return true;
}

/* EXPRESSION as regcomp() takes it; NULL when its ranges are too large.  glibc
 * 2.36 has no order of letters for C.UTF-8: it refuses [а-я]. */
static char *
expression_expand(const char *expression)
{
	struct buf out = BUF_INIT(64U << 10);
	unsigned left = RANGE_LETTERS;
	const char *at = expression;
	bool fits = true;

	buf_add_text(&out, "^(");
	while (fits && *at != '\0') {
		if (*at == '[') {
			fits = bracket_add(&out, &at, &left);
			continue;
		}
		if (*at == '\\' && at[1] != '\0')
			buf_add_char(&out, *at++);
		buf_add_char(&out, *at++);
	}
	buf_add_text(&out, ")$");
	if (fits)
		return buf_take(&out);
	buf_release(&out);
	return NULL;
}

/*
 * What regcomp() and, with a TEXT, regexec() say of WHOLE.  It is compiled
 * anew for each text: glibc keeps every state that it met in a compiled one,
 * and strangers can make it meet millions.
 */
static int
expression_try(const char *whole, const char *text, char *error, size_t size)
{
	locale_t letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(letters);
	regex_t regex;
	int failed = regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB);

	/* That is no fault of the expression. */
	if (failed == REG_ESPACE)
		mem_give_up();
	if (failed != 0) {
		regerror(failed, &regex, error, size);
	} else {
		if (text != NULL)
			failed = regexec(&regex, text, 0, NULL, 0);
		regfree(&regex);
	}
	uselocale(before);
	if (letters != (locale_t)0)
		freelocale(letters);
	return failed;
}

bool
pattern_check(const char *expression, char *error, size_t size)
{
	const char *wrong = NULL;
	char *whole = NULL, why[100];

	if (strlen(expression) > EXPRESSION_BYTES)
		wrong = "longer than 200 bytes";
	else if (refers_back(expression))
		wrong = "back references are not supported";
	else if (repetitions(expression) > REPEATS)
		wrong = "repeats more than 20 times";
	else if ((whole = expression_expand(expression)) == NULL)
		wrong = "a range ends before it begins, or is too large";
	if (wrong != NULL)
		snprintf(error, size, "%s", wrong);
	else if (expression_try(whole, NULL, why, sizeof(why)) != 0)
		snprintf(error, size, "bad regular expression: %s", why);
	else
		size = 0;
	free(whole);
	return size == 0;
}

bool
pattern_fits(const char *expression, const char *text)
{
	char *whole, why[100];
	bool fits;

	if (text[utf8_prefix(text, TEXT_LETTERS)] != '\0')
		return false;
	whole = expression_expand(expression);
	fits = whole != NULL &&
	    expression_try(whole, text, why, sizeof(why)) == 0;
	free(whole);
	return fits;
}
