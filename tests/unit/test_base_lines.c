/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/terminal.h"

/* A pipe, and lines of at most 8 bytes read from it. */
struct pair {
	int in, out;
	struct lines lines;
	char *line;
	size_t len;
};

static int
pair_open(void **state)
{
	static struct pair pair;
	int fds[2];

	if (pipe(fds) < 0)
		return -1;
	pair = (struct pair){ .in = fds[0], .out = fds[1] };
	lines_init(&pair.lines, pair.in, 8);
	*state = &pair;
	return 0;
}

static int
pair_close(void **state)
{
	struct pair *pair = *state;

	lines_release(&pair->lines);
	close(pair->in);
	if (pair->out >= 0)
		close(pair->out);
	return 0;
}

static void
say(struct pair *pair, const char *text)
{
	assert_int_equal(write(pair->out, text, strlen(text)), strlen(text));
}

static void
hang_up(struct pair *pair)
{
	close(pair->out);
	pair->out = -1;
}

static enum lines_next
next(struct pair *pair, bool wait)
{
	return lines_next(&pair->lines, wait, -1, &pair->line, &pair->len);
}

static void
expect(struct pair *pair, const char *text)
{
	assert_int_equal(next(pair, true), LINES_LINE);
	assert_string_equal(pair->line, text);
	assert_int_equal(pair->len, strlen(text));
}

static void
lines_come_one_by_one(void **state)
{
	struct pair *pair = *state;

	say(pair, "one\r\ntwo\n\n12345678\nlast");
	hang_up(pair);
	expect(pair, "one");
	expect(pair, "two");
	expect(pair, "");
	expect(pair, "12345678");
	expect(pair, "last");
	assert_int_equal(pair->lines.number, 5);
	assert_int_equal(next(pair, true), LINES_END);
	assert_int_equal(next(pair, false), LINES_END);
}

static void
half_a_line_is_waited_for(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(next(pair, false), LINES_LATER);
	say(pair, "ha");
	assert_int_equal(next(pair, false), LINES_LATER);
	say(pair, "lf\nne");
	expect(pair, "half");
	assert_int_equal(next(pair, false), LINES_LATER);
	say(pair, "xt\n");
	expect(pair, "next");
}

static void
a_long_line_is_passed_over(void **state)
{
	struct pair *pair = *state;

	say(pair, "a\n123456789\nb\n0123456789012345678901234567890123456789");
	expect(pair, "a");
	assert_int_equal(next(pair, true), LINES_TOO_LONG);
	assert_int_equal(pair->lines.number, 2);
	expect(pair, "b");
	assert_int_equal(next(pair, false), LINES_LATER);
	hang_up(pair);
	assert_int_equal(next(pair, true), LINES_TOO_LONG);
	assert_int_equal(next(pair, true), LINES_END);
}

static void
a_signal_ends_the_waiting(void **state)
{
	struct pair *pair = *state;
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(lines_next(&pair->lines, true, stop[0], &pair->line,
			     &pair->len),
	    LINES_STOPPED);
	close(stop[0]);
	close(stop[1]);
}

static void
a_bad_descriptor_fails(void **state)
{
	struct lines lines;
	char *line;
	size_t len;

	(void)state;
	lines_init(&lines, -1, 8);
	close(63);
	lines.fd = 63;
	assert_int_equal(lines_next(&lines, false, -1, &line, &len),
	    LINES_FAILED);
	lines_release(&lines);
}

static void
expect_shown(const char *text, size_t max, const char *shown)
{
	struct buf out = BUF_INIT(1 << 20);

	buf_add_text(&out, ":");
	terminal_add(&out, text, max);
	assert_string_equal(out.data + 1, shown);
	buf_release(&out);
}

static void
text_is_harmless_on_a_terminal(void **state)
{
	(void)state;
	expect_shown("Иван <b>\"\\", 100, "Иван <b>\"\\");
	expect_shown("a\x1b[31m\x07\xc2\x9b", 100,
	    "a\\u001b[31m\\u0007\\u009b");
	expect_shown("a\nb\tc", 100, "a\\nb\\tc");
	expect_shown("\xe2\x80\xae"
		     "evil\xe2\x80\xac",
	    100, "\\u202eevil\\u202c");
	expect_shown("\xe2\x81\xa6x", 100, "\\u2066x");
	expect_shown("Ёжик", 4, "Ёжик");
	expect_shown("Ёжики", 4, "Ёжик...");
	expect_shown("\xff", 100, "\xef\xbf\xbd");
	expect_shown(NULL, 100, "");
	expect_shown("abc", 0, "...");
}

static void
a_long_text_is_shown_whole(void **state)
{
	char text[10001];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	expect_shown(text, 20000, text);
}

static void
times_are_told(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	terminal_add_time(&out, 1795219199123);
	buf_add_char(&out, '|');
	terminal_add_distance(&out, 240000, 0, "late");
	buf_add_char(&out, '|');
	terminal_add_distance(&out, 1000, 13000, "late");
	assert_string_equal(out.data,
	    "2026-11-20 23:59:59 UTC|in 4 min|12 s late");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_come_one_by_one,
		    pair_open, pair_close),
		cmocka_unit_test_setup_teardown(half_a_line_is_waited_for,
		    pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_long_line_is_passed_over,
		    pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_signal_ends_the_waiting,
		    pair_open, pair_close),
		cmocka_unit_test(a_bad_descriptor_fails),
		cmocka_unit_test(text_is_harmless_on_a_terminal),
		cmocka_unit_test(a_long_text_is_shown_whole),
		cmocka_unit_test(times_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
