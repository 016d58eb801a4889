/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "unit/child.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
buf_keeps_its_limit(void **state)
{
	struct buf buf = BUF_INIT(10);

	(void)state;
	assert_true(buf_add(&buf, "12345", 5));
	assert_true(buf_printf(&buf, "%d", 67890));
	assert_string_equal(buf.data, "1234567890");
	assert_false(buf.overflow);
	assert_false(buf_add_char(&buf, 'x'));
	assert_true(buf.overflow);
	assert_false(buf_printf(&buf, "%s", "long text that never fits"));
	assert_string_equal(buf.data, "1234567890");
	assert_int_equal(buf.len, 10);
	buf_clear(&buf);
	assert_false(buf.overflow);
	assert_int_equal(buf.len, 0);
	assert_false(buf_add(&buf, "x", SIZE_MAX));
	buf_release(&buf);
	assert_null(buf.data);
}

static void
buf_grows_and_is_taken(void **state)
{
	struct buf buf = BUF_INIT(100000);
	char *text;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(buf_printf(&buf, "%03d,", i));
	assert_int_equal(buf.len, 4000);
	assert_memory_equal(buf.data + 3992, "998,999,", 9);
	text = buf_take(&buf);
	assert_int_equal(strlen(text), 4000);
	assert_int_equal(buf.len, 0);
	free(text);
	text = buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	/* A text that needs more room than there is, within the limit. */
	assert_true(buf_add_text(&buf, "ab"));
	assert_true(buf_printf(&buf, "%500d", 1));
	assert_int_equal(buf.len, 502);
	assert_int_equal(buf.data[501], '1');
	buf_release(&buf);
}

static void
mem_copies(void **state)
{
	char *text = mem_dup_n("abcdef", 3);
	unsigned char *zero = mem_alloc(64);

	(void)state;
	assert_string_equal(text, "abc");
	free(text);
	assert_null(mem_dup(NULL));
	for (int i = 0; i < 64; i++)
		assert_int_equal(zero[i], 0);
	free(zero);
	text = mem_printf("%s-%d", "x", 7);
	assert_string_equal(text, "x-7");
	free(text);
}

/* AddressSanitizer would end the process itself. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
exhaust(void *arg)
{
	(void)arg;
	/* Overflows: no machine has that much. */
	mem_array(NULL, SIZE_MAX / 2, 3);
}

static void
mem_ends_with_75(void **state)
{
	char out[256];

	(void)state;
	assert_int_equal(child_run(exhaust, NULL, out, sizeof(out)), 75);
	assert_string_equal(out, "leadpipe: out of memory\n");
}

static void
fault_is_cut_at_a_character(void **state)
{
	struct fault fault = { .retry_ms = 5 };
	char text[1001];

	(void)state;
	for (int i = 0; i < 1000; i += 2)
		memcpy(text + i, "я", 2);
	text[1000] = '\0';
	assert_int_equal(fault_set(&fault, OUT_LATER, EXIT_IO, "x%s", text),
	    OUT_LATER);
	assert_int_equal(strlen(fault.text), 319);
	assert_true(utf8_valid(fault.text, 319));
	assert_int_equal(fault.code, EXIT_IO);
	assert_int_equal(fault.retry_ms, 0);
	fault_set(&fault, OUT_LATER, EXIT_IO, "%s", text);
	assert_int_equal(strlen(fault.text), 318);
	assert_int_equal(fault_set(NULL, OUT_NEVER, EXIT_IO, "x"), OUT_NEVER);
}

