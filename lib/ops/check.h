/* SPDX-License-Identifier: MIT */
/*
 * Checks: what healthcheck says of each component.  A component is a function
 * that adds checks, one for each fact; some are measured against a pair of
 * ranges.  The worst state counts: OK < UNKNOWN < WARNING < CRITICAL.
 */
#ifndef LEADPIPE_CHECK_H
#define LEADPIPE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fault.h"
#include "ops/range.h"
#include "store/db.h"

/* In the order of badness. */
enum check_state { CHECK_OK, CHECK_UNKNOWN, CHECK_WARNING, CHECK_CRITICAL };

struct check {
	const char *component, *name;
	char subject[64]; /* which one, where NAME is of several; "" */
	enum check_state state;
	char text[320];		     /* one line; "": only a number */
	char remedy[320];	     /* what to do; "": nothing */
	int64_t since;		     /* wall ms, 0: not known */
	const struct metric *metric; /* NULL: not measured */
	bool known;		     /* the value is */
	bool absent;		     /* there is nothing that could be well */
	double value;
};

/* A number with the ranges that it is held against. */
struct metric {
	const char *name, *component, *unit;
	char warning[48], critical[48]; /* as given; "": none */
};

struct checks {
	struct check *list;
	size_t count;
	struct metric *metrics;
	size_t metric_count;
	int64_t now; /* wall ms */
	/* Borrowed paths of the database and of its newest backup; NULL: not
	 * known, or none. */
	const char *path, *backup;
	int64_t online_by; /* Telegram is asked until then (monotonic ms); 0:
			      not at all */
};

/* With the default ranges. */
void checks_init(struct checks *checks, int64_t now);
void checks_release(struct checks *checks);

/* Sets the range of "NAME=RANGE"; EXIT_USAGE when there is no such name or
 * the range is none. */
enum outcome checks_set_range(struct checks *checks, const char *text,
    bool critical, struct fault *fault) must_check;

/* A new check, OK; valid until the next one is added.  NAME is a constant. */
struct check *checks_add(struct checks *checks, const char *component,
    const char *name);

/* A new check of the metric NAME: its ranges decide the state. */
struct check *checks_measure(struct checks *checks, const char *name,
    double value);

/* The same of an age: the seconds since SINCE (wall ms; 0: there is nothing
 * that could be old), never negative; SPAN is the age for people. */
struct check *checks_measure_age(struct checks *checks, const char *name,
    int64_t since, char span[CLOCK_TEXT_SIZE]);

/* Takes back all checks of COMPONENT. */
void checks_drop(struct checks *checks, const char *component);

/* Says which of several it is about: a command, a CRM. */
void check_of(struct check *check, const char *subject);

void check_say(struct check *check, const char *fmt, ...) printf_like(2, 3);
void check_mend(struct check *check, const char *fmt, ...) printf_like(2, 3);

/* A span for people: milliseconds say nothing here.  Returns TEXT. */
char *check_span(int64_t ms, char text[CLOCK_TEXT_SIZE]);

/* What a failure means to the monitoring: CRITICAL where somebody must act,
 * UNKNOWN where only the check could not be done. */
void check_fault(struct check *check, const struct fault *fault);

/* The same as a check NAME of its own, for what a database did to COMPONENT:
 * its remedy is the newest backup, or to end who keeps it. */
void checks_fault(struct checks *checks, const char *component,
    const char *name, const struct fault *fault);

/* The worst state of all. */
enum check_state checks_state(const struct checks *checks);

/* 0 to 3, as plugins exit. */
int check_exit(enum check_state state);
const char *check_state_name(enum check_state state);

#endif
