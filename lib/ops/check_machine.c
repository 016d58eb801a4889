/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ops/check_component.h"

#define MIB 1048576

/* The number behind NAME in /proc/meminfo, in kB; -1: there is none. */
static int64_t
meminfo(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static void
check_memory(struct checks *checks)
{
	char *text = NULL;
	struct fault fault;
	int64_t total = -1, free_kb = -1;
	size_t len;

	if (file_read("/proc/meminfo", 65536, &text, &len, &fault) == OUT_OK) {
		total = meminfo(text, "MemTotal:");
		free_kb = meminfo(text, "MemAvailable:");
	}
	free(text);
	/* Nothing that leadpipe needs: a container may hide it. */
	if (total <= 0 || free_kb < 0)
		return;
	double used = 100.0 * (double)(total - free_kb) / (double)total;
	struct check *check = checks_measure(checks, "memory", used);
	check_say(check, "%.0f %% of the memory is taken, %lld MiB are left",
	    used, (long long)free_kb / 1024);
	check_mend(check,
	    "'ps -eo rss,args --sort=-rss | head' names who "
	    "takes it");
}

static void
check_disk(struct checks *checks)
{
	int64_t left = file_free_bytes(checks->path);
	struct check *check;

	if (left < 0) {
		char *dir = file_beside(checks->path, ".");

		left = file_free_bytes(dir);
		free(dir);
	}
	/* There is no state yet: the database says so. */
	if (left < 0 && errno == ENOENT)
		return;
	check = checks_measure(checks, "disk_free", (double)left);
	if (left < 0) {
		check->known = false;
		check->state = CHECK_UNKNOWN;
		check_say(check, "the free space cannot be found out");
		return;
	}
	check_say(check, "%lld MiB of disk are free", (long long)left / MIB);
	check_mend(check, "'df -h %s' names the filesystem; free some space",
	    checks->path);
}

void
check_machine(struct checks *checks, struct db *db,
    const struct config *config)
{
	(void)db;
	(void)config;
	check_memory(checks);
	if (checks->path != NULL)
		check_disk(checks);
}