static void
utf8_knows_what_is_valid(void **state)
{
	static const struct {
		const char *text;
		int valid;
	} cases[] = { { "", 1 }, { "ascii", 1 }, { "привет", 1 }, { "€", 1 },
		{ "\xf0\x9f\x98\x80", 1 }, { "\xf4\x8f\xbf\xbf", 1 },
		{ "\xf4\x90\x80\x80", 0 }, { "\xc0\x80", 0 },
		{ "\xc1\xbf", 0 }, { "\xe0\x80\x80", 0 },
		{ "\xe0\x9f\xbf", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xed\xbf\xbf", 0 }, { "\xed\x9f\xbf", 1 },
		{ "\xf0\x8f\xbf\xbf", 0 }, { "\x80", 0 }, { "\xff", 0 },
		{ "\xe2\x82", 0 }, { "a\xd0", 0 }, { "\xf8\x88\x80\x80", 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_valid(cases[i].text,
				     strlen(cases[i].text)),
		    cases[i].valid);
	assert_true(utf8_valid("a\0b", 3));
}

static void
utf8_round_trip(void **state)
{
	char bytes[5];
	const char *at;
	size_t len;

	(void)state;
	for (uint32_t c = 1; c <= 0x10ffff; c++) {
		if (c == 0xd800)
			c = 0xe000;
		len = utf8_put(bytes, c);
		bytes[len] = '\0';
		assert_true(utf8_valid(bytes, len));
		at = bytes;
		assert_int_equal(utf8_next(&at), c);
		assert_ptr_equal(at, bytes + len);
	}
	bytes[utf8_put(bytes, 0xd800)] = '\0';
	assert_string_equal(bytes, "\xef\xbf\xbd");
}

static void
utf8_counts_and_cuts(void **state)
{
	const char *broken = "a\xd0", *at = broken;

	(void)state;
	assert_int_equal(utf8_length("привет"), 6);
	assert_int_equal(utf8_length("\xf0\x9f\x98\x80!"), 2);
	assert_int_equal(utf8_length("\xff\xfe"), 2);
	assert_int_equal(utf8_prefix("привет", 2), 4);
	assert_int_equal(utf8_prefix("при", 99), 6);
	assert_int_equal(utf8_prefix_bytes("привет", 5), 4);
	assert_int_equal(utf8_prefix_bytes("привет", 4), 4);
	assert_int_equal(utf8_prefix_bytes("привет", 0), 0);
	assert_int_equal(utf8_prefix_bytes("привет", 12), 12);
	assert_int_equal(utf8_prefix_bytes("привет", 99), 12);
	assert_int_equal(utf8_prefix_bytes("\xf0\x9f\x98\x80", 3), 0);
	assert_int_equal(utf8_prefix_bytes("\x80\x80\x80\x80\x80", 3), 3);
	assert_int_equal(utf8_next(&at), 'a');
	assert_int_equal(utf8_next(&at), 0xfffd);
	assert_int_equal(utf8_next(&at), 0);
	assert_ptr_equal(at, broken + 2);
}

typedef char *changer(const char *text);

static void
assert_changed(changer *change, const char *text, const char *expected)
{
	char *result = change(text);

	assert_string_equal(result, expected);
	free(result);
}

static char *
clean_whole(const char *text)
{
	return utf8_clean(text, strlen(text));
}

static void
utf8_cleans(void **state)
{
	char *text = utf8_clean("a\0b", 3);

	(void)state;
	assert_string_equal(text, "ab");
	free(text);
	assert_changed(clean_whole, "a\x01\x1b[31m\n\t\r\x7f", "a[31m\n\t");
	assert_changed(clean_whole, "\xffя\xd1", "\xef\xbf\xbdя\xef\xbf\xbd");
	assert_changed(clean_whole, "\xc2\x9bx", "x");
	assert_changed(clean_whole, "", "");
}

static void
utf8_folds(void **state)
{
	(void)state;
	assert_changed(utf8_fold, "ПРИВЕТ, Ёлка", "привет, ёлка");
	assert_changed(utf8_fold, "ABCXYZ[`", "abcxyz[`");
	assert_changed(utf8_fold, "ÀÖ×ØÞß", "àö×øþß");
	assert_changed(utf8_fold, "ŽŁŸĞŞ", "žłÿğş");
	assert_changed(utf8_fold, "İIı", "iiı");
	assert_changed(utf8_fold, "ΣΊΣΥΦΟΣς", "σίσυφοσσ");
	assert_changed(utf8_fold, "ЇЄҐЎ ҚҢӘӨ", "їєґў қңәө");
	assert_changed(utf8_fold, "ӀӁЍ", "ӏӂѝ");
	assert_changed(utf8_fold, "ẠỆ", "ạệ");
	assert_changed(utf8_fold, "a\xff", "a\xef\xbf\xbd");
	assert_changed(utf8_fold, "日本 \xf0\x9f\x98\x80",
	    "日本 \xf0\x9f\x98\x80");
}

static void
utf8_trims(void **state)
{
	(void)state;
	assert_changed(utf8_trim, " \t\n a b \r\n", "a b");
	assert_changed(utf8_trim, "\xc2\xa0я\xc2\xa0", "я");
	assert_changed(utf8_trim, "\xef\xbb\xbf\xe2\x80\x89/start", "/start");
	assert_changed(utf8_trim, " \xc2\xa0 ", "");
	assert_changed(utf8_trim, "", "");
}

/* Turkish has two letters i, and a comma in its numbers. */
static void
work_in_locale(void *name)
{
	json_t *json;
	char *text;
	int64_t ms;

	if (setlocale(LC_ALL, name) == NULL)
		_exit(10);
	assert_changed(utf8_fold, "TITLE İI ПРИВЕТ", "title ii привет");
	json = json_parse((struct json_slice){ "[1.5]", 5 }, NULL);
	text = json_text(json);
	assert_string_equal(text, "[1.5]");
	free(text);
	json_decref(json);
	assert_int_equal(clock_parse_span("90s", &ms), 0);
	assert_int_equal(ms, 90000);
	assert_int_equal(utf8_length("привет"), 6);
	_exit(11);
}

static void
foreign_locales_change_nothing(void **state)
{
	static char names[][12] = { "C", "tr_TR", "ru_RU" };
	char dir[] = "/tmp/leadpipe-locale-XXXXXX", line[512], out[4096];
	int built;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("LOCPATH", dir, 1);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line),
		    "localedef -i %s -f UTF-8 %s/%s >/dev/null 2>&1", names[i],
		    dir, names[i]);
		built = i == 0 || system(line) == 0;
		/* Without the package locales there is none to try. */
		if (built)
			assert_int_equal(child_run(work_in_locale, names[i],
					     out, sizeof(out)),
			    11);
	}
	unsetenv("LOCPATH");
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	assert_int_equal(system(line), 0);
}

