/* SPDX-License-Identifier: MIT */
#include "store/db_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* The write lock in the index of a WAL ("WAL-mode File Format", 2.3.1). */
#define WRITE_LOCK_BYTE 120

#define MOMENT_MS 300

/* Closing a descriptor drops all locks of the process on the file: that is why
 * nobody here may have it open. */
static pid_t
writer(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = WRITE_LOCK_BYTE,
		.l_len = 1 };
	char *index = mem_printf("%s-shm", path);
	int fd = open(index, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool locked = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 &&
	    lock.l_type == F_WRLCK;

	if (fd >= 0)
		close(fd);
	free(index);
	return locked && lock.l_pid > 0 ? lock.l_pid : 0;
}

/* Our own commands do not let themselves be looked at, except by root. */
static bool
program_of(pid_t pid, char program[256])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%lld/exe", (long long)pid);
	len = readlink(link, program, 255);
	if (len <= 0)
		return false;
	program[len] = '\0';
	return true;
}

static bool
is_ours(const char *program)
{
	char self[256];
	const char *slash = strrchr(program, '/');

	if (slash == NULL || !program_of(getpid(), self))
		return true;
	return strncmp(self, program, (size_t)(slash - program) + 1) == 0;
}

bool
db_foreign_writer(const char *path, pid_t *pid, char program[256])
{
	*pid = writer(path);
	if (*pid == 0 || !program_of(*pid, program) || is_ours(program))
		return false;
	clock_sleep_until(clock_mono_ms() + MOMENT_MS);
	return writer(path) == *pid;
}
