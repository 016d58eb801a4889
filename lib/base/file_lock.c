/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_fault.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#define TICK_NS 20000000L

static void
on_tick(int number)
{
	(void)number;
}

/* A timer that interrupts this thread's flock() every 20 ms.  It ticks again
 * and again: the first signal may come just before the call. */
static int
start_ticking(int number, int left, timer_t *timer, sigset_t *old)
{
	struct sigaction action = { .sa_handler = on_tick };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID };
	struct itimerspec when = { { 0, TICK_NS }, { 0, TICK_NS } };
	sigset_t set;

	if (left < TICK_NS / 1000000)
		when.it_value.tv_nsec = left * 1000000L;
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, old);
	event.sigev_signo = number;
	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, timer) < 0) {
		pthread_sigmask(SIG_SETMASK, old, NULL);
		return -1;
	}
	timer_settime(*timer, 0, &when, NULL);
	return 0;
}

bool
file_flock_until(int fd, enum file_lock kind, int64_t deadline)
{
	int how = kind == FILE_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH;
	int result, left;
	timer_t timer;
	sigset_t old;

	while ((result = flock(fd, how | LOCK_NB)) < 0 && errno == EINTR)
		;
	if (result == 0 || errno != EWOULDBLOCK)
		return result == 0;
	left = deadline > 0 ? clock_left_ms(deadline) : 0;
	if (left == 0 || start_ticking(SIGRTMIN + 1, left, &timer, &old) < 0) {
		errno = EWOULDBLOCK;
		return false;
	}
	while ((result = flock(fd, how)) < 0 && errno == EINTR &&
	    clock_left_ms(deadline) > 0)
		;
	timer_delete(timer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (result < 0)
		errno = EWOULDBLOCK;
	return result == 0;
}

enum outcome
file_lock(const char *path, enum file_lock kind, int64_t deadline, int *fd,
    struct fault *fault)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	enum outcome result = OUT_OK;

	if (file < 0) {
		result = file_fault(fault, "open", path);
		/* 65 would say that the user gave us bad input. */
		if (fault != NULL && fault->code == EXIT_INPUT)
			fault->code = EXIT_CANTCREATE;
		return result;
	}
	if (file_flock_until(file, kind, deadline)) {
		*fd = file;
		return OUT_OK;
	}
	result = errno == EWOULDBLOCK
	    ? fault_set(fault, OUT_LATER, EXIT_LATER,
		  "'%s' is locked by another command", path)
	    : file_fault(fault, "lock", path);
	close(file);
	return result;
}
