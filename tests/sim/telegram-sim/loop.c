/* SPDX-License-Identifier: MIT */
#include "loop.h"
#include "text.h"
#include "timer.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint16_t
loop_port(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

bool
loop_port_write(const char *path, uint16_t port)
{
	struct text fresh = { 0 };
	FILE *file;
	bool good;

	text_fmt(&fresh, "%s.%ld", path, (long)getpid());
	file = fopen(fresh.at, "we");
	good = file && fprintf(file, "%u\n", port) >= 0;
	if (file && fclose(file))
		good = false;
	good = good && rename(fresh.at, path) == 0;
	text_release(&fresh);
	return good;
}

void
loop_run(struct MHD_Daemon *daemon, struct timers *timers,
    const volatile int *stop)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd wait = { .fd = info->epoll_fd, .events = POLLIN };

	while (!*stop) {
		int64_t left, next = timers_next(timers);
		MHD_UNSIGNED_LONG_LONG most;
		struct timespec rest;

		left = next < 0 ? 1000000 : next - mono_us();
		if (left > 1000000)
			left = 1000000;
		if (MHD_get_timeout(daemon, &most) == MHD_YES &&
		    (int64_t)most * 1000 < left)
			left = (int64_t)most * 1000;
		if (left < 0)
			left = 0;
		rest.tv_sec = left / 1000000;
		rest.tv_nsec = left % 1000000 * 1000;
		ppoll(&wait, 1, &rest, NULL);
		timers_run(timers);
		MHD_run(daemon);
	}
}
