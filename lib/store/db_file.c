/* SPDX-License-Identifier: MIT */
#include "store/db_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/schema.h"

void
db_file_release(struct db_file *file)
{
	free(file->path);
	file->path = NULL;
}

char *
db_file_uri(const char *path, const char *options)
{
	struct buf uri = BUF_INIT(65536);

	buf_add_text(&uri, "file:");
	for (const char *at = path; *at; at++)
		if (isalnum((unsigned char)*at) || strchr("/._-", *at))
			buf_add_char(&uri, *at);
		else
			buf_printf(&uri, "%%%02X", (unsigned char)*at);
	buf_printf(&uri, "?%s", options);
	return buf_take(&uri);
}

static int64_t
size_of(const char *path, const char *suffix)
{
	char *file = mem_printf("%s%s", path, suffix);
	struct stat st;
	int64_t size = stat(file, &st) == 0 ? (int64_t)st.st_size : -1;

	free(file);
	return size;
}

/* The directory of a file that may be missing, resolved. */
static enum outcome
resolve_missing(struct db_file *file, const char *path, struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_dup_n(path, (size_t)(slash - path) + 1)
			  : mem_dup("."),
	     *real;
	const char *name = slash ? slash + 1 : path;
	struct stat st;

	if (lstat(path, &st) == 0) {
		free(dir);
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is a symbolic link to a file that does not exist: "
		    "set DATABASE_PATH to the file itself",
		    path);
	}
	real = realpath(dir, NULL);
	if (real)
		file->path =
		    mem_printf("%s/%s", strcmp(real, "/") ? real : "", name);
	else
		file->path = mem_dup(path);
	free(real);
	free(dir);
	file->missing = file->empty = true;
	return OUT_OK;
}

static enum outcome
resolve(struct db_file *file, const char *path, struct fault *fault)
{
	struct stat st;

	file->path = realpath(path, NULL);
	if (!file->path && errno == ENOENT)
		return resolve_missing(file, path, fault);
	if (!file->path || stat(file->path, &st) < 0)
		return fault_set(fault, OUT_NEVER,
		    errno == EACCES ? EXIT_PERMISSION : EXIT_CONFIG,
		    "cannot reach the database '%s': %s%s", path,
		    strerror(errno),
		    errno == EACCES
			? "; be the user who owns its directory, or root"
			: "");
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is not a file: set DATABASE_PATH to one", path);
	file->empty = st.st_size == 0;
	return OUT_OK;
}

static void
look_beside(struct db_file *file)
{
	file->wal = size_of(file->path, "-wal") > 0 ||
	    size_of(file->path, "-journal") > 0;
	file->wal_index = size_of(file->path, "-wal") >= 0 &&
	    size_of(file->path, "-shm") >= 0;
}

/* Lets VISIT have the directory of PATH and the name in it. */
static enum outcome
visit_dir(const char *path,
    enum outcome (*visit)(const char *, const char *, struct fault *),
    struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_dup_n(path, (size_t)(slash - path))
			  : mem_dup(".");
	enum outcome out =
	    visit(*dir ? dir : "/", slash ? slash + 1 : path, fault);

	free(dir);
	return out;
}

enum outcome
db_file_find(struct db_file *file, const char *path, bool make_dir,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	if (path[0] == '\0' || path[strlen(path) - 1] == '/')
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' names no file: set DATABASE_PATH to one", path);
	if (make_dir)
		out = visit_dir(path, file_make_dir, fault);
	if (out == OUT_OK)
		out = resolve(file, path, fault);
	if (out != OUT_OK)
		return out;
	look_beside(file);
	return file_check_local(file->path, fault);
}

enum outcome
db_file_check_version(const char *path, int64_t version, struct fault *fault)
{
	if (version <= migrate_latest())
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "'%s' was written by a newer leadpipe (schema %lld, this one knows "
	    "%d): install the newer version again",
	    path, (long long)version, migrate_latest());
}

static enum outcome
not_ours(const char *path, const char *what, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "'%s' is not a database of leadpipe (%s): move it away, or set "
	    "DATABASE_PATH to another file",
	    path, what);
}

