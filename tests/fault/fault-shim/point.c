/* SPDX-License-Identifier: MIT */
#include "point.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT_WIDTH 10

static const char *const class_names[POINT_CLASSES] = { "write", "send",
	"fsync", "ftruncate", "unlink", "rename", "flock", "connect" };

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "EIO", EIO },
	{ "ENOSPC", ENOSPC },
	{ "EDQUOT", EDQUOT },
	{ "EINTR", EINTR },
	{ "EAGAIN", EAGAIN },
	{ "EPIPE", EPIPE },
	{ "ECONNRESET", ECONNRESET },
	{ "ECONNREFUSED", ECONNREFUSED },
	{ "ETIMEDOUT", ETIMEDOUT },
	{ "ENETUNREACH", ENETUNREACH },
	{ "ENOLCK", ENOLCK },
	{ "EROFS", EROFS },
};

static struct {
	pid_t pid; /* 0: not active */
	unsigned classes;
	bool files_only;
	long kill_at, child_at, error_at, error_from, malloc_at, fsync_ms;
	int error;
	const char *child_file, *kill_text;
	char *count, *malloc_count; /* shared mappings: survive a SIGKILL */
} plan;

static atomic_long points, allocations;

static long
plan_number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

/* A misspelt plan would be a test that cannot fail: stop at once. */
static void
plan_reject(const char *name, const char *text)
{
	dprintf(2, "fault-shim: %s: unknown '%s'\n", name, text);
	_exit(99);
}

static unsigned
plan_classes(const char *list)
{
	char copy[128], *word, *save = NULL;
	unsigned mask = 0;
	int i;

	if (!list)
		return ~0U;
	snprintf(copy, sizeof(copy), "%s", list);
	for (word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < POINT_CLASSES; i++)
			if (strcmp(word, class_names[i]) == 0)
				break;
		if (i == POINT_CLASSES)
			plan_reject("FAULT_ONLY", word);
		mask |= 1U << i;
	}
	return mask;
}

static int
plan_error(const char *name)
{
	size_t i;

	if (!name)
		return EIO;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].value;
	plan_reject("FAULT_ERRNO", name);
	return EIO;
}

static void
count_publish(char *count, long n)
{
	int i;

	if (!count)
		return;
	for (i = COUNT_WIDTH - 1; i >= 0; i--, n /= 10)
		count[i] = n || i == COUNT_WIDTH - 1 ? (char)('0' + n % 10)
						     : ' ';
}

static char *
count_map(const char *path)
{
	static const char blank[COUNT_WIDTH + 1] = "         0\n";
	char *map;
	int fd;

	if (!path)
		return NULL;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(blank)) < 0)
		plan_reject("count file", path);
	map = mmap(NULL, sizeof(blank), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	if (map == MAP_FAILED)
		plan_reject("count file", path);
	memcpy(map, blank, sizeof(blank));
	close(fd);
	return map;
}

__attribute__((constructor)) static void
plan_read(void)
{
	const char *match = getenv("FAULT_MATCH");

	if (match && !strstr(program_invocation_short_name, match))
		return;
	plan.classes = plan_classes(getenv("FAULT_ONLY"));
	plan.files_only = plan_number("FAULT_FILES_ONLY") != 0;
	plan.kill_at = plan_number("FAULT_KILL_AT");
	plan.kill_text = getenv("FAULT_KILL_TEXT");
	plan.child_at = plan_number("FAULT_CHILD_AT");
	plan.child_file = getenv("FAULT_CHILD_FILE");
	plan.error_at = plan_number("FAULT_ERROR_AT");
	plan.error_from = plan_number("FAULT_ERROR_FROM");
	plan.error = plan_error(getenv("FAULT_ERRNO"));
	plan.fsync_ms = plan_number("FAULT_FSYNC_MS");
	plan.malloc_at = plan_number("FAULT_MALLOC_AT");
	plan.count = count_map(getenv("FAULT_COUNT_FILE"));
	plan.malloc_count = count_map(getenv("FAULT_MALLOC_COUNT_FILE"));
	plan.pid = getpid();
}

static bool
plan_applies(void)
{
	return plan.pid != 0 && plan.pid == getpid();
}

/* The child gets no shim, or it would start a plan of its own. */
static void
child_leave(void)
{
	static char name[] = "sleep", span[] = "30", path[] = "PATH=/bin";
	char *argv[] = { name, span, NULL }, *envp[] = { path, NULL };
	pid_t child;
	int fd;

	if (posix_spawn(&child, "/bin/sleep", NULL, NULL, argv, envp) != 0)
		plan_reject("FAULT_CHILD_AT", "/bin/sleep");
	if (plan.child_file) {
		fd = open(plan.child_file,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		dprintf(fd, "%ld\n", (long)child);
	}
}

static bool
point_counts(enum point class, int fd)
{
	struct stat st;

	if (!plan_applies() || !(plan.classes & 1U << class))
		return false;
	return !plan.files_only || fd < 0 ||
	    (fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
}

bool
point_pass(enum point class, int fd)
{
	int saved = errno;
	long n;

	if (!point_counts(class, fd)) {
		errno = saved;
		return true;
	}
	n = atomic_fetch_add(&points, 1) + 1;
	count_publish(plan.count, n);
	if (n == plan.child_at)
		child_leave();
	if (n == plan.child_at || n == plan.kill_at)
		kill(getpid(), SIGKILL);
	errno = saved;
	if (fd == STDERR_FILENO ||
	    (n != plan.error_at &&
		(plan.error_from == 0 || n < plan.error_from)))
		return true;
	errno = plan.error;
	return false;
}

void
point_text(const void *data, size_t len)
{
	if (plan_applies() && plan.kill_text && *plan.kill_text &&
	    memmem(data, len, plan.kill_text, strlen(plan.kill_text)))
		kill(getpid(), SIGKILL);
}

void
point_slow_disk(void)
{
	struct timespec left = { plan.fsync_ms / 1000,
		plan.fsync_ms % 1000 * 1000000 };

	while (plan_applies() && plan.fsync_ms > 0 &&
	    nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

bool
point_allocate(void)
{
	long n;

	if (!plan_applies())
		return true;
	n = atomic_fetch_add(&allocations, 1) + 1;
	count_publish(plan.malloc_count, n);
	if (n != plan.malloc_at)
		return true;
	errno = ENOMEM;
	return false;
}
