/* SPDX-License-Identifier: MIT */
#include "store/media.h"
#include "store/statement.h"

#include <stdio.h>
#include <stdlib.h>

enum outcome
media_add(struct db *db, const char *digest, const char *kind,
    const char *path, int64_t *id, struct fault *fault)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT id, path = ?3 FROM media WHERE digest = ?1 AND kind = ?2");

	db_bind_text(find, 1, digest);
	db_bind_text(find, 2, kind);
	db_bind_text(find, 3, path);
	bool same = false;
	*id = 0;
	while (db_row(db, find)) {
		*id = db_int(find, 0);
		same = db_int(find, 1) != 0;
	}
	if (*id != 0 && same)
		return db_result(db, fault);

	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO media(digest, kind, path) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT(digest, kind) DO UPDATE SET path = excluded.path"
	    " RETURNING id");
	db_bind_text(add, 1, digest);
	db_bind_text(add, 2, kind);
	db_bind_text(add, 3, path);
	while (db_row(db, add))
		*id = db_int(add, 0);
	return db_result(db, fault);
}

enum outcome
media_load(struct db *db, int64_t id, struct media *media, struct fault *fault)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT digest, kind, path, file_id, coalesce(uploader, 0),"
	    " coalesce(file_id_at, 0) FROM media WHERE id = ?1");
	bool found = false;

	*media = (struct media){ .id = id };
	db_bind_int(load, 1, id);
	while (db_row(db, load)) {
		found = true;
		snprintf(media->digest, sizeof media->digest, "%s",
		    db_text(load, 0));
		snprintf(media->kind, sizeof media->kind, "%s",
		    db_text(load, 1));
		media->path = db_text_dup(load, 2);
		media->file_id = db_text_dup(load, 3);
		media->uploader = db_int(load, 4);
		media->file_id_at = db_int(load, 5);
	}
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !found)
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "media %lld is not in the database", (long long)id);
	return out;
}

void
media_release(struct media *media)
{
	free(media->path);
	free(media->file_id);
	media->path = media->file_id = NULL;
}

enum outcome
media_upload(struct db *db, int64_t id, int64_t message, struct fault *fault)
{
	sqlite3_stmt *mark =
	    db_use(db, "UPDATE media SET uploader = ?2 WHERE id = ?1");

	db_bind_int(mark, 1, id);
	db_bind_int(mark, 2, message);
	db_run(db, mark);
	return db_result(db, fault);
}

static enum outcome
wake_lanes(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *wake =
	    db_use(db, "UPDATE lanes SET awaits = NULL WHERE awaits = ?1");

	db_bind_int(wake, 1, id);
	db_run(db, wake);
	return db_result(db, fault);
}

enum outcome
media_uploaded(struct db *db, int64_t id, const char *file_id, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *done = db_use(db,
	    "UPDATE media SET uploader = NULL,"
	    " file_id = coalesce(?2, file_id),"
	    " file_id_at = iif(?2 IS NULL, file_id_at, ?3) WHERE id = ?1");

	db_bind_int(done, 1, id);
	db_bind_text(done, 2, file_id);
	db_bind_int(done, 3, now);
	db_run(db, done);
	return wake_lanes(db, id, fault);
}

enum outcome
media_orphaned(struct db *db, int64_t message, int64_t now,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (;;) {
		int64_t id = 0;
		sqlite3_stmt *find = db_use(db,
		    "SELECT id FROM media WHERE uploader = ?1 LIMIT 1");
		db_bind_int(find, 1, message);
		while (db_row(db, find))
			id = db_int(find, 0);
		if (id == 0 || out != OUT_OK)
			break;
		out = media_uploaded(db, id, NULL, now, fault);
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}

enum outcome
media_forget(struct db *db, int64_t id, int64_t file_id_at,
    struct fault *fault)
{
	sqlite3_stmt *forget = db_use(db,
	    "UPDATE media SET file_id = NULL, uploader = NULL"
	    " WHERE id = ?1 AND file_id_at = ?2 AND file_id IS NOT NULL");

	db_bind_int(forget, 1, id);
	db_bind_int(forget, 2, file_id_at);
	db_run(db, forget);
	return wake_lanes(db, id, fault);
}
