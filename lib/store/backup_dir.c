/* SPDX-License-Identifier: MIT */
#include "store/backup_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/draft.h"

#define DIGITS4 "[0-9][0-9][0-9][0-9]"
#define STAMP DIGITS4 DIGITS4 "T" DIGITS4 "[0-9][0-9].[0-9][0-9][0-9]Z"

/* 2026-11-21T04:30:00.123Z without what a shell or Windows minds. */
static void
stamp(int64_t now, char text[CLOCK_TEXT_SIZE])
{
	char *to = text;

	clock_text(now, text);
	for (const char *from = text; *from != '\0'; from++)
		if (*from != '-' && *from != ':')
			*to++ = *from;
	*to = '\0';
}

char *
backup_dir_path(const char *dir, int64_t bot_id, int64_t now)
{
	char text[CLOCK_TEXT_SIZE];

	stamp(now, text);
	return mem_printf("%s/leadpipe-%lld-%s.db", dir, (long long)bot_id,
	    text);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of DIR whose names fit PATTERN. */
static enum outcome
list_files(const char *dir, const char *pattern, struct backup_list *list,
    struct fault *fault)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	*list = (struct backup_list){ 0 };
	if (stream == NULL)
		return errno == ENOENT
		    ? OUT_OK
		    : file_fault(fault, "read the directory", dir);
	while ((entry = readdir(stream)) != NULL) {
		if (fnmatch(pattern, entry->d_name, 0) != 0)
			continue;
		list->paths = mem_array(list->paths, list->count + 1,
		    sizeof(*list->paths));
		list->paths[list->count++] =
		    mem_printf("%s/%s", dir, entry->d_name);
	}
	closedir(stream);
	if (list->count > 0)
		qsort(list->paths, list->count, sizeof(*list->paths), by_name);
	return OUT_OK;
}

enum outcome
backup_dir_list(const char *dir, int64_t bot_id, struct backup_list *list,
    struct fault *fault)
{
	char *pattern =
	    mem_printf("leadpipe-%lld-" STAMP ".db", (long long)bot_id);
	enum outcome out = list_files(dir, pattern, list, fault);

	free(pattern);
	return out;
}

void
backup_list_release(struct backup_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct backup_list){ 0 };
}

enum outcome
backup_dir_sweep(const char *dir, int64_t bot_id, struct fault *fault)
{
	char *pattern = mem_printf(".leadpipe-%lld-" STAMP ".db.partial",
	    (long long)bot_id);
	struct backup_list drafts;
	enum outcome out = list_files(dir, pattern, &drafts, fault);

	for (size_t i = 0; i < drafts.count; i++)
		draft_remove(drafts.paths[i]);
	backup_list_release(&drafts);
	free(pattern);
	return out;
}

enum outcome
backup_dir_rotate(const char *dir, int64_t bot_id, size_t keep, int *removed,
    struct fault *fault)
{
	struct backup_list list;
	enum outcome out = backup_dir_list(dir, bot_id, &list, fault);

	*removed = 0;
	for (size_t i = 0; i + keep < list.count && out == OUT_OK; i++) {
		if (unlink(list.paths[i]) == 0)
			++*removed;
		else if (errno != ENOENT)
			out = file_fault(fault, "remove the old backup",
			    list.paths[i]);
	}
	backup_list_release(&list);
	return out;
}
