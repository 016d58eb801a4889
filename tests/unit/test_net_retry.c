/* SPDX-License-Identifier: MIT */
/* needs: net base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/retry.h"

#define DRAWS 4000

static void
assert_spread(const struct retry *retry, int64_t tries, int64_t low,
    int64_t high)
{
	int64_t least = INT64_MAX, most = 0, wait;

	for (int i = 0; i < DRAWS; i++) {
		wait = retry_wait_ms(retry, tries);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_true(least >= low);
	assert_true(most <= high);
	/* Jitter uses the whole range. */
	assert_true(least <= low + (high - low) / 10);
	assert_true(most >= high - (high - low) / 10);
}

static void
telegram_steps(void **state)
{
	(void)state;
	assert_spread(&retry_telegram, 1, 500, 1000);
	assert_spread(&retry_telegram, 2, 2500, 5000);
	assert_spread(&retry_telegram, 3, 7500, 15000);
	assert_spread(&retry_telegram, 4, 30000, 60000);
	assert_spread(&retry_telegram, 5, 30000, 120000);
	assert_spread(&retry_telegram, 6, 60000, 240000);
	assert_spread(&retry_telegram, 7, 120000, 480000);
	assert_spread(&retry_telegram, 8, 225000, 900000);
	assert_spread(&retry_telegram, 9, 225000, 900000);
}

/* Nobody is asked earlier than was promised. */
static void
crm_steps(void **state)
{
	(void)state;
	assert_int_equal(2000, retry_wait_ms(&retry_crm, 1));
	assert_int_equal(4000, retry_wait_ms(&retry_crm, 2));
	assert_spread(&retry_crm, 3, 300000, 330000);
	assert_spread(&retry_crm, 4, 600000, 660000);
	assert_spread(&retry_crm, 7, 3600000, 3960000);
	assert_spread(&retry_crm, INT64_MAX, 3600000, 3960000);
}

static void
extremes(void **state)
{
	const struct retry full = { { 10, 20, 30, 40 }, 100, 350, false };
	const struct retry bare = { { 0 }, 60000, INT64_MAX, false };
	const struct retry none = { { 0 }, 0, 0, false };

	(void)state;
	assert_spread(&retry_telegram, INT64_MAX, 225000, 900000);
	assert_in_range(retry_wait_ms(&retry_telegram, 0), 500, 1000);
	assert_in_range(retry_wait_ms(&retry_telegram, INT64_MIN), 500, 1000);
	assert_in_range(retry_wait_ms(&full, 4), 20, 40);
	assert_in_range(retry_wait_ms(&full, 5), 50, 100);
	assert_in_range(retry_wait_ms(&full, 6), 100, 200);
	assert_in_range(retry_wait_ms(&full, 7), 175, 350);
	assert_true(retry_wait_ms(&bare, INT64_MAX) >= INT64_MAX / 4);
	assert_int_equal(retry_wait_ms(&none, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(telegram_steps),
		cmocka_unit_test(crm_steps),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
