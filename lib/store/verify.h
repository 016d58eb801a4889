/* SPDX-License-Identifier: MIT */
/*
 * What must hold in the tables whatever happened: the rules that the schema
 * itself cannot state.
 */
#ifndef LEADPIPE_VERIFY_H
#define LEADPIPE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/db.h"

struct verify_rule {
	const char *name; /* lane-head; for programs */
	const char *text; /* what must hold */
	const char *item; /* what a broken one is: message, chat ... */
	const char *sql;
};

extern const struct verify_rule verify_rules[];
extern const size_t verify_rule_count;

/* How many rows break RULE; *FIRST is the lowest of them. */
enum outcome verify_rule(struct db *db, const struct verify_rule *rule,
    int64_t *broken, int64_t *first, struct fault *fault) must_check;

/* Reads every page; FULL also compares each index with its table, which takes
 * several times as long.  OUT_NEVER/EXIT_IO with the first problem. */
enum outcome verify_pages(struct db *db, bool full, struct fault *fault)
    must_check;

#endif
