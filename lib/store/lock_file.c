/* SPDX-License-Identifier: MIT */
#include "store/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static enum outcome
lock_file_fault(const char *file, struct fault *fault)
{
	bool later = errno == EMFILE || errno == ENFILE;
	enum exit_code code = EXIT_CANTCREATE;

	if (errno == EACCES || errno == EPERM)
		code = EXIT_PERMISSION;
	else if (errno == ENOSPC || errno == EDQUOT || errno == EIO)
		code = EXIT_IO;
	return fault_set(fault, later ? OUT_LATER : OUT_NEVER,
	    later ? EXIT_LATER : code,
	    "cannot open the lock file '%s': %s; the directory must belong to "
	    "the user of the command, with mode 700",
	    file, strerror(errno));
}

/* An empty run/ may be missing where a database was restored. */
static bool
make_parent(const char *file)
{
	char *dir = file_beside(file, ".");
	size_t len = strlen(dir);
	bool made;

	dir[len - 2] = '\0';
	/* Another one may have been faster. */
	made = mkdir(dir, 0700) == 0 || errno == EEXIST;
	free(dir);
	return made;
}

enum outcome
lock_file_open(const char *path, const char *name, bool create, int *fd,
    struct fault *fault)
{
	int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	char *file = file_beside(path, name);
	enum outcome out = OUT_OK;

	flags |= create ? O_RDWR | O_CREAT : O_RDONLY;
	*fd = open(file, flags, 0600);
	if (*fd < 0 && errno == ENOENT && create && make_parent(file))
		*fd = open(file, flags, 0600);
	if (*fd < 0 && (create || errno != ENOENT))
		out = lock_file_fault(file, fault);
	free(file);
	return out;
}

void
lock_file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
