/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a flow, where, and what to do about it.
 */
#ifndef LEADPIPE_FINDING_H
#define LEADPIPE_FINDING_H

#include <stddef.h>

enum finding_kind {
	FINDING_SHAPE,	 /* an error that the JSON Schema knows too */
	FINDING_MEANING, /* an error that only the whole flow shows */
	FINDING_WARNING	 /* runs, but hardly as it was meant */
};

struct finding {
	enum finding_kind kind;
	char *file;	  /* in which it is, NULL: the flow's own */
	int line, column; /* of that file, 0: unknown */
	char where[160];  /* JSON pointer: /states/welcome/enter/0 */
	char text[240];
};

struct findings {
	struct finding *list;
	size_t count, size;
};

/* Adds a FINDING_MEANING; its kind may be changed afterwards. */
struct finding *findings_add(struct findings *findings, const char *where,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void findings_release(struct findings *findings);

/* How many of them are errors; *FIRST (may be NULL) is the first of these, or
 * NULL. */
size_t findings_errors(const struct findings *findings,
    const struct finding **first);

/* Fills in file, line and column of the first findings, 200, that have none, by
 * looking their `where` up in the flow's source at PATH and the text files that it names, and
 * brings all into the order of the file; left as they are when these cannot be
 * read. */
void findings_locate(struct findings *findings, const char *path);

#endif
