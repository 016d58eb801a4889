/* SPDX-License-Identifier: MIT */
/*
 * What a database takes on the disk.
 */
#ifndef LEADPIPE_DB_SIZE_H
#define LEADPIPE_DB_SIZE_H

#include "store/db.h"

struct db_size {
	int64_t file, wal; /* bytes; 0 where there is none */
};

/* Looks, without opening anything. */
void db_size(const struct db *db, struct db_size *size);

#endif
