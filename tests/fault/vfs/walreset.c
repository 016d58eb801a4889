/* SPDX-License-Identifier: MIT */
#include "walreset.h"

#include <stddef.h>

#include "patch.h"

static sqlite3_vfs vfs;
static struct patch_set set;
static void (*race_fn)(void *);
static void *race_arg;
static int fired;

/*
 * With mmap off sqlite3WalCheckpoint is the only caller that passes NULL here,
 * right after it has read a changed header.
 */
static int
window_unfetch(sqlite3_file *file, sqlite3_int64 at, void *page)
{
	void (*race)(void *) = race_fn;

	if (!page && race) {
		race_fn = NULL;
		fired++;
		race(race_arg);
	}
	return patch_real(file)->xUnfetch(file, at, page);
}

static void
window_change(sqlite3_io_methods *methods)
{
	if (methods->iVersion >= 3)
		methods->xUnfetch = window_unfetch;
}

static int
window_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags,
    int *out_flags)
{
	int rc =
	    patch_base()->xOpen(patch_base(), path, file, flags, out_flags);

	(void)self;
	if (rc == SQLITE_OK)
		patch_file(&set, file);
	return rc;
}

int
walreset_register(const char *name, bool as_default)
{
	patch_vfs_init(&vfs, name);
	vfs.xOpen = window_open;
	set.change = window_change;
	race_fn = NULL;
	fired = 0;
	return sqlite3_vfs_register(&vfs, as_default);
}

void
walreset_unregister(void)
{
	patch_vfs_release(&vfs);
}

void
walreset_arm(void (*race)(void *), void *arg)
{
	race_arg = arg;
	race_fn = race;
}

int
walreset_fired(void)
{
	return fired;
}

bool
walreset_vulnerable(void)
{
	int v = sqlite3_libversion_number();

	return v >= 3007000 && v < 3051003 && !(v >= 3050007 && v < 3051000) &&
	    !(v >= 3044006 && v < 3045000);
}
