/* SPDX-License-Identifier: MIT */
/*
 * What a process that was killed amid file_write_atomic() leaves behind.
 */
#ifndef LEADPIPE_FILE_DRAFT_H
#define LEADPIPE_FILE_DRAFT_H

/* Removes from DIR the drafts of the files whose names match the shell
 * PATTERN.  Whoever writes these holds a lock that the caller has now. */
void file_sweep_drafts(const char *dir, const char *pattern);

#endif
