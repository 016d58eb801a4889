/* SPDX-License-Identifier: MIT */
#include "base/file_draft.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

void
file_sweep_drafts(const char *dir, const char *pattern)
{
	char *draft = mem_printf(".%s.??????", pattern);
	DIR *stream = opendir(dir);
	const struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (fnmatch(draft, entry->d_name, 0) == 0)
			unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream != NULL)
		closedir(stream);
	free(draft);
}
