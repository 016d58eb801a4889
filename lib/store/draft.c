/* SPDX-License-Identifier: MIT */
#include "store/draft.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* The mode of -wal and -shm is taken from the file, so it must be right before
 * SQLite sees it, whatever the umask. */
int
draft_make(const char *draft)
{
	int fd = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result = -1;

	if (fd >= 0) {
		result = fchmod(fd, 0600);
		close(fd);
	}
	return result;
}

void
draft_remove(const char *draft)
{
	static const char *const suffixes[] = { "", "-journal", "-wal",
		"-shm" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char *file = mem_printf("%s%s", draft, suffixes[i]);

		unlink(file);
		free(file);
	}
}
