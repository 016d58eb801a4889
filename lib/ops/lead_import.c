/* SPDX-License-Identifier: MIT */
#include "ops/lead_import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "crm/table.h"
#include "ops/reception.h"

#define WAIT_MS 20000
#define LIFE_MS 60000

/* The same person, however long ago. */
#define ANY_AGE_MS INT64_MAX

/* Bad lines that are reported one by one. */
#define COMPLAINTS 20

/* By its name; a pipe has no beginning to look at without reading it. */
static enum table_kind
kind_of(const char *file, int fd)
{
	const char *dot = strrchr(file, '.');
	char first[64] = "";

	if (dot != NULL && strstr(dot, "json") != NULL)
		return TABLE_NDJSON;
	if (pread(fd, first, sizeof(first) - 1, 0) <= 0)
		return TABLE_CSV;
	return first[strspn(first, " \t\r\n\xef\xbb\xbf")] == '{'
	    ? TABLE_NDJSON
	    : TABLE_CSV;
}

static enum outcome
cannot_read(struct fault *fault, const char *file, int error)
{
	if (error == EISDIR)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is a directory: import a file of it", file);
	return fault_set(fault, OUT_LATER, EXIT_IO, "cannot read '%s': %s",
	    file, strerror(error));
}

static enum outcome
store(struct reception *reception)
{
	enum outcome out = reception->count > 0
	    ? reception_store(reception, WAIT_MS)
	    : OUT_OK;

	reception_clear(reception);
	/* A long table is no hanging command. */
	stop_hard_at(clock_mono_ms() + LIFE_MS);
	return out;
}

static void
complain(const struct table *table, const struct fault *fault,
    struct lead_import *import)
{
	if (import->refused++ < COMPLAINTS)
		log_error("line %lld: %s", (long long)table->line,
		    fault->text);
}

static enum outcome
read_all(struct reception *reception, struct table *table, const char *file,
    struct lead_import *import)
{
	const char *kind = table->kind == TABLE_CSV ? "csv" : "ndjson";
	struct fault *fault = &reception->run->fault;
	enum outcome out = OUT_OK;
	struct fault why;

	while (out == OUT_OK) {
		switch (table_next(table, true, stop_fd(),
		    reception_intake(reception), &why)) {
		case TABLE_LEAD:
			if (reception_keep(reception, kind, "", table->line))
				out = store(reception);
			break;
		case TABLE_BAD:
			complain(table, &why, import);
			break;
		case TABLE_REFUSED:
			*fault = why;
			return why.what;
		case TABLE_LATER:
			break;
		case TABLE_END:
			return store(reception);
		case TABLE_STOPPED:
			out = store(reception);
			return out != OUT_OK
			    ? out
			    : fault_set(fault, OUT_LATER, EXIT_LATER,
				  "stopped; run it again: what is stored is "
				  "known then");
		case TABLE_FAILED:
			return cannot_read(fault, file, errno);
		}
	}
	return out;
}

enum outcome
lead_import(struct run *run, const char *file, bool dry_run,
    struct lead_import *import)
{
	struct reception reception = { 0 };
	struct table table;
	int fd = strcmp(file, "-") == 0 ? STDIN_FILENO
					: open(file, O_RDONLY | O_CLOEXEC);
	enum outcome out;

	*import = (struct lead_import){ 0 };
	if (fd < 0)
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "cannot read '%s': %s", file, strerror(errno));
	out = reception_open(&reception, run);
	if (out == OUT_OK) {
		reception.dry_run = dry_run;
		reception.join_ms = ANY_AGE_MS;
		table_open(&table, kind_of(file, fd), fd);
		out = read_all(&reception, &table, file, import);
		table_close(&table);
		import->added = reception.added;
		import->joined = reception.joined;
		import->known = reception.known;
	}
	reception_close(&reception);
	if (fd != STDIN_FILENO)
		close(fd);
	return out;
}
