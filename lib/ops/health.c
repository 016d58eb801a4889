/* SPDX-License-Identifier: MIT */
#include "ops/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ops/backup_place.h"
#include "ops/check_component.h"
#include "store/backup_dir.h"
#include "store/db_writer.h"

/* The caller frees it; NULL: there is none. */
static char *
newest_backup(const struct run *run)
{
	char *path = NULL, *dir = backup_place_dir(run, NULL);
	struct backup_list list;
	struct fault fault;

	if (backup_dir_list(dir, run_bot_id(run), &list, &fault) == OUT_OK &&
	    list.count > 0)
		path = mem_dup(list.paths[list.count - 1]);
	backup_list_release(&list);
	free(dir);
	return path;
}

/* The commands wait for it, and the WAL cannot shrink. */
static void
check_writer(struct checks *checks)
{
	char program[256];
	pid_t pid;

	if (!db_foreign_writer(checks->path, &pid, program))
		return;
	struct check *check = checks_add(checks, "database", "writer");
	check->state = CHECK_WARNING;
	check_say(check, "%s (process %lld) lets nobody else write", program,
	    (long long)pid);
	check_mend(check, "end its transaction, or 'kill %lld'",
	    (long long)pid);
}

static void
check_state(struct checks *checks, struct run *run, const char *component,
    int64_t deadline)
{
	char *path = run_db_path(run), *backup = newest_backup(run);

	checks->path = path;
	checks->backup = backup;
	if (component == NULL || strcmp(component, "database") == 0)
		check_writer(checks);
	if (check_component_reads(component) &&
	    run_open_db_by(run, DB_READ, deadline) != OUT_OK)
		checks_fault(checks, "database", "open", &run->fault);
	checks_run(checks, component, run->db, run->config);
	checks->path = checks->backup = NULL;
	free(backup);
	free(path);
}

void
health_take(struct checks *checks, struct run *run,
    const struct opt_command *command, const char *component, int64_t deadline,
    int64_t life_ms)
{
	if (run_begin_bare(run, command, life_ms) == OUT_OK) {
		check_state(checks, run, component, deadline);
		return;
	}
	struct check *check = checks_add(checks, "config", "config");
	check_fault(check, &run->fault);
	check_mend(check, "'leadpipe check-config' shows all that is wrong");
	checks_run(checks, component, NULL, run->config);
}

char *
health_key(const struct check *check)
{
	const char *colon = *check->subject != '\0' ? ":" : "";

	return mem_printf("%s/%s%s%s", check->component, check->name, colon,
	    check->subject);
}
