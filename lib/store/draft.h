/* SPDX-License-Identifier: MIT */
/*
 * A database that is being made under another name, until it is complete.
 */
#ifndef LEADPIPE_DRAFT_H
#define LEADPIPE_DRAFT_H

/* Makes DRAFT, an empty file that is closed to others; -1 with errno, also
 * when there is one. */
int draft_make(const char *draft);

/* Removes DRAFT and what SQLite keeps beside it, as far as it is there. */
void draft_remove(const char *draft);

#endif
