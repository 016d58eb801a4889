/* SPDX-License-Identifier: MIT */
/*
 * What a transaction has counted so far, for the files that make up struct db.
 */
#ifndef LEADPIPE_COUNTING_H
#define LEADPIPE_COUNTING_H

#include <stddef.h>
#include <stdint.h>

struct db;

struct counting {
	struct counted *list;
	size_t count, size;
	size_t marked; /* by db_mark(): what came later can be undone */
};

/* Inside the transaction, before its COMMIT: writes what was counted. */
void counting_write(struct db *db);

/* The transaction is over. */
void counting_clear(struct counting *counting);

/* db_mark(), db_unmark() and db_return(). */
void counting_mark(struct counting *counting);
void counting_unmark(struct counting *counting);
void counting_return(struct counting *counting);

void counting_release(struct counting *counting);

#endif
