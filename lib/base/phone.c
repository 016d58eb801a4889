/* SPDX-License-Identifier: MIT */
#include "base/phone.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX 200 /* longer texts are no telephone numbers */
#define DIGITS_MAX 20

/* The digits of a text, and whether a + stood before them. */
struct reading {
	char digits[DIGITS_MAX + 1];
	size_t count;
	bool plus;
};

/*
 * Countries whose numbers reach a Russian shop without their +.  TRUNK is
 * what people dial before the national number at home.
 */
static const struct country {
	const char *region, *code, *trunk;
	size_t digits; /* of the national number */
} countries[] = { { "BY", "375", "80", 9 }, { "UA", "380", "0", 9 },
	{ "UZ", "998", "", 9 }, { "KG", "996", "0", 9 },
	{ "TJ", "992", "", 9 }, { "TM", "993", "8", 8 },
	{ "AZ", "994", "0", 9 }, { "GE", "995", "0", 9 },
	{ "AM", "374", "0", 8 }, { "MD", "373", "0", 8 } };

/* Country codes that begin with 8.  Vietnam (84) is left out: its numbers
 * cannot be told from Russian ones written as +8 4xx. */
static const char *const eights[] = { "81", "82", "86", "850", "852", "853",
	"855", "856", "880", "886" };

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The value of a decimal digit of the scripts that keyboards offer, or -1. */
static int
digit_value(uint32_t c)
{
	static const uint32_t zeros[] = { '0', 0x0660, 0x06f0, 0x0966, 0x09e6,
		0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6 };

	for (size_t i = 0; i < COUNT(zeros); i++)
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return (int)(c - zeros[i]);
	return -1;
}

/* Of a text in lower case. */
static bool
is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 0xdf && c <= 0x24f) ||
	    (c >= 0x400 && c <= 0x52f);
}

/* Letters that people type for 0, 1 and 3. */
static bool
is_lookalike(uint32_t c)
{
	return c == 'o' || c == 0x043e || c == 'l' || c == 'i' || c == 0x0437;
}

/* Moves *AT behind the letters that begin there; true when all of them look
 * like digits. */
static bool
skip_word(const char **at)
{
	const char *here;
	bool lookalike = true;
	uint32_t c;

	while (here = *at, is_letter(c = utf8_next(at)))
		lookalike = lookalike && is_lookalike(c);
	*at = here;
	return lookalike;
}

/* What leads in the number of an extension. */
static bool
is_extension(const char *word, size_t len)
{
	return begins(word, "доб") || begins(word, "вн") ||
	    begins(word, "ext") || (len == strlen("x") && begins(word, "x")) ||
	    (len == strlen("х") && begins(word, "х"));
}

/* False for a 0 that was typed as a letter, and where the digits cannot be
 * one number. */
static bool
read_digits(const char *at, struct reading *out)
{
	bool after_digit = false, word = false, lookalike;
	const char *start;
	uint32_t c;
	int value;

	while (start = at, (c = utf8_next(&at)) != 0) {
		value = digit_value(c);
		if (value >= 0) {
			if (word || out->count == DIGITS_MAX)
				return false;
			out->digits[out->count++] = (char)('0' + value);
		} else if (c == '+' || c == 0xff0b) {
			if (out->count > 0)
				return false; /* a second number */
			out->plus = true;
		} else if (is_letter(c)) {
			at = start;
			lookalike = skip_word(&at);
			if (out->count >= 7 &&
			    is_extension(start, (size_t)(at - start)))
				break;
			start = at;
			if (lookalike &&
			    (after_digit ||
				digit_value(utf8_next(&start)) >= 0))
				return false;
			word = out->count > 0;
		} else if (c == '#' && out->count >= 7) {
			break;
		}
		after_digit = value >= 0;
	}
	return true;
}

static enum phone_verdict
say(char out[PHONE_SIZE], const char *code, const char *rest,
    enum phone_verdict verdict)
{
	size_t code_len = strlen(code), rest_len = strlen(rest);

	if (code_len + rest_len > PHONE_SIZE - 2)
		return PHONE_INVALID;
	out[0] = '+';
	memcpy(out + 1, code, code_len);
	memcpy(out + 1 + code_len, rest, rest_len + 1);
	return verdict;
}

