/* SPDX-License-Identifier: MIT */
#include "base/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"

/* timeout(1) signals its child and then its whole process group: that is one
 * request, not two. */
#define SAME_REQUEST_MS 100

static _Atomic int64_t since = CLOCK_NEVER;
static int wake_fd = -1;

static void
on_stop(int number)
{
	const uint64_t one = 1;
	int error = errno;
	int64_t now = clock_mono_ms(), first = CLOCK_NEVER;

	(void)number;
	if (!atomic_compare_exchange_strong(&since, &first, now)) {
		if (now - first > SAME_REQUEST_MS)
			_exit(EXIT_LATER);
	} else if (write(wake_fd, &one, sizeof(one)) < 0) {
		/* Readable already. */
	}
	errno = error;
}

static void
handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void
stop_install(void)
{
	struct sigaction before;

	if (wake_fd < 0)
		wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	handle(SIGTERM, on_stop);
	handle(SIGINT, on_stop);
	if (sigaction(SIGHUP, NULL, &before) == 0 &&
	    before.sa_handler != SIG_IGN)
		handle(SIGHUP, on_stop);
}

bool
stop_wanted(void)
{
	return since != CLOCK_NEVER;
}

int64_t
stop_since(void)
{
	return since;
}

int
stop_fd(void)
{
	return wake_fd;
}

static char last_words[160] = "leadpipe: hard lifetime reached\n";
static int last_fd = STDERR_FILENO, last_code = EXIT_LATER;

static void
on_lifetime(int number)
{
	(void)number;
	if (write(last_fd, last_words, strlen(last_words)) < 0) {
		/* Nobody listens; the exit code still tells. */
	}
	_exit(last_code);
}

void
stop_hard_say(int fd, const char *line, int code)
{
	snprintf(last_words, sizeof(last_words), "%s", line);
	last_fd = fd;
	last_code = code;
}

void
stop_hard_at(int64_t deadline)
{
	static timer_t timer;
	static bool made;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL };
	struct itimerspec when = { 0 };
	int left = clock_left_ms(deadline);

	event.sigev_signo = SIGRTMIN + 2;
	if (!made) {
		handle(event.sigev_signo, on_lifetime);
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
			return;
		made = true;
	}
	if (deadline != CLOCK_NEVER) {
		when.it_value.tv_sec = left / 1000;
		/* All zero would disarm it. */
		when.it_value.tv_nsec = left % 1000 * 1000000L + 1;
	}
	timer_settime(timer, 0, &when, NULL);
}
