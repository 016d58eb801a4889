/* SPDX-License-Identifier: MIT */
/*
 * Many leads in one text: a table with a header line (commas, semicolons or
 * tabs), or one JSON object a line.
 */
#ifndef LEADPIPE_TABLE_H
#define LEADPIPE_TABLE_H

#include "base/buf.h"
#include "base/lines.h"
#include "crm/intake.h"

enum table_kind { TABLE_CSV, TABLE_NDJSON };

struct table {
	enum table_kind kind;
	struct lines lines;
	struct buf record; /* of several lines, so far */
	char delimiter;
	char **columns; /* NULL: the header is not read yet */
	size_t count;
	int64_t line; /* where the record begins */
};

enum table_next {
	TABLE_LEAD,
	TABLE_BAD,     /* the record at `line` is none, FAULT says why */
	TABLE_REFUSED, /* nothing of it can be read, FAULT says why */
	TABLE_LATER,   /* none is there at once (only without WAIT) */
	TABLE_STOPPED, /* STOP_FD became readable */
	TABLE_END,
	TABLE_FAILED /* errno tells */
};

void table_open(struct table *table, enum table_kind kind, int fd);
void table_close(struct table *table);

/* Fills INTAKE, which was initialised, with the next record. */
enum table_next table_next(struct table *table, bool wait, int stop_fd,
    struct intake *intake, struct fault *fault);

#endif
