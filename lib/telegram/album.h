/* SPDX-License-Identifier: MIT */
/*
 * Albums: several files in one message (core.telegram.org/bots/api
 * #sendmediagroup), each known to Telegram or uploaded with it.
 */
#ifndef LEADPIPE_ALBUM_H
#define LEADPIPE_ALBUM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct telegram_file;

/* The most that an album takes. */
#define ALBUM_FILES 10

/* What the part of the request with the INDEXth file is called; NAME. */
#define ALBUM_NAME_SIZE 16
const char *album_name(size_t index, char name[ALBUM_NAME_SIZE]);

/* True when some file is to be uploaded. */
bool album_uploads(const struct telegram_file *files, size_t count);

/* Puts `media` into PARAMS; what those say of a single file (caption,
 * parse_mode, has_spoiler) moves there. */
void album_fill(json_t *params, const struct telegram_file *files,
    size_t count);

#endif
