/* SPDX-License-Identifier: MIT */
#include "point.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Each call here replaces libc's.  The real ones are looked up together before
 * main, because a hook may run where an allocation by dlsym would not be safe.
 */
static struct {
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	ssize_t (*pwrite64)(int, const void *, size_t, off64_t);
	ssize_t (*writev)(int, const struct iovec *, int);
	ssize_t (*send)(int, const void *, size_t, int);
	ssize_t (*sendto)(int, const void *, size_t, int,
	    const struct sockaddr *, socklen_t);
	ssize_t (*sendmsg)(int, const struct msghdr *, int);
	int (*fsync)(int);
	int (*fdatasync)(int);
	int (*ftruncate)(int, off_t);
	int (*ftruncate64)(int, off64_t);
	int (*unlink)(const char *);
	int (*rename)(const char *, const char *);
	int (*flock)(int, int);
	int (*connect)(int, const struct sockaddr *, socklen_t);
} real;

#define REAL_FIND(call) (*(void **)&real.call = dlsym(RTLD_NEXT, #call))

__attribute__((constructor(101))) static void
real_find(void)
{
	REAL_FIND(write);
	REAL_FIND(pwrite);
	REAL_FIND(pwrite64);
	REAL_FIND(writev);
	REAL_FIND(send);
	REAL_FIND(sendto);
	REAL_FIND(sendmsg);
	REAL_FIND(fsync);
	REAL_FIND(fdatasync);
	REAL_FIND(ftruncate);
	REAL_FIND(ftruncate64);
	REAL_FIND(unlink);
	REAL_FIND(rename);
	REAL_FIND(flock);
	REAL_FIND(connect);
}

/* Another library's constructor may write before ours has run. */
#define REAL(call) (real.call ? real.call : (real_find(), real.call))

ssize_t
write(int fd, const void *data, size_t len)
{
	point_text(data, len);
	return point_pass(POINT_WRITE, fd) ? REAL(write)(fd, data, len) : -1;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	point_text(data, len);
	return point_pass(POINT_WRITE, fd) ? REAL(pwrite)(fd, data, len, at)
					   : -1;
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	point_text(data, len);
	return point_pass(POINT_WRITE, fd) ? REAL(pwrite64)(fd, data, len, at)
					   : -1;
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	return point_pass(POINT_WRITE, fd) ? REAL(writev)(fd, parts, count)
					   : -1;
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	point_text(data, len);
	return point_pass(POINT_SEND, fd) ? REAL(send)(fd, data, len, flags)
					  : -1;
}

ssize_t
sendto(int fd, const void *data, size_t len, int flags,
    __CONST_SOCKADDR_ARG to, socklen_t to_len)
{
	return point_pass(POINT_SEND, fd)
	    ? REAL(sendto)(fd, data, len, flags, to.__sockaddr__, to_len)
	    : -1;
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return point_pass(POINT_SEND, fd) ? REAL(sendmsg)(fd, message, flags)
					  : -1;
}

int
fsync(int fd)
{
	if (!point_pass(POINT_FSYNC, fd))
		return -1;
	point_slow_disk();
	return REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	if (!point_pass(POINT_FSYNC, fd))
		return -1;
	point_slow_disk();
	return REAL(fdatasync)(fd);
}

int
ftruncate(int fd, off_t size)
{
	return point_pass(POINT_FTRUNCATE, fd) ? REAL(ftruncate)(fd, size)
					       : -1;
}

int
ftruncate64(int fd, off64_t size)
{
	return point_pass(POINT_FTRUNCATE, fd) ? REAL(ftruncate64)(fd, size)
					       : -1;
}

int
unlink(const char *path)
{
	return point_pass(POINT_UNLINK, -1) ? REAL(unlink)(path) : -1;
}

int
rename(const char *from, const char *to)
{
	return point_pass(POINT_RENAME, -1) ? REAL(rename)(from, to) : -1;
}

int
flock(int fd, int operation)
{
	return point_pass(POINT_FLOCK, fd) ? REAL(flock)(fd, operation) : -1;
}

int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	return point_pass(POINT_CONNECT, fd)
	    ? REAL(connect)(fd, to.__sockaddr__, len)
	    : -1;
}
