/* SPDX-License-Identifier: MIT */
/*
 * A VFS that is SQLite's default one but for a few methods.  Files stay the
 * default VFS's own, only their method table is exchanged for a changed copy,
 * so locks and shared memory behave exactly as in production.
 */
#ifndef LEADPIPE_FAULT_PATCH_H
#define LEADPIPE_FAULT_PATCH_H

#include <sqlite3.h>

struct patch {
	sqlite3_io_methods mine; /* first: found again by the file */
	const sqlite3_io_methods *real;
};

/* The tables of one VFS: the default one has a handful. */
struct patch_set {
	struct patch patches[8];
	void (*change)(sqlite3_io_methods *methods);
};

/* The default VFS as it was before any of ours was registered. */
sqlite3_vfs *patch_base(void);

/* Makes `vfs` a copy of the default one called `name`, with room in each file
 * for one pointer. */
void patch_vfs_init(sqlite3_vfs *vfs, const char *name);

/* Takes `vfs` out again; the default one is the default again. */
void patch_vfs_release(sqlite3_vfs *vfs);

/* Exchanges the method table of an open `file`. */
void patch_file(struct patch_set *set, sqlite3_file *file);

/* The methods that `file` had before. */
const sqlite3_io_methods *patch_real(sqlite3_file *file);

/* Where the pointer of `file` is kept. */
void **patch_slot(sqlite3_file *file);

#endif
