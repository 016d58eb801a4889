/* SPDX-License-Identifier: MIT */
/* needs: ops base */
/*
 * Threshold ranges: every row of tests/data/nagios-ranges.tsv, and what other
 * parsers let pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ops/range.h"

/* One row: range, value, and 1, 0 or ERR. */
static void
row_holds(const char *text, const char *value, const char *alert)
{
	struct range range;
	bool parsed =
	    range_parse(strcmp(text, "<empty>") == 0 ? "" : text, &range);

	if (strcmp(alert, "ERR") == 0) {
		if (parsed)
			fail_msg("'%s' is taken for a range", text);
		return;
	}
	if (!parsed)
		fail_msg("'%s' is refused", text);
	if (range_alerts(&range, strtod(value, NULL)) != (*alert == '1'))
		fail_msg("'%s' of %s should be %s", text, value, alert);
}

static void
every_row_of_the_table(void **state)
{
	char *path =
	    mem_printf("%s/tests/data/nagios-ranges.tsv", getenv("TOP"));
	FILE *table = fopen(path, "re");
	char line[512];
	int rows = 0;

	(void)state;
	assert_non_null(table);
	while (fgets(line, sizeof(line), table) != NULL) {
		char *rest = line;
		const char *text = strsep(&rest, "\t");
		const char *value = strsep(&rest, "\t");
		const char *alert = strsep(&rest, "\t");

		if (*line == '#' || strcmp(text, "range") == 0)
			continue;
		assert_non_null(alert);
		row_holds(text, value, alert);
		rows++;
	}
	fclose(table);
	free(path);
	assert_in_range(rows, 70, 1000);
}

static void
nothing_left_over_passes(void **state)
{
	static const char *const wrong[] = { "1e3", "0x10", "+5", ".5", "5.",
		"nan", "inf", "~5", "5:~", "@@5", "5:6 ", "-", "-5", "5::6",
		"1\t", "~~:", "1.2.3" };
	struct range range;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (range_parse(wrong[i], &range))
			fail_msg("'%s' is taken for a range", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table),
		cmocka_unit_test(nothing_left_over_passes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
