/* SPDX-License-Identifier: MIT */
#include "net/retry.h"

#include <stdbool.h>

#include "base/id.h"

#define MINUTE_MS 60000
#define STEPS (sizeof(((struct retry *)0)->step_ms) / sizeof(int64_t))

const struct retry retry_telegram = { .step_ms = { 1000, 5000, 15000 },
	.grow_ms = MINUTE_MS,
	.most_ms = 15 * MINUTE_MS };

const struct retry retry_crm = { .step_ms = { 2000, 4000 },
	.grow_ms = 5 * MINUTE_MS,
	.most_ms = 60 * MINUTE_MS,
	.never_earlier = true };

/* The wait without jitter; *STEP tells whether it is one of the first. */
static int64_t
plain_wait(const struct retry *retry, int64_t tries, bool *step)
{
	int64_t wait, past = tries > 0 ? tries - 1 : 0;
	size_t i = 0;

	while (i < STEPS && retry->step_ms[i] > 0 && past > 0) {
		i++;
		past--;
	}
	*step = i < STEPS && retry->step_ms[i] > 0;
	if (*step)
		return retry->step_ms[i];
	wait = retry->grow_ms;
	for (; past > 0 && wait > 0 && wait < retry->most_ms; past--)
		wait = wait > retry->most_ms / 2 ? retry->most_ms : wait * 2;
	return wait < retry->most_ms ? wait : retry->most_ms;
}

/* 0..SPAN, both included. */
static int64_t
random_up_to(int64_t span)
{
	if (span <= 0)
		return 0;
	return span < UINT32_MAX ? id_random_below((uint32_t)span + 1)
				 : id_random_below(UINT32_MAX);
}

int64_t
retry_wait_ms(const struct retry *retry, int64_t tries)
{
	bool step;
	int64_t wait = plain_wait(retry, tries, &step), drawn;

	if (retry->never_earlier)
		return step ? wait : wait + random_up_to(wait / 10);
	if (step || wait <= MINUTE_MS)
		return wait / 2 + random_up_to(wait - wait / 2);
	drawn = random_up_to(wait);
	return drawn < wait / 4 ? wait / 4 : drawn;
}
