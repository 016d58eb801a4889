/* SPDX-License-Identifier: MIT */
#include "patch.h"

#include <stdlib.h>

static sqlite3_vfs *base;

sqlite3_vfs *
patch_base(void)
{
	if (!base)
		base = sqlite3_vfs_find(NULL);
	return base;
}

static int
slot_offset(void)
{
	int align = (int)_Alignof(void *);

	return (patch_base()->szOsFile + align - 1) / align * align;
}

void
patch_vfs_init(sqlite3_vfs *vfs, const char *name)
{
	*vfs = *patch_base();
	vfs->pNext = NULL;
	vfs->zName = name;
	vfs->szOsFile = slot_offset() + (int)sizeof(void *);
}

void
patch_vfs_release(sqlite3_vfs *vfs)
{
	sqlite3_vfs_unregister(vfs);
	sqlite3_vfs_register(patch_base(), 1);
}

void
patch_file(struct patch_set *set, sqlite3_file *file)
{
	struct patch *p = set->patches;
	struct patch *end = p + sizeof(set->patches) / sizeof(*p);

	while (p < end && p->real && p->real != file->pMethods)
		p++;
	if (p == end)
		abort();
	if (!p->real) {
		p->real = file->pMethods;
		p->mine = *p->real;
		set->change(&p->mine);
	}
	file->pMethods = &p->mine;
}

const sqlite3_io_methods *
patch_real(sqlite3_file *file)
{
	return ((const struct patch *)(const void *)file->pMethods)->real;
}

void **
patch_slot(sqlite3_file *file)
{
	return (void **)(void *)((char *)file + slot_offset());
}
