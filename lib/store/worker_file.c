/* SPDX-License-Identifier: MIT */
#include "store/worker_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/lock_file.h"

static char *
file_name(int64_t id)
{
	return mem_printf("run/w-%lld.lock", (long long)id);
}

/* 1 when the lock is ours, 0 when a sweep was faster between our open() and
 * our flock(), -1 with errno. */
static int
file_take(int fd)
{
	struct stat st;

	if (!file_flock_until(fd, FILE_LOCK_EXCLUSIVE, 0))
		return errno == EWOULDBLOCK ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return -1;
	return st.st_nlink > 0;
}

enum outcome
worker_file_make(const struct db *db, int64_t *id, int *fd,
    struct fault *fault)
{
	enum outcome out;
	int taken;
	char *name;

	do {
		*id = id_random();
		name = file_name(*id);
		out = lock_file_open(db_path(db), name, true, fd, fault);
		free(name);
		if (out != OUT_OK)
			return out;
		taken = file_take(*fd);
		if (taken < 0)
			out = fault_set(fault, OUT_LATER, EXIT_LATER,
			    "cannot lock the file of a worker: %s",
			    strerror(errno));
		if (taken <= 0)
			lock_file_close(fd);
	} while (taken == 0);
	return out;
}

enum outcome
worker_file_probe(const struct db *db, int64_t id, bool *dead, int *fd,
    struct fault *fault)
{
	char *name = file_name(id);
	enum outcome out;

	*dead = false;
	out = lock_file_open(db_path(db), name, false, fd, fault);
	free(name);
	if (out != OUT_OK)
		return out;
	*dead = *fd < 0 || file_flock_until(*fd, FILE_LOCK_EXCLUSIVE, 0);
	if (!*dead)
		lock_file_close(fd);
	return OUT_OK;
}

void
worker_file_remove(const struct db *db, int64_t id, int *fd)
{
	char *name = file_name(id), *file = db_beside(db, name);

	/* First the name: who gets the lock then sees that it is gone. */
	if (*fd >= 0)
		unlink(file);
	lock_file_close(fd);
	free(file);
	free(name);
}

/* 0: not the file of a worker. */
static int64_t
id_of(const char *name)
{
	long long id;
	char *end;

	if (strncmp(name, "w-", 2) != 0)
		return 0;
	errno = 0;
	id = strtoll(name + 2, &end, 10);
	return errno == 0 && id > 0 && strcmp(end, ".lock") == 0 ? id : 0;
}

enum outcome
worker_files_list(const struct db *db, struct worker_files *files,
    struct fault *fault)
{
	char *path = db_beside(db, "run");
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum outcome out = OUT_OK;

	if (!dir && errno != ENOENT)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "cannot read '%s': %s", path, strerror(errno));
	while (dir && (entry = readdir(dir)) != NULL) {
		int64_t id = id_of(entry->d_name);

		if (id == 0)
			continue;
		files->ids = mem_array(files->ids, files->count + 1,
		    sizeof(*files->ids));
		files->ids[files->count++] = id;
	}
	if (dir)
		closedir(dir);
	free(path);
	return out;
}
