/* SPDX-License-Identifier: MIT */
/*
 * The simulator's time: it starts as the machine's, may run faster and may be
 * moved ahead, so that a test need not wait a minute for an index.
 */
#ifndef CRM_SIM_SPAN_H
#define CRM_SIM_SPAN_H

#include <stdint.h>

struct span {
	int64_t mono_us; /* where the present speed began */
	int64_t wall_ms; /* the time shown then */
	double scale;
};

void span_start(struct span *span);
int64_t span_now_ms(const struct span *span);

/* From now on so many times faster, and so much later. */
void span_change(struct span *span, double scale, int64_t ahead_ms);

/* Microseconds of the machine that `ms` of the simulator take. */
int64_t span_real_us(const struct span *span, int64_t ms);

#endif
