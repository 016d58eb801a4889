/* SPDX-License-Identifier: MIT */
/*
 * Who keeps others from writing.
 */
#ifndef LEADPIPE_DB_WRITER_H
#define LEADPIPE_DB_WRITER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True when a program that is none of ours has been in a write transaction on
 * the database PATH for a moment that no healthy one takes (0.3 s, waited for
 * only when there is one): PROGRAM is its path, *PID its process.  To be
 * called while this process has not opened PATH.
 */
bool db_foreign_writer(const char *path, pid_t *pid, char program[256]);

#endif
