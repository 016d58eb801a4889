/* SPDX-License-Identifier: MIT */
#include "timer.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
heap_put(struct timers *timers, size_t slot, struct timer *timer)
{
	timers->heap[slot] = timer;
	timer->slot = slot;
}

static void
heap_up(struct timers *timers, struct timer *timer)
{
	size_t slot = timer->slot;

	while (slot > 1 && timers->heap[slot / 2]->due_us > timer->due_us) {
		heap_put(timers, slot, timers->heap[slot / 2]);
		slot /= 2;
	}
	heap_put(timers, slot, timer);
}

static void
heap_down(struct timers *timers, struct timer *timer)
{
	size_t slot = timer->slot;

	for (;;) {
		size_t child = slot * 2;

		if (child > timers->len)
			break;
		if (child < timers->len &&
		    timers->heap[child + 1]->due_us <
			timers->heap[child]->due_us)
			child++;
		if (timers->heap[child]->due_us >= timer->due_us)
			break;
		heap_put(timers, slot, timers->heap[child]);
		slot = child;
	}
	heap_put(timers, slot, timer);
}

void
timer_set(struct timers *timers, struct timer *timer, int64_t due_us)
{
	timer_stop(timers, timer);
	if (timers->len + 2 > timers->room) {
		size_t room = timers->room ? timers->room * 2 : 64;
		struct timer **heap = text_alloc(room, sizeof(*heap));

		if (timers->heap)
			memcpy(heap, timers->heap,
			    (timers->len + 1) * sizeof(*heap));
		free(timers->heap);
		timers->heap = heap;
		timers->room = room;
	}
	timer->due_us = due_us;
	timer->slot = ++timers->len;
	heap_up(timers, timer);
}

void
timer_stop(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (!timer->slot)
		return;
	last = timers->heap[timers->len--];
	if (last != timer) {
		last->slot = timer->slot;
		heap_up(timers, last);
		heap_down(timers, last);
	}
	timer->slot = 0;
}

void
timers_run(struct timers *timers)
{
	int64_t now = mono_us();

	while (timers->len && timers->heap[1]->due_us <= now) {
		struct timer *timer = timers->heap[1];

		timer_stop(timers, timer);
		timer->fire(timer->arg);
	}
}

int64_t
timers_next(const struct timers *timers)
{
	return timers->len ? timers->heap[1]->due_us : -1;
}
