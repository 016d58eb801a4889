/* SPDX-License-Identifier: MIT */
#include "ops/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "crm/intake.h"

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Still being written, or nothing of ours. */
static bool
is_incomplete(const char *name)
{
	return name[0] == '.' || ends_with(name, ".tmp") ||
	    ends_with(name, ".part") || ends_with(name, "~");
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_name(struct spool *spool, const char *name)
{
	/* Room grows by halves of powers of two. */
	if ((spool->count & (spool->count - 1)) == 0)
		spool->names = mem_array(spool->names,
		    spool->count ? spool->count * 2 : 1,
		    sizeof(*spool->names));
	spool->names[spool->count++] = mem_dup(name);
}

enum outcome
spool_open(struct spool *spool, const char *dir, struct fault *fault)
{
	const struct dirent *entry;
	struct stat about;
	DIR *open;

	*spool = (struct spool){ .dir = mem_printf("%s/new", dir),
		.bad = mem_printf("%s/bad", dir) };
	if (stat(spool->dir, &about) < 0 || !S_ISDIR(about.st_mode)) {
		free(spool->dir);
		spool->dir = mem_dup(dir);
	}
	open = opendir(spool->dir);
	if (open == NULL)
		return file_fault(fault, "read the directory", spool->dir);
	while ((entry = readdir(open)) != NULL)
		if (!is_incomplete(entry->d_name) && entry->d_type != DT_DIR)
			add_name(spool, entry->d_name);
	closedir(open);
	if (spool->count > 0)
		qsort(spool->names, spool->count, sizeof(*spool->names),
		    compare);
	return OUT_OK;
}

void
spool_close(struct spool *spool)
{
	for (size_t i = 0; i < spool->count; i++)
		free(spool->names[i]);
	free(spool->names);
	free(spool->dir);
	free(spool->bad);
	*spool = (struct spool){ .count = 0 };
}

enum outcome
spool_read(const struct spool *spool, const char *name, char **text,
    size_t *len, struct fault *fault)
{
	char *path = mem_printf("%s/%s", spool->dir, name);
	/* A link would let who may write here read what we may. */
	enum outcome out = file_read_plain(path, INTAKE_MAX, text, len, fault);

	free(path);
	return out;
}

enum outcome
spool_remove(const struct spool *spool, const char *name, struct fault *fault)
{
	char *path = mem_printf("%s/%s", spool->dir, name);
	enum outcome out = OUT_OK;

	if (unlink(path) < 0 && errno != ENOENT)
		out = file_fault(fault, "remove", path);
	free(path);
	return out;
}

/* Where NAME finds room among the bad ones: an earlier one of the same name
 * may be somebody's lead.  The caller frees it. */
static char *
bad_path(const struct spool *spool, const char *name)
{
	char *path = mem_printf("%s/%s", spool->bad, name);
	struct stat about;

	for (int i = 1; lstat(path, &about) == 0; i++) {
		free(path);
		path = mem_printf("%s/%s.%d", spool->bad, name, i);
	}
	return path;
}

enum outcome
spool_refuse(const struct spool *spool, const char *name, const char *why,
    struct fault *fault)
{
	char *from = mem_printf("%s/%s", spool->dir, name);
	char *to = bad_path(spool, name);
	char *reason = mem_printf("%s.reason", to);
	char *line = mem_printf("%s\n", why);
	enum outcome out = OUT_OK;

	if (mkdir(spool->bad, 0700) < 0 && errno != EEXIST)
		out = file_fault(fault, "make", spool->bad);
	if (out == OUT_OK)
		out =
		    file_write_atomic(reason, line, strlen(line), 0600, fault);
	if (out == OUT_OK && rename(from, to) < 0 && errno != ENOENT)
		out = file_fault(fault, "move away", from);
	free(line);
	free(reason);
	free(to);
	free(from);
	return out;
}
