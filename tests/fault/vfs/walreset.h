/* SPDX-License-Identifier: MIT */
/*
 * Opens the window of SQLite's WAL-reset race (before 3.51.3): a checkpoint
 * has read the WAL's header, another connection commits and thereby starts
 * the WAL anew, and the checkpoint goes on with what it had read.
 */
#ifndef LEADPIPE_FAULT_WALRESET_H
#define LEADPIPE_FAULT_WALRESET_H

#include <stdbool.h>

/*
 * Registers the VFS `name` (a string that stays), as default one if asked.
 * Returns an SQLite result.  walreset_unregister ends it; no file may be open.
 */
int walreset_register(const char *name, bool as_default);
void walreset_unregister(void);

/*
 * Calls `race(arg)` once, in the window of the next checkpoint by a connection
 * on this VFS whose cached header is stale.  NULL disarms.
 */
void walreset_arm(void (*race)(void *), void *arg);

/* How often the window has been hit since walreset_register. */
int walreset_fired(void);

/* Does the SQLite that is linked have the bug? */
bool walreset_vulnerable(void);

#endif
