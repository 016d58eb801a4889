/* SPDX-License-Identifier: MIT */
#include "powerloss.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image.h"
#include "patch.h"

static sqlite3_vfs vfs;
static struct patch_set set;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*watch_fn)(void *);
static void *watch_arg;

static void
watch_step(void)
{
	if (watch_fn)
		watch_fn(watch_arg);
}

/* NULL: a temporary file, which no crash brings back. */
static struct image *
file_image(sqlite3_file *file)
{
	return *patch_slot(file);
}

static int
disk_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
	struct image *image = file_image(file);
	int rc;

	if (image)
		watch_step();
	rc = patch_real(file)->xWrite(file, data, len, at);
	if (rc == SQLITE_OK && image) {
		pthread_mutex_lock(&lock);
		image_write(image, data, (size_t)len, (size_t)at);
		pthread_mutex_unlock(&lock);
	}
	return rc;
}

static int
disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct image *image = file_image(file);
	int rc;

	if (image)
		watch_step();
	rc = patch_real(file)->xTruncate(file, size);
	if (rc == SQLITE_OK && image) {
		pthread_mutex_lock(&lock);
		image_truncate(image, (size_t)size);
		pthread_mutex_unlock(&lock);
	}
	return rc;
}

static int
disk_sync(sqlite3_file *file, int flags)
{
	struct image *image = file_image(file);
	int rc;

	if (image)
		watch_step();
	rc = patch_real(file)->xSync(file, flags);
	if (rc == SQLITE_OK && image) {
		pthread_mutex_lock(&lock);
		image_sync(image);
		pthread_mutex_unlock(&lock);
	}
	return rc;
}

static void
disk_change(sqlite3_io_methods *methods)
{
	methods->xWrite = disk_write;
	methods->xTruncate = disk_truncate;
	methods->xSync = disk_sync;
	/* Pages written through a mapping would pass by unseen. */
	if (methods->iVersion > 2)
		methods->iVersion = 2;
}

/* What is there before the first open is taken to be on the disk. */
static int
image_load(struct image *image, sqlite3_file *file)
{
	sqlite3_int64 size, at;
	char data[4096];
	int rc, len;

	rc = file->pMethods->xFileSize(file, &size);
	for (at = 0; rc == SQLITE_OK && at < size; at += len) {
		len = size - at < (int)sizeof(data) ? (int)(size - at)
						    : (int)sizeof(data);
		rc = file->pMethods->xRead(file, data, len, at);
		if (rc == SQLITE_OK)
			image_write(image, data, (size_t)len, (size_t)at);
	}
	if (rc == SQLITE_OK && size > 0)
		image_sync(image);
	return rc;
}

static int
disk_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct image *image = NULL;
	int rc;

	(void)self;
	rc = patch_base()->xOpen(patch_base(), path, file, flags, out_flags);
	if (rc != SQLITE_OK)
		return rc;
	pthread_mutex_lock(&lock);
	if (path && !(flags & SQLITE_OPEN_DELETEONCLOSE)) {
		image = image_find(path);
		if (!image) {
			image = image_get(path);
			rc = image_load(image, file);
		}
		image->deleted = false;
	}
	pthread_mutex_unlock(&lock);
	*patch_slot(file) = image;
	if (rc == SQLITE_OK)
		patch_file(&set, file);
	else
		file->pMethods->xClose(file);
	if (rc != SQLITE_OK)
		file->pMethods = NULL;
	return rc;
}

static int
disk_delete(sqlite3_vfs *self, const char *path, int sync_directory)
{
	struct image *image;
	int rc;

	(void)self;
	watch_step();
	rc = patch_base()->xDelete(patch_base(), path, sync_directory);
	pthread_mutex_lock(&lock);
	image = image_find(path);
	if (rc == SQLITE_OK && image)
		image_delete(image, sync_directory);
	pthread_mutex_unlock(&lock);
	return rc;
}

int
powerloss_register(const char *name, bool as_default)
{
	patch_vfs_init(&vfs, name);
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	set.change = disk_change;
	return sqlite3_vfs_register(&vfs, as_default);
}

void
powerloss_unregister(void)
{
	patch_vfs_release(&vfs);
	watch_fn = NULL;
	image_release_all();
}

void
powerloss_watch(void (*step)(void *), void *arg)
{
	watch_arg = arg;
	watch_fn = step;
}

static int
survivor_write(const char *path, const struct content *content)
{
	size_t done = 0;
	ssize_t n = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	while (done < content->size && n >= 0) {
		n = write(fd, content->data + done, content->size - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return close(fd) < 0 || n < 0 ? -1 : 0;
}

static int
survivor_cut(const char *from, const char *to, uint32_t *state)
{
	struct image *image;
	struct content content;
	int rc = 0;

	if (unlink(to) < 0 && errno != ENOENT)
		return -1;
	pthread_mutex_lock(&lock);
	image = image_find(from);
	if (image && image_survivor(image, state, &content)) {
		rc = survivor_write(to, &content);
		free(content.data);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
powerloss_cut(const char *from, const char *to, unsigned seed)
{
	static const char *const suffixes[] = { "", "-wal", "-journal" };
	uint32_t state = seed * 2654435761U | 1;
	char source[4096], target[4096];
	size_t i;

	/* Shared memory is rebuilt after a reboot. */
	snprintf(target, sizeof(target), "%s-shm", to);
	if (unlink(target) < 0 && errno != ENOENT)
		return -1;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(source, sizeof(source), "%s%s", from, suffixes[i]);
		snprintf(target, sizeof(target), "%s%s", to, suffixes[i]);
		if (survivor_cut(source, target, &state) < 0)
			return -1;
	}
	return 0;
}
