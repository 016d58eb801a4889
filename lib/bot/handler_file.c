/* SPDX-License-Identifier: MIT */
#include "bot/handler_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/pointer.h"

#define DEPTH_MAX 64

struct search {
	const char *path; /* of the flow */
	struct buf where;
	int depth;
	void (*found)(struct search *search, const char *program);
	struct findings *findings;
	json_t *files;
	char *dir; /* handlers/, resolved; NULL when it is not there */
	bool any;
};

static void walk(struct search *search, json_t *value);

static void
walk_into(struct search *search, const char *key, json_t *value)
{
	size_t len = search->where.len;

	pointer_add(&search->where, key);
	walk(search, value);
	search->where.len = len;
	search->where.overflow = false;
	search->where.data[len] = '\0';
}

static void
exec_found(struct search *search, const json_t *exec)
{
	json_t *run = json_object_get(exec, "run");
	const char *program = json_string_value(json_array_get(run, 0));

	/* What is no name is said where the flow is checked. */
	if (program == NULL || program[0] == '\0' || program[0] == '.' ||
	    strchr(program, '/') != NULL)
		return;
	search->any = true;
	search->found(search, program);
}

static void
walk(struct search *search, json_t *value)
{
	const char *key;
	char index[24];
	json_t *child;
	size_t i;

	if (search->depth == DEPTH_MAX)
		return;
	search->depth++;
	exec_found(search, json_object_get(value, "exec"));
	json_object_foreach (value, key, child)
		walk_into(search, key, child);
	json_array_foreach (value, i, child) {
		snprintf(index, sizeof(index), "%zu", i);
		walk_into(search, index, child);
	}
	search->depth--;
}

static char *
program_path(const struct search *search, const char *program)
{
	char *name = mem_printf("handlers/%s", program);
	char *path = file_beside(search->path, name);

	free(name);
	return path;
}

/* True when REAL is in the directory of handlers, not where a link leads. */
static bool
is_inside(const struct search *search, const char *real)
{
	size_t len = search->dir ? strlen(search->dir) : 0;

	return len > 0 && strncmp(real, search->dir, len) == 0 &&
	    real[len] == '/';
}

static void
program_check(struct search *search, const char *program)
{
	char *path = program_path(search, program);
	char *where = mem_printf("%s/exec/run/0", search->where.data);
	char *real = realpath(path, NULL);
	struct stat about;

	if (real == NULL || stat(real, &about) != 0)
		findings_add(search->findings, where,
		    "cannot find '%s': %s; handlers are in handlers/ beside "
		    "the flow",
		    path, strerror(errno));
	else if (!is_inside(search, real))
		findings_add(search->findings, where,
		    "'%s' leads out of handlers/: copy the program there",
		    path);
	else if (!S_ISREG(about.st_mode) || access(real, X_OK) != 0)
		findings_add(search->findings, where,
		    "'%s' is no program that can be run: chmod +x it", path);
	free(real);
	free(where);
	free(path);
}

static void
program_list(struct search *search, const char *program)
{
	char *path = program_path(search, program);

	json_array_append_new(search->files, json_string(path));
	free(path);
}

static void
search_run(struct search *search, json_t *root)
{
	search->where = (struct buf)BUF_INIT(64U << 10);
	buf_add_text(&search->where, "");
	walk(search, root);
	buf_release(&search->where);
}

void
handlers_resolve(json_t *root, const char *path, struct findings *findings)
{
	char *dir = file_beside(path, "handlers");
	struct search search = { .path = path,
		.found = program_check,
		.findings = findings,
		.dir = realpath(dir, NULL) };

	search_run(&search, root);
	if (search.any && search.dir != NULL)
		json_object_set_new(root, "handlers", json_string(search.dir));
	free(search.dir);
	free(dir);
}

void
handlers_list(json_t *root, const char *path, json_t *files)
{
	struct search search = { .path = path,
		.found = program_list,
		.files = files };

	search_run(&search, root);
}
