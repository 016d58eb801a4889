/* SPDX-License-Identifier: MIT */
/* needs: base */
/*
 * Telephone numbers: every row of tests/data/phone-e164-oracle.jsonl (what
 * libphonenumber makes of 33 texts), and what people type into forms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/phone.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sample {
	const char *text, *region, *expected;
	enum phone_verdict verdict;
};

static void
check(const struct sample *sample)
{
	char out[PHONE_SIZE];
	enum phone_verdict verdict =
	    phone_parse(sample->text, sample->region, out);

	if (verdict != sample->verdict || strcmp(out, sample->expected) != 0)
		fail_msg("\"%s\" (%s) became %d %s instead of %d %s",
		    sample->text, sample->region ? sample->region : "-",
		    verdict, out, sample->verdict, sample->expected);
}

static void
check_valid(const char *text, const char *expected)
{
	check(&(struct sample){ text, NULL, expected, PHONE_VALID });
}

static void
check_invalid(const char *text)
{
	check(&(struct sample){ text, NULL, "", PHONE_INVALID });
	check(&(struct sample){ text, "KZ", "", PHONE_INVALID });
}

/* What libphonenumber calls valid must come out the same.  What it does not
 * may be valid here only with its very digits (area codes are not looked up);
 * another number must be called a guess. */
static void
check_row(const json_t *row)
{
	const char *text = json_get_text(row, "in");
	const char *expected = json_get_text(row, "out");
	char out[PHONE_SIZE];
	enum phone_verdict verdict =
	    phone_parse(text, json_get_text(row, "default"), out);

	print_message("%s -> %d %s\n", text, verdict, out);
	assert_int_equal(verdict == PHONE_INVALID, out[0] == '\0');
	if (json_get_bool(row, "valid", false)) {
		assert_int_equal(verdict, PHONE_VALID);
		assert_string_equal(out, expected);
	} else if (verdict == PHONE_VALID) {
		assert_non_null(expected);
		assert_string_equal(out, expected);
	}
}

static void
oracle_agrees(void **state)
{
	char *path =
	    mem_printf("%s/tests/data/phone-e164-oracle.jsonl", getenv("TOP"));
	char *text, *save, *line;
	struct fault fault;
	json_t *row;
	size_t len;
	int rows = 0;

	(void)state;
	assert_int_equal(file_read(path, 1 << 20, &text, &len, &fault),
	    OUT_OK);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save), rows++) {
		row = json_parse((struct json_slice){ line, strlen(line) },
		    NULL);
		assert_non_null(row);
		check_row(row);
		json_decref(row);
	}
	assert_int_equal(rows, 33);
	free(text);
	free(path);
}

/* Every way to write one number leads to the same text. */
static void
russian_forms_meet(void **state)
{
	static const char *const forms[] = { "89991234567", "79991234567",
		"9991234567", "+79991234567", "+7 999 123 45 67",
		"8(999)123-45-67", "8 999 123.45.67", "+7-(999)-123-45-67",
		"  8 999 123 45 67\t\r\n", "7 (999) 1234567",
		"8\xc2\xa0"
		"999\xc2\xa0"
		"1234567",
		"8–999–123—45−67", "+7 8 999 123 45 67",
		"8 10 7 999 123 45 67", "tel:+79991234567",
		"Тел.: 8 (999) 123-45-67", "https://wa.me/79991234567",
		"++7 999 1234567", "(+7)9991234567", "'+79991234567",
		"８９９９１２３４５６７", "＋７ ９９９ １２３４５６７",
		"٨٩٩٩١٢٣٤٥٦٧", "۸۹۹۹۱۲۳۴۵۶۷", "8️⃣9991234567",
		"\xe2\x80\xaa+7 999 123-45-67\xe2\x80\xac",
		"8 999 123 45 67 доб. 12", "8 999 123 45 67 доб 1 2",
		"8 999 123 45 67 ДОБАВОЧНЫЙ 5", "+79991234567 ext. 7",
		"+79991234567;ext=7", "+79991234567x7", "+79991234567 х 7",
		"+79991234567 #7", "+79991234567 вн. 300",
		"8 999 123 45 67 Иван", "8 999 123 45 67 (после обеда)" };

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++)
		check_valid(forms[i], "+79991234567");
}

static void
numbers_of_the_zone_are_told(void **state)
{
	(void)state;
	check_valid("8 495 123-45-67", "+74951234567");
	check_valid("3012123456", "+73012123456");
	check_valid("8 800 555 35 35", "+78005553535");
	check_valid("8 727 312 34 56", "+77273123456");
	check_valid("7 701 123 45 67", "+77011234567");
	check_valid("7011234567", "+77011234567");
	check_valid("8123456789", "+78123456789");
	/* No area code begins with these. */
	check_invalid("8 099 123 45 67");
	check_invalid("+7 199 123 45 67");
	check_invalid("7 299 123 45 67");
	check_invalid("5991234567");
	check_invalid("+7 699 123 45 67");
	/* A mobile number with its trunk 8, whose last digit was cut off. */
	check_invalid("+7 (899) 912-34-56");
	check_invalid("8999123456");
}

static void
other_countries_keep_their_digits(void **state)
{
	(void)state;
	check_valid("+375 29 123-45-67", "+375291234567");
	check_valid("+1 (212) 555-0123", "+12125550123");
	check_valid("+49 30 123456", "+4930123456");
	check_valid("+86 138 1234 5678", "+8613812345678");
	check_valid("+82 10 1234 5678", "+821012345678");
	check_valid("+81 90-1234-5678", "+819012345678");
	check_valid("+852 5123 4567", "+85251234567");
	check_valid("+886 912 345 678", "+886912345678");
	check_valid("8 10 375 29 123 45 67", "+375291234567");
	check_valid("+123456789012345", "+123456789012345");
	check_valid("+12345678", "+12345678");
	check_invalid("+1234567");
	check_invalid("+1234567890123456");
	check_invalid("+0 123 456 78 90");
	/* 8 is the trunk prefix, not a country. */
	check_invalid("+8 999 123 45 67");
	check_invalid("+8 495 123 45 67");
	check_invalid("+8 800 555 35 35");
	check_invalid("+87654321");
}

