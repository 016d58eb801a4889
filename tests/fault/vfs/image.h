/* SPDX-License-Identifier: MIT */
/* What a file holds, and what of it would survive a power cut. */
#ifndef LEADPIPE_FAULT_IMAGE_H
#define LEADPIPE_FAULT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SECTOR 512

struct content {
	unsigned char *data;
	size_t size, room;
};

struct image {
	struct image *next;
	char *path;
	struct content current, synced;
	bool durable; /* its name is on the disk */
	bool deleted; /* in the cache only: may come back */
};

/* The image of `path`, made if there is none.  Owned by the list. */
struct image *image_get(const char *path);

/* The same, NULL if there is none. */
struct image *image_find(const char *path);

/* Forgets all images. */
void image_release_all(void);

void image_write(struct image *image, const void *data, size_t len, size_t at);
void image_truncate(struct image *image, size_t size);

/*
 * Names are kept as journaling file systems do: any sync also brings the
 * deletions before it to the disk.
 */
void image_sync(struct image *image);

/* A deletion, on the disk at once if `durable`. */
void image_delete(struct image *image, bool durable);

/*
 * What survives, into `out` (the caller frees out->data); false if no file
 * does.  `state` is the random generator's, not 0.
 */
bool image_survivor(const struct image *image, uint32_t *state,
    struct content *out);

#endif
