/* SPDX-License-Identifier: MIT */
/*
 * What happens later, in one heap. A timer lives inside its owner and must be
 * stopped before the owner goes. Times are CLOCK_MONOTONIC microseconds.
 */
#ifndef TELEGRAM_SIM_TIMER_H
#define TELEGRAM_SIM_TIMER_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_us;
	size_t slot; /* 1 is the first; 0: not set */
	void (*fire)(void *arg);
	void *arg;
};

struct timers {
	struct timer **heap;
	size_t len;
	size_t room;
};

int64_t mono_us(void);

/* Sets the timer, or moves it when it is set already. */
void timer_set(struct timers *timers, struct timer *timer, int64_t due_us);
void timer_stop(struct timers *timers, struct timer *timer);

/* Fires what is due. */
void timers_run(struct timers *timers);

/* When the next one is due, or -1. */
int64_t timers_next(const struct timers *timers);

#endif
