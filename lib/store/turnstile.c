/* SPDX-License-Identifier: MIT */
#include "store/turnstile.h"

#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "store/lock_file.h"

enum outcome
turnstile_open(struct turnstile *turnstile, const char *path,
    struct fault *fault)
{
	enum outcome out;

	out = lock_file_open(path, "turn.lock", true, &turnstile->turn_fd,
	    fault);
	if (out == OUT_OK)
		out = lock_file_open(path, "write.lock", true,
		    &turnstile->write_fd, fault);
	return out;
}

void
turnstile_close(struct turnstile *turnstile)
{
	lock_file_close(&turnstile->turn_fd);
	lock_file_close(&turnstile->write_fd);
	turnstile->inside = false;
}

bool
turnstile_enter(struct turnstile *turnstile, int64_t deadline)
{
	if (!file_flock_until(turnstile->turn_fd, FILE_LOCK_EXCLUSIVE,
		deadline))
		return false;
	turnstile->inside = file_flock_until(turnstile->write_fd,
	    FILE_LOCK_EXCLUSIVE, deadline);
	flock(turnstile->turn_fd, LOCK_UN);
	return turnstile->inside;
}

void
turnstile_leave(struct turnstile *turnstile)
{
	if (turnstile->inside)
		flock(turnstile->write_fd, LOCK_UN);
	turnstile->inside = false;
}
