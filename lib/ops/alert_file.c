/* SPDX-License-Identifier: MIT */
#include "ops/alert_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_draft.h"
#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"

#define STATE_MOST (4u << 20)

/* In memory, in a directory that is ours alone: everybody may write beside
 * it. */
static char *
spare_path(const char *db_path)
{
	char *real = realpath(db_path, NULL);
	const char *of = real ? real : db_path;
	char *path = mem_printf("/dev/shm/leadpipe-%lu/alerts-%016llx.json",
	    (unsigned long)geteuid(),
	    (unsigned long long)id_hash(of, strlen(of)));

	free(real);
	return path;
}

/* MAKE: makes it when it is not there. */
static bool
spare_is_safe(const char *spare, bool make)
{
	char *dir = mem_dup_n(spare, (size_t)(strrchr(spare, '/') - spare));
	struct stat st;

	if (make)
		mkdir(dir, 0700);
	bool safe = lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
	free(dir);
	return safe;
}

static json_t *
load(const char *path)
{
	char *text = NULL;
	struct fault fault;
	json_error_t error;
	json_t *json = NULL;
	size_t len;

	if (file_read(path, STATE_MOST, &text, &len, &fault) == OUT_OK)
		json = json_parse((struct json_slice){ text, len }, &error);
	free(text);
	return json;
}

/* What a killed one left: nobody else writes while the lock is ours. */
static void
sweep(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = file_beside(path, ".");

	file_sweep_drafts(dir, slash ? slash + 1 : path);
	free(dir);
}

static void
read_state(struct alert_file *file, struct alert_state *state, int64_t now)
{
	bool safe = spare_is_safe(file->spare, false);

	sweep(file->path);
	if (safe)
		sweep(file->spare);
	json_auto_t *first = load(file->path);
	json_auto_t *second = safe ? load(file->spare) : NULL;
	const json_t *newest = json_get_int(second, "saves", 0) >
		json_get_int(first, "saves", 0)
	    ? second
	    : first;

	alert_state_read(state, newest, now);
	json_auto_t *as_read = alert_state_json(state);
	file->written = json_text(as_read);
}

enum outcome
alert_file_open(struct alert_file *file, const char *db_path, int64_t deadline,
    struct alert_state *state, int64_t now, struct fault *fault)
{
	char *path = file_beside(db_path, "alerts.lock");

	*file =
	    (struct alert_file){ .path = file_beside(db_path, "alerts.json"),
		    .spare = spare_path(db_path),
		    .lock = -1 };
	enum outcome out =
	    file_lock(path, FILE_LOCK_EXCLUSIVE, deadline, &file->lock, fault);
	free(path);
	if (out != OUT_OK && fault->code != EXIT_LATER &&
	    spare_is_safe(file->spare, true)) {
		path = mem_printf("%s.lock", file->spare);
		out = file_lock(path, FILE_LOCK_EXCLUSIVE, deadline,
		    &file->lock, fault);
		free(path);
	}
	if (out == OUT_OK)
		read_state(file, state, now);
	return out;
}

static enum outcome
write_state(struct alert_file *file, const char *text, struct fault *fault)
{
	enum outcome out =
	    file_write_atomic(file->path, text, strlen(text), 0600, fault);

	if (out == OUT_OK && spare_is_safe(file->spare, false))
		unlink(file->spare);
	else if (out != OUT_OK && spare_is_safe(file->spare, true))
		out = file_write_atomic(file->spare, text, strlen(text), 0600,
		    fault);
	return out;
}

enum outcome
alert_file_save(struct alert_file *file, struct alert_state *state,
    struct fault *fault)
{
	json_auto_t *json = alert_state_json(state);
	char *text = json_text(json);

	if (strcmp(text, file->written) == 0) {
		free(text);
		return OUT_OK;
	}
	free(text);
	state->saves++;
	json_object_set_new(json, "saves", json_integer(state->saves));
	text = json_text(json);
	enum outcome out = write_state(file, text, fault);
	if (out == OUT_OK) {
		free(file->written);
		file->written = text;
	} else {
		free(text);
	}
	return out;
}

void
alert_file_close(struct alert_file *file)
{
	if (file->lock >= 0)
		close(file->lock);
	free(file->path);
	free(file->spare);
	free(file->written);
	*file = (struct alert_file){ .lock = -1 };
}
