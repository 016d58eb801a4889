/* SPDX-License-Identifier: MIT */
#include "ops/backup_place.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/meta.h"

#define KEEP 7
#define KEEP_MOST 100000

char *
backup_place_dir(const struct run *run, const char *given)
{
	const char *set = config_get(run->config, "LEADPIPE_BACKUP_DIR");
	char *path, *dir;

	if (given != NULL || set != NULL)
		return mem_dup(given != NULL ? given : set);
	path = run_db_path(run);
	dir = file_beside(path, "backups");
	free(path);
	return dir;
}

enum outcome
backup_place_keep(struct run *run, int64_t *keep)
{
	return config_int(run->config, "LEADPIPE_KEEP_BACKUPS", 0, KEEP_MOST,
	    KEEP, keep, &run->fault);
}

int64_t
backup_place_bot(const struct run *run)
{
	int64_t bot_id = run_bot_id(run);

	return run->db != NULL ? meta_int(run->db, META_BOT_ID, bot_id)
			       : bot_id;
}
