/* SPDX-License-Identifier: MIT */
/*
 * The only clock.  Wall time is for what must survive a reboot (due times),
 * monotonic time for every deadline: a clock that is set back or forward never
 * makes a call hang or end early.  Nothing else in the program asks the system
 * for the time or sleeps.
 */
#ifndef LEADPIPE_CLOCK_H
#define LEADPIPE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NEVER INT64_MAX

/* Milliseconds since the epoch, UTC. */
int64_t clock_wall_ms(void);

/* Milliseconds of CLOCK_MONOTONIC; deadlines are instants of this clock. */
int64_t clock_mono_ms(void);

/* Microseconds of CLOCK_MONOTONIC, for measuring. */
int64_t clock_mono_us(void);

/* Tests only: makes both clocks stand at these instants until moved;
 * clock_sleep_until() then moves them instead of sleeping. */
void clock_fake(int64_t wall_ms, int64_t mono_ms);

/* Tests only: moves a faked clock on by MS. */
void clock_fake_advance(int64_t ms);

/* What is left until DEADLINE, never negative; INT_MAX at most. */
int clock_left_ms(int64_t deadline);

/* Sleeps until DEADLINE (monotonic); returns early when a signal came. */
void clock_sleep_until(int64_t deadline);

/*
 * Writes WALL_MS as 2026-11-20T23:59:59.123Z.  BUF has CLOCK_TEXT_SIZE bytes;
 * returns BUF.
 */
#define CLOCK_TEXT_SIZE 32
char *clock_text(int64_t wall_ms, char buf[CLOCK_TEXT_SIZE]);

/* Reads what clock_text() writes, also without fraction, with a space instead
 * of T, or with an offset +03:00.  Returns -1 when TEXT is not a time. */
int clock_parse(const char *text, int64_t *wall_ms);

/* Reads a span such as 90s, 5m, 2h, 1d, 1w, or a bare number of seconds.
 * Returns -1 when TEXT is not a span, is negative or overflows. */
int clock_parse_span(const char *text, int64_t *ms);

/* Writes a span for people: "5 min", "2 h 10 min", "3 s"; returns BUF. */
char *clock_span_text(int64_t ms, char buf[CLOCK_TEXT_SIZE]);

#endif