/*
 * Ten digits of the numbering plan of Russia and Kazakhstan, 7 before them.
 * No area code begins with 89: that is a mobile number with its trunk 8 whose
 * last digit did not fit into the mask of a form.
 */
static enum phone_verdict
say_seven(char out[PHONE_SIZE], const char *national,
    enum phone_verdict verdict)
{
	if (strlen(national) != 10 || strchr("34789", national[0]) == NULL ||
	    begins(national, "89"))
		return PHONE_INVALID;
	return say(out, "7", national, verdict);
}

static bool
is_eight(const char *digits, size_t count)
{
	/* +8 and a Russian number: the trunk 8 with a + by mistake. */
	if (count < 10 || count > 13 ||
	    (count == 11 && strchr("34789", digits[1]) != NULL))
		return false;
	for (size_t i = 0; i < COUNT(eights); i++)
		if (begins(digits, eights[i]))
			return true;
	return false;
}

/* Digits that begin with a country code. */
static enum phone_verdict
parse_international(const char *digits, char out[PHONE_SIZE])
{
	size_t count = strlen(digits);

	if (digits[0] == '7' && count == 12 && digits[1] == '8')
		return say_seven(out, digits + 2, PHONE_VALID);
	if (digits[0] == '7')
		return say_seven(out, digits + 1, PHONE_VALID);
	if (count < 8 || digits[0] == '0' ||
	    (digits[0] == '8' && !is_eight(digits, count)))
		return PHONE_INVALID;
	return say(out, "", digits, PHONE_VALID);
}

/* A number of a COUNTRY as it is dialled at home. */
static enum phone_verdict
parse_national(const struct country *country, const char *digits,
    char out[PHONE_SIZE])
{
	size_t trunk = strlen(country->trunk);

	if (strlen(digits) == country->digits + trunk &&
	    begins(digits, country->trunk))
		digits += trunk;
	if (strlen(digits) != country->digits || digits[0] == '0')
		return PHONE_INVALID;
	return say(out, country->code, digits, PHONE_VALID);
}

/* Digits that begin with the code of one of the countries, without a +. */
static enum phone_verdict
parse_foreign(const struct country *home, const char *digits,
    char out[PHONE_SIZE])
{
	const struct country *country;

	for (size_t i = 0; i < COUNT(countries); i++) {
		country = &countries[i];
		if (begins(digits, country->code) &&
		    strlen(digits) == strlen(country->code) + country->digits)
			return say(out, "", digits,
			    country == home ? PHONE_VALID : PHONE_GUESSED);
	}
	return PHONE_INVALID;
}

static const struct country *
country_of(const char *region)
{
	for (size_t i = 0; region != NULL && i < COUNT(countries); i++)
		if (strcmp(region, countries[i].region) == 0)
			return &countries[i];
	return NULL;
}

static enum phone_verdict
parse_plain(const char *digits, const char *region, char out[PHONE_SIZE])
{
	const struct country *home = country_of(region);
	enum phone_verdict verdict = PHONE_INVALID;
	size_t count = strlen(digits);

	if (home != NULL)
		verdict = parse_national(home, digits, out);
	if (verdict == PHONE_INVALID)
		verdict = parse_foreign(home, digits, out);
	if (verdict != PHONE_INVALID)
		return verdict;
	/* 8~10 is how a country is dialled from Russia and Kazakhstan. */
	if (count > 11 && begins(digits, "810"))
		return parse_international(digits + 3, out);
	verdict = home != NULL ? PHONE_GUESSED : PHONE_VALID;
	if (count == 11 && (digits[0] == '7' || digits[0] == '8'))
		return say_seven(out, digits + 1, verdict);
	return home == NULL ? say_seven(out, digits, verdict) : PHONE_INVALID;
}

enum phone_verdict
phone_parse(const char *text, const char *region, char out[PHONE_SIZE])
{
	struct reading reading = { .count = 0 };
	enum phone_verdict verdict = PHONE_INVALID;
	char *folded;

	out[0] = '\0';
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return PHONE_INVALID;
	folded = utf8_fold(text);
	if (read_digits(folded, &reading))
		verdict = reading.plus
		    ? parse_international(reading.digits, out)
		    : parse_plain(reading.digits, region, out);
	free(folded);
	return verdict;
}
