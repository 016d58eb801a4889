/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/restore.h"

char *
restore_decided(const char *path)
{
	return mem_printf("%s.restored", path);
}

bool
restore_is_pending(const char *path)
{
	char *decided = restore_decided(path);
	bool pending = access(decided, F_OK) == 0;

	free(decided);
	return pending;
}

/* The same directory whoever finishes, and however often it is begun: it is
 * called by the age of what takes the place. */
static char *
name_aside(const char *path, const struct stat *decided)
{
	char time[CLOCK_TEXT_SIZE];

	clock_text((int64_t)decided->st_mtim.tv_sec * 1000 +
		decided->st_mtim.tv_nsec / 1000000,
	    time);
	return mem_printf("%s.replaced-%s", path, time);
}

/* The database and what belongs to it stay together; *MOVED: there was
 * something. */
static int
move_aside(const char *path, const char *aside, bool *moved)
{
	static const char *const suffixes[] = { "", "-journal", "-wal",
		"-shm" };
	const char *name = strrchr(path, '/');
	int result = 0;

	name = name ? name + 1 : path;
	for (size_t i = 0;
	     i < sizeof(suffixes) / sizeof(*suffixes) && result == 0; i++) {
		char *from = mem_printf("%s%s", path, suffixes[i]);
		char *to = mem_printf("%s/%s%s", aside, name, suffixes[i]);

		if (rename(from, to) == 0)
			*moved = true;
		else if (errno != ENOENT)
			result = -1;
		free(from);
		free(to);
	}
	return result;
}

enum outcome
restore_finish(const char *path, char **aside, struct fault *fault)
{
	char *decided = restore_decided(path);
	bool moved = false;
	struct stat st;
	int result = stat(decided, &st);

	*aside = NULL;
	if (result == 0) {
		*aside = name_aside(path, &st);
		result = mkdir(*aside, 0700) < 0 && errno != EEXIST ? -1 : 0;
	}
	if (result == 0)
		result = move_aside(path, *aside, &moved);
	if (result == 0)
		result = file_publish(decided, path);
	enum outcome out = result == 0
	    ? OUT_OK
	    : file_fault(fault, "put the restored database in place at", path);
	/* A directory that another one filled is not removed. */
	if (*aside != NULL && rmdir(*aside) == 0) {
		free(*aside);
		*aside = NULL;
	}
	free(decided);
	return out;
}
