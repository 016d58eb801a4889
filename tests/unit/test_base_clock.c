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

#include <limits.h>

#include "base/clock.h"

static void
texts_and_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = { { 0, "1970-01-01T00:00:00.000Z" },
		{ 1795219199123, "2026-11-20T23:59:59.123Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" } };
	char buf[CLOCK_TEXT_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(clock_text(cases[i].ms, buf),
		    cases[i].text);
		assert_int_equal(clock_parse(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
	assert_true(strlen(clock_text(INT64_MAX, buf)) < CLOCK_TEXT_SIZE);
	assert_true(strlen(clock_text(INT64_MIN, buf)) < CLOCK_TEXT_SIZE);
}

static void
other_forms_are_read(void **state)
{
	static const char *const same[] = { "2026-11-20T20:59:59Z",
		"2026-11-20 20:59:59Z", "2026-11-20T23:59:59+03:00",
		"2026-11-20 23:59:59.000+0300", "2026-11-20t15:29:59-05:30",
		"2026-11-20T20:59:59.0004z" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(clock_parse(same[i], &ms), 0);
		assert_int_equal(ms, 1795208399000);
	}
}

static void
no_times_are_refused(void **state)
{
	static const char *const wrong[] = { "", "now", "2026-11-20",
		"2026-11-20T20:59:59", "2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+03:60",
		"26-01-01T00:00:00Z", "2026-1-1T00:00:00Z",
		"-026-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567890Z" };
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(clock_parse(wrong[i], &ms), -1);
	assert_int_equal(ms, 42);
}

static void
spans(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = { { "90", 90000 }, { "0", 0 }, { "90s", 90000 },
		{ "5m", 300000 }, { "2h", 7200000 }, { "1d", 86400000 },
		{ "1w", 604800000 }, { "250ms", 250 },
		{ "9223372036854775807ms", INT64_MAX } };
	static const char *const wrong[] = { "", "s", "-1", "-5m", "+5m", "5x",
		"5 m", "1.5h", "5mm", " 5", "9223372036854775807",
		"9223372036854775808ms", "99999999999999999999",
		"15250284452472w", "0x10", "५m" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(clock_parse_span(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
	ms = 42;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(clock_parse_span(wrong[i], &ms), -1);
	assert_int_equal(ms, 42);
}

static void
spans_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = { { 0, "0 s" }, { -5, "0 s" }, { 250, "250 ms" },
		{ 3000, "3 s" }, { 59999, "59 s" }, { 60000, "1 min" },
		{ 300000, "5 min" }, { 302000, "5 min" },
		{ 7800000, "2 h 10 min" }, { 7200000, "2 h" },
		{ 97200000, "1 d 3 h" }, { 86400000, "1 d" },
		{ INT64_MAX, "106751991167 d 7 h" } };
	char buf[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(clock_span_text(cases[i].ms, buf),
		    cases[i].text);
}

/* Before the clock is faked: nothing turns it back. */
static void
real_clock_moves_and_sleeps(void **state)
{
	int64_t start = clock_mono_ms(), us = clock_mono_us();

	(void)state;
	clock_sleep_until(start + 30);
	assert_in_range(clock_mono_ms() - start, 30, 20000);
	assert_true(clock_mono_us() - us >= 29000);
	clock_sleep_until(start - 1000);
	/* After the time this was written. */
	assert_true(clock_wall_ms() > 1700000000000);
}

static void
fake_clock_stands(void **state)
{
	(void)state;
	clock_fake(1000, 500);
	assert_int_equal(clock_wall_ms(), 1000);
	assert_int_equal(clock_mono_ms(), 500);
	clock_fake_advance(10);
	assert_int_equal(clock_wall_ms(), 1010);
	assert_int_equal(clock_mono_us(), 510000);
	assert_int_equal(clock_left_ms(510), 0);
	assert_int_equal(clock_left_ms(400), 0);
	assert_int_equal(clock_left_ms(511), 1);
	assert_int_equal(clock_left_ms(CLOCK_NEVER), INT_MAX);
	clock_sleep_until(600);
	assert_int_equal(clock_mono_ms(), 600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_back),
		cmocka_unit_test(other_forms_are_read),
		cmocka_unit_test(no_times_are_refused),
		cmocka_unit_test(spans),
		cmocka_unit_test(spans_for_people),
		cmocka_unit_test(real_clock_moves_and_sleeps),
		cmocka_unit_test(fake_clock_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
