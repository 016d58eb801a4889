/* SPDX-License-Identifier: MIT */
/*
 * Files that a flow sends, as the bundle has them.
 */
#ifndef LEADPIPE_MEDIA_FILE_H
#define LEADPIPE_MEDIA_FILE_H

#include <jansson.h>

#include "bot/finding.h"

/* Puts the absolute path, digest and size of the file into MEDIUM, the entry
 * NAME of `media`, which has its path as seen from the file PATH.  Adds to
 * FINDINGS when it cannot be read or is nothing that Telegram takes. */
void media_file_read(json_t *medium, const char *name, const char *path,
    struct findings *findings);

#endif
