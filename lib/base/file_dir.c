/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file_fault.h"
#include "base/mem.h"

/* Makes the parents of DIR; the umask must not close what others share. */
static int
make_parents(const char *dir)
{
	char *path = mem_dup(dir);
	int result = 0;

	for (char *at = path + 1; *path != '\0' && *at != '\0'; at++) {
		if (*at != '/' || at[-1] == '/' || at[1] == '\0')
			continue;
		*at = '\0';
		if (mkdir(path, 0755) == 0)
			result = chmod(path, 0755);
		else if (errno != EEXIST)
			result = -1;
		*at = '/';
		if (result < 0)
			break;
	}
	free(path);
	return result;
}

/* True when NAME is what we keep beside a database called OWN. */
static bool
is_ours(const char *name, const char *own)
{
	static const char *const ours[] = { ".", "..", "run", "journal",
		"backups", "alerts.json" };
	static const char *const files[] = { "", "-wal", "-shm", "-journal" };
	const char *end = strrchr(name, '.');

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(ours[i], name) == 0)
			return true;
	if (strncmp(name, "leadpipe.db", 11) == 0 ||
	    (end != NULL && strcmp(end, ".lock") == 0))
		return true;
	if (strncmp(name, own, strlen(own)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i], name + strlen(own)) == 0)
			return true;
	return false;
}

/* True when the directory FD is the home of other things as well: closing
 * /var/lib, /tmp or a web server's files to others would do harm. */
static bool
is_shared(int fd, const char *own, const struct stat *st)
{
	bool shared = (st->st_mode & S_ISVTX) != 0;
	struct dirent *entry;
	DIR *dir = fdopendir(fd);

	while (dir != NULL && !shared && (entry = readdir(dir)) != NULL)
		shared = !is_ours(entry->d_name, own);
	if (dir != NULL)
		closedir(dir);
	return shared;
}

/* Refuses an existing directory that is open to others and not ours to close
 * to them; *IS_OPEN: it is to be closed. */
static enum outcome
judge_dir(int fd, const char *dir, const char *own, bool *is_open,
    struct fault *fault)
{
	struct stat st;
	int listing;

	if (fstat(fd, &st) < 0)
		return file_fault(fault, "look at", dir);
	*is_open = (st.st_mode & 077) != 0;
	if (!*is_open)
		return OUT_OK;
	if (st.st_uid != geteuid())
		return fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "'%s' is open to others and belongs to user %lu; its "
		    "owner must run: chmod 700 %s",
		    dir, (unsigned long)st.st_uid, dir);
	listing = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (listing < 0)
		return file_fault(fault, "read", dir);
	if (is_shared(listing, own, &st))
		return fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "'%s' is open to others and holds other things too; give "
		    "the state a directory of its own (DATABASE_PATH), or "
		    "run: chmod 700 %s",
		    dir, dir);
	return OUT_OK;
}

/* The configuration named a directory that cannot be one. */
static enum outcome
dir_fault(struct fault *fault, const char *verb, const char *dir)
{
	if (errno != ENOTDIR)
		return file_fault(fault, verb, dir);
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "cannot %s '%s': it is no directory, or is in a file: check the "
	    "path (DATABASE_PATH)",
	    verb, dir);
}

/* Looks at an existing directory; with CLOSE_IT closes it to others. */
static enum outcome
open_dir(const char *dir, const char *own, bool close_it, struct fault *fault)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum outcome result;
	bool is_open = false;

	if (fd < 0)
		return dir_fault(fault, "open", dir);
	result = judge_dir(fd, dir, own, &is_open, fault);
	if (result == OUT_OK && is_open && close_it && fchmod(fd, 0700) < 0)
		result = file_fault(fault, "close to others", dir);
	close(fd);
	return result;
}

