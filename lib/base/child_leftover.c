/* SPDX-License-Identifier: MIT */
/*
 * Nobody ends the children of a process that was killed.  They are known by
 * their environment, which also those have that left the process group.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"

/* The environments that we give are small. */
#define ENVIRON_MOST 16384

static bool
has_line(const char *text, size_t len, const char *line)
{
	size_t want = strlen(line) + 1;

	for (size_t at = 0; at < len;) {
		size_t size = strnlen(text + at, len - at) + 1;
		if (size == want && at + size <= len &&
		    memcmp(text + at, line, size) == 0)
			return true;
		at += size;
	}
	return false;
}

static bool
is_marked(pid_t pid, const char *mark)
{
	char path[40], text[ENVIRON_MOST];
	struct stat st;
	ssize_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		len = read(fd, text, sizeof(text));
	close(fd);
	return len > 0 && has_line(text, (size_t)len, mark);
}

/* Looked at again once it is held: its number may be another's by now. */
static bool
kill_if_marked(pid_t pid, const char *mark)
{
	bool killed;

	if (!is_marked(pid, mark))
		return false;
	int fd = pidfd_open(pid, 0);
	if (fd < 0)
		return errno == ENOSYS && kill(pid, SIGKILL) == 0;
	killed = is_marked(pid, mark) &&
	    pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0;
	close(fd);
	return killed;
}

int
child_kill_marked(const char *mark)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int killed = 0;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		if (*end != '\0' || pid <= 1 || pid > INT_MAX ||
		    pid == getpid())
			continue;
		if (kill_if_marked((pid_t)pid, mark))
			++killed;
	}
	if (proc != NULL)
		closedir(proc);
	return killed;
}