static void
foreign_numbers_without_plus_are_guesses(void **state)
{
	static const struct sample samples[] = {
		{ "998901234567", NULL, "+998901234567", PHONE_GUESSED },
		{ "375 29 123 45 67", "RU", "+375291234567", PHONE_GUESSED },
		{ "380501234567", "KZ", "+380501234567", PHONE_GUESSED },
		{ "996555123456", NULL, "+996555123456", PHONE_GUESSED },
		{ "992900123456", NULL, "+992900123456", PHONE_GUESSED },
		{ "99365123456", NULL, "+99365123456", PHONE_GUESSED },
		{ "994501234567", NULL, "+994501234567", PHONE_GUESSED },
		{ "995591234567", NULL, "+995591234567", PHONE_GUESSED },
		{ "37477123456", NULL, "+37477123456", PHONE_GUESSED },
		{ "37369123456", NULL, "+37369123456", PHONE_GUESSED },
		{ "37529123456", NULL, "", PHONE_INVALID },
		{ "3752912345678", NULL, "", PHONE_INVALID },
		{ "80291234567", NULL, "", PHONE_INVALID },
		{ "12125550123", NULL, "", PHONE_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(&samples[i]);
}

static void
regions_have_their_own_form(void **state)
{
	static const struct sample samples[] = {
		{ "80291234567", "BY", "+375291234567", PHONE_VALID },
		{ "291234567", "BY", "+375291234567", PHONE_VALID },
		{ "375291234567", "BY", "+375291234567", PHONE_VALID },
		{ "998901234567", "BY", "+998901234567", PHONE_GUESSED },
		{ "89991234567", "BY", "+79991234567", PHONE_GUESSED },
		{ "90 123 45 67", "UZ", "+998901234567", PHONE_VALID },
		{ "998901234567", "UZ", "+998901234567", PHONE_VALID },
		{ "+79991234567", "UZ", "+79991234567", PHONE_VALID },
		{ "050 123 45 67", "UA", "+380501234567", PHONE_VALID },
		{ "9991234567", "UA", "", PHONE_INVALID },
		{ "0555 123 456", "KG", "+996555123456", PHONE_VALID },
		{ "8 701 123 45 67", "KZ", "+77011234567", PHONE_VALID },
		{ "291234567", "RU", "", PHONE_INVALID },
		{ "8 999 123 45 67", "??", "+79991234567", PHONE_VALID },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(&samples[i]);
}

static void
no_number_is_made_up(void **state)
{
	static const char *const texts[] = { "", " ", "+", "-", "нет", "123",
		"12345678901234567890", "1234567", "8 999 123 45 6O",
		"8 999 123 45 6О", "8 999 12O 45 67", "8 9l9 123 45 67",
		"8 99З 123 45 67", "O9991234567", "+79991234567+79991234567",
		"89991234567 89161234567", "89991234567, 89161234567",
		"8 999 123 45 67 или 8 916 123 45 67", "8 999 кв 123 45 67",
		"8x9991234567", "00 7 999 123 45 67", "7 999 123 45 67 8",
		"7 999 123 45 67 - 18", "ivan@example.org",
		"'; DROP TABLE leads; --", "<b>8</b>", "\xff\xfe", "😀😀😀",
		"8 999 123 45", "89991234567 до 18:00", "+7", "810", "81079" };
	char out[PHONE_SIZE], *text;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_invalid(texts[i]);
	text = mem_printf("%0100000d", 9);
	check_invalid(text);
	free(text);
	text = mem_printf("8 999 123 45 67%200s", "");
	assert_int_equal(phone_parse(text, NULL, out), PHONE_INVALID);
	free(text);
}

/* Whatever comes in, what comes out is "" or E.164, and reads as itself. */
static void
results_are_stable(void **state)
{
	static const char *const pieces[] = { "+", "8", "7", "9", "0", "123",
		"999", "375", " ", "(", "доб", "x", "o", "\xff", "810", "#" };
	char text[64], out[PHONE_SIZE], again[PHONE_SIZE];
	const char *piece;
	unsigned seed = 1, valid = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		text[0] = '\0';
		for (int n = rand_r(&seed) % 9; n >= 0; n--) {
			piece =
			    pieces[(unsigned)rand_r(&seed) % COUNT(pieces)];
			strcat(text, piece);
		}
		if (phone_parse(text, NULL, out) == PHONE_INVALID) {
			assert_string_equal(out, "");
			continue;
		}
		valid++;
		assert_int_equal(out[0], '+');
		assert_in_range(strlen(out), 9, PHONE_SIZE - 1);
		assert_int_equal(strspn(out + 1, "0123456789"),
		    strlen(out + 1));
		assert_int_equal(phone_parse(out, NULL, again), PHONE_VALID);
		assert_string_equal(again, out);
	}
	assert_true(valid > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oracle_agrees),
		cmocka_unit_test(russian_forms_meet),
		cmocka_unit_test(numbers_of_the_zone_are_told),
		cmocka_unit_test(other_countries_keep_their_digits),
		cmocka_unit_test(foreign_numbers_without_plus_are_guesses),
		cmocka_unit_test(regions_have_their_own_form),
		cmocka_unit_test(no_number_is_made_up),
		cmocka_unit_test(results_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
