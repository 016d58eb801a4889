/* SPDX-License-Identifier: MIT */
#include "bot/media_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"

/* What the Bot API takes as an upload (core.telegram.org/bots/api,
 * "Sending files"). */
#define PHOTO_MAX_BYTES (10LL << 20)
#define FILE_MAX_BYTES (50LL << 20)

static void
media_resolve(json_t *medium, const char *kind, const char *path,
    const char *where, struct findings *findings)
{
	const char *name = json_get_text(medium, kind);
	char *file = file_beside(path, name), *real = realpath(file, NULL);
	long long max = strcmp(kind, "photo") == 0 ? PHOTO_MAX_BYTES
						   : FILE_MAX_BYTES;
	char digest[ID_DIGEST_SIZE];
	struct stat about;

	if (real == NULL || stat(real, &about) != 0 ||
	    (S_ISREG(about.st_mode) && about.st_size <= max &&
		id_digest_file(real, digest) != 0)) {
		findings_add(findings, where, "cannot read '%s': %s", file,
		    strerror(errno));
	} else if (!S_ISREG(about.st_mode)) {
		findings_add(findings, where, "'%s' is not a file", file);
	} else if (about.st_size == 0 || about.st_size > max) {
		findings_add(findings, where,
		    "'%s' has %lld bytes, Telegram takes 1 to %lld", file,
		    (long long)about.st_size, max);
	} else {
		json_object_set_new(medium, kind, json_string(real));
		json_object_set_new(medium, "digest", json_string(digest));
		json_object_set_new(medium, "size",
		    json_integer(about.st_size));
	}
	free(real);
	free(file);
}

void
media_file_read(json_t *medium, const char *name, const char *path,
    struct findings *findings)
{
	for (size_t i = 0; media_kinds[i] != NULL; i++) {
		char *where;

		if (json_get_text(medium, media_kinds[i]) == NULL)
			continue;
		where = mem_printf("/media/%s/%s", name, media_kinds[i]);
		media_resolve(medium, media_kinds[i], path, where, findings);
		free(where);
	}
}