/* https://sqlite.org/fileformat.html, 1.3: numbers are big-endian. */
#define HEADER_SIZE 100
#define HEADER_VERSION 60
#define HEADER_APPLICATION 68

static int64_t
header_number(const unsigned char *at)
{
	return (int64_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* HEADER is zeroed behind the end of a short file. */
static enum outcome
read_header(const char *path, unsigned char header[HEADER_SIZE],
    struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = -1;

	memset(header, 0, HEADER_SIZE);
	if (fd >= 0)
		got = pread(fd, header, HEADER_SIZE, 0);
	if (got < 0)
		fault_set(fault, OUT_NEVER,
		    errno == EACCES ? EXIT_PERMISSION : EXIT_IO,
		    "cannot read '%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return got < 0 ? OUT_NEVER : OUT_OK;
}

/*
 * A checkpoint, under way or killed half-way, leaves a file that is damaged
 * to who does not know its WAL: of such a file only what never changes is
 * believed.  SQLite does not have it open in this process yet, so closing the
 * descriptor drops nobody's locks.
 */
enum outcome
db_file_check(const struct db_file *file, struct fault *fault)
{
	unsigned char header[HEADER_SIZE];
	enum outcome out = read_header(file->path, header, fault);

	if (out != OUT_OK)
		return out;
	if (memcmp(header, "SQLite format 3", 16) != 0)
		return not_ours(file->path, "not an SQLite database", fault);
	if (header_number(header + HEADER_APPLICATION) !=
	    SCHEMA_APPLICATION_ID)
		return not_ours(file->path,
		    "another program's SQLite database", fault);
	if (file->wal)
		return OUT_OK;
	return db_file_check_version(file->path,
	    header_number(header + HEADER_VERSION), fault);
}

enum outcome
db_file_close_to_others(const char *path, struct fault *fault)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	enum outcome out = OUT_OK;
	struct stat st;

	for (size_t i = 0; i < 3 && out == OUT_OK; i++) {
		char *file = mem_printf("%s%s", path, suffixes[i]);

		if (stat(file, &st) == 0 && (st.st_mode & 077) &&
		    chmod(file, 0600) < 0)
			out = fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
			    "cannot close '%s' to others: %s", file,
			    strerror(errno));
		free(file);
	}
	return out;
}

/* NAME beside PATH is missing, or we may write it and close it to others. */
static enum outcome
probe_file(const char *path, const char *name, struct fault *fault)
{
	char *file = file_beside(path, name);
	enum outcome out = OUT_OK;
	struct stat st;

	if (faccessat(AT_FDCWD, file, R_OK | W_OK, AT_EACCESS) < 0 &&
	    errno != ENOENT)
		out = file_fault(fault, "write", file);
	else if (stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) && geteuid() != 0 && st.st_uid != geteuid())
		out = fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "cannot close '%s' to others: it belongs to user %lu",
		    file, (unsigned long)st.st_uid);
	free(file);
	return out;
}

enum outcome
db_file_probe(const char *path, bool parents, struct fault *fault)
{
	static const char *const locks[] = { "migrate.lock", "schema.lock",
		"turn.lock", "write.lock", "run" };
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct db_file file = { 0 };
	enum outcome out = db_file_find(&file, path, false, fault);

	if (out != OUT_OK || file.path == NULL) {
		db_file_release(&file);
		return out;
	}
	if (!parents)
		out = visit_dir(file.path, file_check_parent, fault);
	if (out == OUT_OK)
		out = visit_dir(file.path, file_probe_dir, fault);
	for (size_t i = 0; i < 3 && out == OUT_OK; i++) {
		char *name = mem_printf("%s%s", file.path, suffixes[i]);

		out = probe_file(file.path, name, fault);
		free(name);
	}
	for (size_t i = 0; i < sizeof(locks) / sizeof(*locks) && out == OUT_OK;
	     i++)
		out = probe_file(file.path, locks[i], fault);
	db_file_release(&file);
	return out;
}
