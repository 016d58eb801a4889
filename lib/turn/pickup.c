/* SPDX-License-Identifier: MIT */
#include "turn/pickup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/meta.h"
#include "turn/deploy.h"

/* An editor or an upload may still be writing the file. */
#define QUIET_MS 2000

/* What tells one version of a file from the next without reading it, and when
 * it was written. */
static char *
file_mark(const char *path, int64_t *changed)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return mem_dup("-");
	if ((int64_t)st.st_mtim.tv_sec * 1000 > *changed)
		*changed = (int64_t)st.st_mtim.tv_sec * 1000;
	return mem_printf("%ju %lld.%09ld %lld", (uintmax_t)st.st_ino,
	    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
	    (long long)st.st_size);
}

/* The marks of all files of the flow at PATH, its own from before it is read:
 * what is written meanwhile is seen the next time. */
static json_t *
files_mark(const char *path, int64_t *changed)
{
	json_t *marks = json_object();
	char *mark = file_mark(path, changed);
	json_auto_t *files = flow_files(path);
	json_t *file;
	size_t i;

	json_array_foreach (files, i, file) {
		json_object_set_new(marks, json_string_value(file),
		    json_string(mark));
		free(mark);
		file = json_array_get(files, i + 1);
		mark = file ? file_mark(json_string_value(file), changed)
			    : NULL;
	}
	return marks;
}

/* True when MARKS are of the flow at PATH and nothing changed since. */
static bool
marks_hold(json_t *marks, const char *path)
{
	bool hold = json_object_get(marks, path) != NULL;
	int64_t changed = 0;
	const char *file;
	json_t *seen;

	json_object_foreach (marks, file, seen) {
		char *mark = hold ? file_mark(file, &changed) : NULL;

		if (mark == NULL || !json_is_string(seen) ||
		    strcmp(json_string_value(seen), mark) != 0)
			hold = false;
		free(mark);
	}
	return hold;
}

/* Remembers that this version of the files was looked at, and what of it. */
static enum outcome
remember(struct db *db, const char *mark, const char *refused,
    int64_t deadline, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out == OUT_OK)
		out = meta_set_text(db, META_FLOW_SOURCE, mark, fault);
	if (out == OUT_OK)
		out = meta_set_text(db, META_FLOW_REFUSED, refused, fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	db_rollback(db);
	return out;
}

static enum outcome
try_file(struct db *db, const struct config *config, const char *path,
    const char *mark, int64_t deadline, bool *deployed, struct fault *fault)
{
	int64_t wait_ms = clock_left_ms(deadline);
	struct findings findings = { 0 };
	struct deploy_report report;
	struct fault why;
	char *refused = NULL;
	const struct deploy deploy = { .path = path };
	enum outcome out = deploy_flow(db, config, &deploy, deadline, &report,
	    &findings, &why);

	if (out == OUT_NEVER) {
		const struct finding *first;
		refused = findings_errors(&findings, &first) == 0
		    ? mem_dup(why.text)
		    : mem_printf("%s:%d:%d: %s: %s", path, first->line,
			  first->column, first->where, first->text);
		log_error("the new flow '%s' is not used: %s; 'leadpipe "
			  "deploy-flow --dry-run %s' shows all",
		    path, refused, path);
	} else if (out != OUT_OK) {
		*fault = why;
		findings_release(&findings);
		return out;
	}
	*deployed = out == OUT_OK && !report.unchanged;
	out = remember(db, mark, refused, clock_mono_ms() + wait_ms, fault);
	free(refused);
	findings_release(&findings);
	return out;
}

/* Takes what is at PATH unless somebody may still be writing it. */
static enum outcome
pick_up(struct db *db, const struct config *config, const char *path,
    bool hurry, int64_t deadline, bool *deployed, struct fault *fault)
{
	int64_t changed = 0;
	json_auto_t *marks = files_mark(path, &changed);
	int64_t age = clock_wall_ms() - changed;
	enum outcome out = OUT_OK;
	char *mark;

	if (!hurry && age <= QUIET_MS && age >= -QUIET_MS)
		return OUT_OK;
	mark = json_text(marks);
	out = try_file(db, config, path, mark, deadline, deployed, fault);
	free(mark);
	return out;
}

enum outcome
pickup_flow(struct db *db, const struct config *config, int64_t deadline,
    bool *deployed, struct fault *fault)
{
	const char *path = config_get(config, "FLOW_FILE");

	*deployed = false;
	if (path == NULL)
		return OUT_OK;
	char *text = meta_text(db, META_FLOW_SOURCE);
	char *current = meta_text(db, META_FLOW);
	json_auto_t *seen = text ? json_loads(text, 0, NULL) : NULL;
	enum outcome out = OUT_OK;

	if (access(path, R_OK) == -1)
		out = fault_set(fault, OUT_LATER, EXIT_INPUT,
		    "'%s' cannot be read; %s", path,
		    current != NULL ? "the flow in the database goes on"
				    : "there is no flow in the database yet");
	else if (!marks_hold(seen, path))
		out = pick_up(db, config, path, current == NULL, deadline,
		    deployed, fault);
	free(text);
	free(current);
	return out;
}
