/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <stdlib.h>
#include <string.h>

static struct image *images;

static void
content_resize(struct content *content, size_t size)
{
	if (size > content->room) {
		content->room = size * 2;
		content->data = realloc(content->data, content->room);
		if (!content->data)
			abort();
	}
	if (size > content->size)
		memset(content->data + content->size, 0, size - content->size);
	content->size = size;
}

static void
content_write(struct content *content, const void *data, size_t len, size_t at)
{
	if (len == 0)
		return;
	if (at + len > content->size)
		content_resize(content, at + len);
	memcpy(content->data + at, data, len);
}

struct image *
image_find(const char *path)
{
	struct image *image = images;

	while (image && strcmp(image->path, path) != 0)
		image = image->next;
	return image;
}

struct image *
image_get(const char *path)
{
	struct image *image = image_find(path);

	if (image)
		return image;
	image = calloc(1, sizeof(*image));
	if (!image || !(image->path = strdup(path)))
		abort();
	image->next = images;
	images = image;
	return image;
}

void
image_release_all(void)
{
	struct image *next;

	for (; images; images = next) {
		next = images->next;
		free(images->current.data);
		free(images->synced.data);
		free(images->path);
		free(images);
	}
}

void
image_write(struct image *image, const void *data, size_t len, size_t at)
{
	content_write(&image->current, data, len, at);
}

void
image_truncate(struct image *image, size_t size)
{
	content_resize(&image->current, size);
}

void
image_sync(struct image *image)
{
	struct image *other;

	image->synced.size = 0;
	content_write(&image->synced, image->current.data, image->current.size,
	    0);
	image->durable = true;
	for (other = images; other; other = other->next)
		if (other->deleted)
			image_delete(other, true);
}

void
image_delete(struct image *image, bool durable)
{
	image->current.size = 0;
	image->deleted = !durable;
	if (durable) {
		image->synced.size = 0;
		image->durable = false;
	}
}

/* xorshift32 */
static bool
coin_flip(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state >> 16 & 1;
}

static size_t
sector_len(const struct content *content, size_t at)
{
	size_t left = content->size - at;

	return left < IMAGE_SECTOR ? left : IMAGE_SECTOR;
}

static bool
sector_same(const struct image *image, size_t at)
{
	const struct content *now = &image->current, *old = &image->synced;
	size_t len = sector_len(now, at);

	return at + len <= old->size &&
	    memcmp(now->data + at, old->data + at, len) == 0;
}

bool
image_survivor(const struct image *image, uint32_t *state, struct content *out)
{
	const struct content *now = &image->current;
	size_t at;

	memset(out, 0, sizeof(*out));
	if (!image->durable && !coin_flip(state))
		return false;
	if (image->deleted && coin_flip(state))
		return false;
	content_write(out, image->synced.data, image->synced.size, 0);
	if (now->size < out->size && !image->deleted && coin_flip(state))
		out->size = now->size;
	for (at = 0; at < now->size; at += IMAGE_SECTOR)
		if (!sector_same(image, at) && coin_flip(state))
			content_write(out, now->data + at, sector_len(now, at),
			    at);
	return true;
}
