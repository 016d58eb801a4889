/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file_fault.h"
#include "base/mem.h"

char *
file_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (name[0] == '/' || slash == NULL)
		return mem_dup(name);
	return mem_printf("%.*s%s", (int)(slash - path + 1), path, name);
}

/* What can be read without waiting for somebody: no FIFO, no terminal. */
static enum outcome
check_readable(int fd, const char *path, struct stat *about,
    struct fault *fault)
{
	if (fstat(fd, about) < 0)
		return file_fault(fault, "read", path);
	if (S_ISREG(about->st_mode) ||
	    (S_ISCHR(about->st_mode) && !isatty(fd)))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "cannot read '%s': it is no regular file", path);
}

/* Reads until the end or MAX + 1 bytes. */
static enum outcome
read_up_to(int fd, const char *path, size_t max, struct buf *buf,
    struct fault *fault)
{
	char piece[16384];
	ssize_t got;

	for (;;) {
		got = read(fd, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_fault(fault, "read", path);
		if (got == 0)
			return OUT_OK;
		if (!buf_add(buf, piece, (size_t)got))
			return fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "'%s' is larger than %zu bytes", path, max);
	}
}

enum outcome
file_read(const char *path, size_t max, char **text, size_t *len,
    struct fault *fault)
{
	struct stat about;

	return file_read_stat(path, max, text, len, &about, fault);
}

/* Closes FD. */
static enum outcome
read_all(int fd, const char *path, size_t max, char **text, size_t *len,
    struct fault *fault)
{
	struct buf buf = BUF_INIT(max);
	enum outcome result = read_up_to(fd, path, max, &buf, fault);

	close(fd);
	if (result == OUT_OK) {
		if (len != NULL)
			*len = buf.len;
		*text = buf_take(&buf);
	}
	buf_release(&buf);
	return result;
}

enum outcome
file_read_stat(const char *path, size_t max, char **text, size_t *len,
    struct stat *about, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return file_fault(fault, "read", path);
	enum outcome out = check_readable(fd, path, about, fault);
	if (out == OUT_OK)
		return read_all(fd, path, max, text, len, fault);
	close(fd);
	return out;
}

enum outcome
file_read_plain(const char *path, size_t max, char **text, size_t *len,
    struct fault *fault)
{
	/* Asked of the open file: a name may become a link meanwhile. */
	int fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct stat about;

	*text = NULL;
	if (fd < 0 && errno == ENOENT)
		return OUT_OK;
	if (fd < 0 && errno != ELOOP && errno != ENXIO)
		return file_fault(fault, "read", path);
	if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
		return read_all(fd, path, max, text, len, fault);
	if (fd >= 0)
		close(fd);
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "it is no regular file");
}

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t done;

	while (len > 0) {
		done = write(fd, data, len);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return 0;
}

/* A rename is only there after a power cut when its directory was synced. */
static int
sync_parent(const char *path)
{
	char *dir = file_beside(path, ".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;

	free(dir);
	if (fd >= 0) {
		result = fsync(fd);
		close(fd);
	}
	return result;
}

int
file_publish(const char *draft, const char *path)
{
	int fd = open(draft, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error;
	int result = -1;

	if (fd < 0)
		return -1;
	if (fsync(fd) == 0 && rename(draft, path) == 0)
		result = sync_parent(path);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

enum outcome
file_write_atomic(const char *path, const void *data, size_t len,
    unsigned mode, struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	char *name = mem_printf(".%s.XXXXXX", slash ? slash + 1 : path);
	char *temp = file_beside(path, name);
	enum outcome result = OUT_OK;
	int fd = mkostemp(temp, O_CLOEXEC), error;
	bool made = fd >= 0;

	free(name);
	if (!made || write_all(fd, data, len) < 0 ||
	    fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0 ||
	    rename(temp, path) < 0) {
		result = file_fault(fault, "write", path);
		error = errno;
		if (made)
			unlink(temp);
		errno = error;
	} else if (sync_parent(path) < 0) {
		result = file_fault(fault, "write", path);
	}
	if (made)
		close(fd);
	free(temp);
	return result;
}

int64_t
file_free_bytes(const char *path)
{
	struct statvfs fs;
	uint64_t bytes;

	if (statvfs(path, &fs) < 0)
		return -1;
	if (__builtin_mul_overflow((uint64_t)fs.f_bavail,
		(uint64_t)fs.f_frsize, &bytes) ||
	    bytes > INT64_MAX)
		return INT64_MAX;
	return (int64_t)bytes;
}
