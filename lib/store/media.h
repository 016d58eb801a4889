/* SPDX-License-Identifier: MIT */
/*
 * Files that messages send.  Each file is uploaded once per bot; the others
 * wait in their lanes for the file_id that Telegram gives it.
 */
#ifndef LEADPIPE_MEDIA_H
#define LEADPIPE_MEDIA_H

#include "store/db.h"

struct media {
	int64_t id;
	char digest[65], kind[16];
	char *path;    /* owned */
	char *file_id; /* owned, NULL: not uploaded yet */
	int64_t file_id_at;
	int64_t uploader; /* message that uploads it now, 0: none */
};

/* The row of the file, made if needed; *ID. */
enum outcome media_add(struct db *db, const char *digest, const char *kind,
    const char *path, int64_t *id, struct fault *fault) must_check;
enum outcome media_load(struct db *db, int64_t id, struct media *media,
    struct fault *fault) must_check;
void media_release(struct media *media);

/* MESSAGE is the one that uploads. */
enum outcome media_upload(struct db *db, int64_t id, int64_t message,
    struct fault *fault) must_check;

/* The upload ended: with FILE_ID (NULL: it failed, somebody else tries).  The
 * lanes that waited go on. */
enum outcome media_uploaded(struct db *db, int64_t id, const char *file_id,
    int64_t now, struct fault *fault) must_check;

/* The process that sent MESSAGE died: whatever it uploaded is free again. */
enum outcome media_orphaned(struct db *db, int64_t message, int64_t now,
    struct fault *fault) must_check;

/* Telegram does not know the file_id of FILE_ID_AT any more; one that came
 * later stays. */
enum outcome media_forget(struct db *db, int64_t id, int64_t file_id_at,
    struct fault *fault) must_check;

#endif
