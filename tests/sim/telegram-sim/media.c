/* SPDX-License-Identifier: MIT */
#include "media.h"
#include "call.h"
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHOTO_BYTES (UINT64_C(10) << 20)
#define FILE_BYTES (UINT64_C(50) << 20)

static const char *const kinds[] = { "photo", "video", "document", "audio",
	"voice", "animation" };

static const char *
kind_known(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i], kind))
			return kinds[i];
	return NULL;
}

static struct file *
file_add(struct sim *sim, const char *kind, const char *name, uint64_t size,
    uint64_t hash)
{
	struct file *file;

	for (file = sim->files.first; file; file = file->next) {
		if (file->hash == hash && file->size == size &&
		    !strcmp(file->kind, kind)) {
			sim->files.repeated++;
			file->uploads++;
			return file;
		}
	}
	file = text_alloc(1, sizeof(*file));
	file->kind = kind_known(kind);
	file->name = text_copy(name);
	file->size = size;
	file->hash = hash;
	file->uploads = 1;
	snprintf(file->id, sizeof(file->id),
	    "AgACAgIAAxkDAAI%016" PRIx64 "%.2s%010" PRIx64 "AQADAgADNgQ", hash,
	    kind, (uint64_t)sim_bot_id(sim));
	snprintf(file->unique, sizeof(file->unique), "AQAD%012" PRIx64,
	    hash & UINT64_C(0xffffffffffff));
	file->next = sim->files.first;
	sim->files.first = file;
	return file;
}

static struct file *
file_uploaded(struct call *call, const char *kind, const struct upload *upload,
    struct text *why)
{
	if (!upload->size) {
		text_puts(why, "file must be non-empty");
		return NULL;
	}
	if (!strcmp(kind, "photo") && upload->size > PHOTO_BYTES) {
		text_fmt(why,
		    "file of size %" PRIu64 " bytes is too big for "
		    "a photo; the maximum size is %" PRIu64 " bytes",
		    upload->size, PHOTO_BYTES);
		return NULL;
	}
	if (upload->size > FILE_BYTES) {
		text_puts(why, "file is too big");
		return NULL;
	}
	call->sim->files.uploads++;
	return file_add(call->sim, kind, upload->name, upload->size,
	    upload->hash);
}

static struct file *
file_known(struct call *call, const char *kind, const char *id,
    struct text *why)
{
	struct file *file;

	for (file = call->sim->files.first; file; file = file->next)
		if (!strcmp(file->id, id))
			break;
	if (file && !strcmp(file->kind, kind))
		return file;
	if (file)
		text_fmt(why, "can't use file of type %c%s as %c%s",
		    file->kind[0] - 32, file->kind + 1, kind[0] - 32,
		    kind + 1);
	else if (strlen(id) > 20 && !strchr(id, '/') && !strchr(id, '.'))
		text_puts(why,
		    "wrong remote file identifier specified: "
		    "can't unserialize it. Wrong last symbol");
	else
		text_puts(why, "wrong file identifier/HTTP URL specified");
	return NULL;
}

/* A URL is fetched by the server: ".invalid" hosts fail, as they do. */
static struct file *
file_fetched(struct call *call, const char *kind, const char *url,
    struct text *why)
{
	if (strstr(url, ".invalid")) {
		text_puts(why, "failed to get HTTP URL content");
		return NULL;
	}
	return file_add(call->sim, kind, url, 1000,
	    text_hash(HASH_START, url, strlen(url)));
}

struct file *
file_resolve(struct call *call, const char *kind, const char *field,
    const char *value, struct text *why)
{
	const struct upload *upload;

	if (!kind_known(kind)) {
		text_puts(why, "can't parse InputMedia: type not supported");
		return NULL;
	}
	if (value && !strncmp(value, "attach://", 9))
		field = value + 9;
	else if (value && value[0])
		return !strncmp(value, "http://", 7) ||
			!strncmp(value, "https://", 8)
		    ? file_fetched(call, kind, value, why)
		    : file_known(call, kind, value, why);
	upload = call_upload(call, field);
	if (upload)
		return file_uploaded(call, kind, upload, why);
	text_fmt(why, "there is no %s in the request", kind);
	return NULL;
}

void
file_write(const struct file *file, struct text *out)
{
	bool photo = !strcmp(file->kind, "photo");

	/* a photo comes in sizes, the last one is the largest */
	text_fmt(out,
	    ",\"%s\":%s{\"file_id\":\"%s\",\"file_unique_id\":"
	    "\"%s\",\"file_size\":%" PRIu64,
	    file->kind, photo ? "[" : "", file->id, file->unique, file->size);
	if (photo || !strcmp(file->kind, "video") ||
	    !strcmp(file->kind, "animation"))
		text_puts(out, ",\"width\":640,\"height\":360");
	if (!photo && strcmp(file->kind, "document"))
		text_puts(out, ",\"duration\":10");
	if (!photo && file->name) {
		text_puts(out, ",\"file_name\":");
		text_json(out, file->name);
	}
	text_puts(out, photo ? "}]" : "}");
}

json_t *
files_view(const struct files *files)
{
	json_t *seen = json_array();
	const struct file *file;

	for (file = files->first; file; file = file->next)
		json_array_append_new(seen,
		    json_pack("{s:s, s:s, s:s, s:I, s:I}", "kind", file->kind,
			"file_id", file->id, "file_name",
			file->name ? file->name : "", "size",
			(json_int_t)file->size, "uploads",
			(json_int_t)file->uploads));
	return seen;
}

void
files_release(struct files *files)
{
	while (files->first) {
		struct file *file = files->first;

		files->first = file->next;
		free(file->name);
		free(file);
	}
	*files = (struct files){ 0 };
}
