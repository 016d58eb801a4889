/* SPDX-License-Identifier: MIT */
/*
 * A disk with a volatile cache.  Of every file written through this VFS the
 * content of the last sync is remembered; when the power is cut, that content
 * survives together with a random part of the 512-byte sectors written since,
 * in no particular order.  The files themselves are never touched, so one run
 * can be cut at every step.  One process only.
 */
#ifndef LEADPIPE_FAULT_POWERLOSS_H
#define LEADPIPE_FAULT_POWERLOSS_H

#include <stdbool.h>

/*
 * Registers the VFS `name` (a string that stays), as default one if asked.
 * Returns an SQLite result.  powerloss_unregister forgets everything; no file
 * may be open.  mmap I/O is off on this VFS.
 */
int powerloss_register(const char *name, bool as_default);
void powerloss_unregister(void);

/*
 * Calls `step(arg)` before each write, truncation, sync and deletion.  It may
 * cut the power and use SQLite on files elsewhere.  NULL ends it.
 */
void powerloss_watch(void (*step)(void *), void *arg);

/*
 * Writes what a power cut now would leave of the database `from`, its WAL and
 * its journal to `to`, `to`-wal and `to`-journal, replacing what is there.
 * The same `seed` gives the same choice.  Returns 0, or -1 with errno.
 */
int powerloss_cut(const char *from, const char *to, unsigned seed);

#endif
