/* SPDX-License-Identifier: MIT */
#include "base/file_fault.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum outcome
file_fault(struct fault *fault, const char *verb, const char *path)
{
	enum outcome what = OUT_NEVER;
	enum exit_code code = EXIT_IO;
	int error = errno;

	switch (error) {
	case EACCES:
	case EPERM:
		code = EXIT_PERMISSION;
		break;
	case EROFS:
		code = EXIT_CANTCREATE;
		break;
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO:
		code = EXIT_INPUT;
		break;
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case EFBIG:
		what = OUT_LATER;
		break;
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EAGAIN:
	case ENOLCK:
		what = OUT_LATER;
		code = EXIT_LATER;
		break;
	default:
		break;
	}
	fault_set(fault, what, code, "cannot %s '%s': %s", verb, path,
	    strerror(error));
	errno = error;
	return what;
}

char *
file_nearest(const char *path)
{
	char *at = mem_dup(path[0] != '\0' ? path : "."), *slash;

	while (access(at, F_OK) < 0) {
		slash = strrchr(at, '/');
		if (slash == NULL) {
			strcpy(at, ".");
			break;
		}
		/* "/" stays, the slash of "a/b" goes. */
		slash[slash == at] = '\0';
		if (slash == at)
			break;
	}
	return at;
}