static void
suggest_finds_the_nearest(void **state)
{
	static const char *const names[] = { "BOT_TOKEN", "ADMIN_IDS",
		"REDIS_URL", "for" };
	char longest[200];

	(void)state;
	assert_string_equal(suggest("BOT_TOKN", names, 4), "BOT_TOKEN");
	assert_string_equal(suggest("BTO_TOKEN", names, 4), "BOT_TOKEN");
	assert_string_equal(suggest("BOT_TOEKNS", names, 4), "BOT_TOKEN");
	assert_string_equal(suggest("fro", names, 4), "for");
	assert_null(suggest("BOTTKE", names, 4));
	assert_null(suggest("xyr", names, 4));
	assert_null(suggest("", names, 4));
	assert_null(suggest("f", names, 4));
	assert_null(suggest("BOT_TOKEN", names, 0));
	memset(longest, 'A', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(suggest(longest, names, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_keeps_its_limit),
		cmocka_unit_test(buf_grows_and_is_taken),
		cmocka_unit_test(mem_copies),
		cmocka_unit_test(mem_ends_with_75),
		cmocka_unit_test(fault_is_cut_at_a_character),
		cmocka_unit_test(utf8_knows_what_is_valid),
		cmocka_unit_test(utf8_round_trip),
		cmocka_unit_test(utf8_counts_and_cuts),
		cmocka_unit_test(utf8_cleans),
		cmocka_unit_test(utf8_folds),
		cmocka_unit_test(utf8_trims),
		cmocka_unit_test(foreign_locales_change_nothing),
		cmocka_unit_test(suggest_finds_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
