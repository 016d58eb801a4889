/* SPDX-License-Identifier: MIT */
#include "span.h"

#include "sim/telegram-sim/timer.h"

#include <time.h>

void
span_start(struct span *span)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	span->wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	span->mono_us = mono_us();
	span->scale = 1;
}

int64_t
span_now_ms(const struct span *span)
{
	double gone_us = (double)(mono_us() - span->mono_us);

	return span->wall_ms + (int64_t)(gone_us * span->scale / 1000);
}

void
span_change(struct span *span, double scale, int64_t ahead_ms)
{
	span->wall_ms = span_now_ms(span) + ahead_ms;
	span->mono_us = mono_us();
	if (scale > 0)
		span->scale = scale;
}

int64_t
span_real_us(const struct span *span, int64_t ms)
{
	return (int64_t)((double)ms * 1000 / span->scale);
}