enum outcome
file_check_parent(const char *dir, const char *own, struct fault *fault)
{
	char *parent = mem_dup(dir), *end = parent + strlen(parent);
	enum outcome result = OUT_OK;

	(void)own;
	while (end > parent + 1 && end[-1] == '/')
		*--end = '\0';
	end = strrchr(parent, '/');
	if (end != NULL)
		end[end == parent] = '\0';
	if (end != NULL && access(parent, F_OK) < 0 && errno == ENOENT)
		result = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is not made, as '%s' does not exist: check the path "
		    "(DATABASE_PATH), or run: mkdir -p %s",
		    dir, parent, parent);
	free(parent);
	return result;
}

enum outcome
file_make_path(const char *dir, const char *own, struct fault *fault)
{
	if (make_parents(dir) < 0)
		return dir_fault(fault, "make", dir);
	return file_make_dir(dir, own, fault);
}

enum outcome
file_make_dir(const char *dir, const char *own, struct fault *fault)
{
	enum outcome result = file_check_parent(dir, own, fault);

	if (result != OUT_OK)
		return result;
	if (mkdir(dir, 0700) == 0)
		return chmod(dir, 0700) == 0 ? OUT_OK
					     : file_fault(fault, "make", dir);
	if (errno != EEXIST)
		return dir_fault(fault, "make", dir);
	return open_dir(dir, own, true, fault);
}

/* A full disk shows with the first page that has to be on it.  The name goes
 * first: a crash must leave nothing that is not ours by its name. */
static enum outcome
write_probe(const char *dir, struct fault *fault)
{
	static const char page[4096];
	char *probe = mem_printf("%s/leadpipe.db-probe.XXXXXX", dir);
	int fd = mkostemp(probe, O_CLOEXEC);
	enum outcome result = OUT_OK;
	ssize_t done;

	if (fd < 0 || unlink(probe) < 0 ||
	    (done = write(fd, page, sizeof(page))) < 0) {
		result = file_fault(fault, "write in", dir);
	} else if (done < (ssize_t)sizeof(page) || fsync(fd) < 0) {
		if (done < (ssize_t)sizeof(page))
			errno = ENOSPC;
		result = file_fault(fault, "write in", dir);
	}
	if (fd >= 0)
		close(fd);
	free(probe);
	return result;
}

enum outcome
file_probe_dir(const char *dir, const char *own, struct fault *fault)
{
	char *existing = file_nearest(dir);
	enum outcome result = OUT_OK;

	if (access(dir, F_OK) == 0)
		result = open_dir(dir, own, false, fault);
	if (result == OUT_OK)
		result = write_probe(existing, fault);
	free(existing);
	return result;
}

static const char *
remote_name(uint32_t magic)
{
	/* statfs(2); locks there are absent, or not those of other hosts. */
	static const struct {
		uint32_t magic;
		const char *name;
	} remote[] = { { 0x00006969, "NFS" }, { 0xff534d42, "CIFS" },
		{ 0x0000517b, "SMB" }, { 0xfe534d42, "SMB2" },
		{ 0x65735546, "FUSE" }, { 0x01021997, "9P" },
		{ 0x00c36400, "CephFS" }, { 0x5346414f, "AFS" },
		{ 0x6b414653, "AFS" }, { 0x73757245, "Coda" },
		{ 0x0000564c, "NCP" }, { 0x0bd00bd0, "Lustre" },
		{ 0x7461636f, "OCFS2" }, { 0x01161970, "GFS2" },
		{ 0x19830326, "BeeGFS" }, { 0x47504653, "GPFS" },
		{ 0x786f4256, "vboxsf" }, { 0xbacbacbc, "vmhgfs" } };

	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if (remote[i].magic == magic)
			return remote[i].name;
	return NULL;
}

enum outcome
file_check_local(const char *path, struct fault *fault)
{
	char *existing = file_nearest(path);
	enum outcome result = OUT_OK;
	const char *name = NULL;
	struct statfs fs;

	if (statfs(existing, &fs) < 0)
		result = file_fault(fault, "look at", existing);
	else
		name = remote_name((uint32_t)fs.f_type);
	if (name != NULL)
		result = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' is on %s, where locks do not hold; set "
		    "DATABASE_PATH to a path on a local disk",
		    path, name);
	free(existing);
	return result;
}
