/* SPDX-License-Identifier: MIT */
#include "store/db_size.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

void
db_size(const struct db *db, struct db_size *size)
{
	char *wal = mem_printf("%s-wal", db_path(db));
	struct stat st;

	size->file = stat(db_path(db), &st) == 0 ? (int64_t)st.st_size : 0;
	size->wal = stat(wal, &st) == 0 ? (int64_t)st.st_size : 0;
	free(wal);
}
