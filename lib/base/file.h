/* SPDX-License-Identifier: MIT */
/*
 * Files, directories and the process's surroundings.
 */
#ifndef LEADPIPE_FILE_H
#define LEADPIPE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

/*
 * Makes the process safe to work in: closed fds 0 to 2 are opened on
 * /dev/null, umask 077, SIGPIPE and SIGXFSZ ignored (writes report the error
 * instead), no core files, no debugger, LC_NUMERIC stays C.  First call of every command.
 */
void file_sanitize_process(void);

/*
 * When root: becomes the owner (uid, gid, no extra groups) of DIR, or of the
 * nearest existing parent, so that nothing there ends up owned by root; stays
 * root when root owns it.  Must precede opening anything in DIR.
 */
enum outcome file_become_owner(const char *dir, struct fault *fault)
    must_check;

/* Refuses a DIR whose parent is missing: what is mistyped must not become
 * true.  OWN is not looked at. */
enum outcome file_check_parent(const char *dir, const char *own,
    struct fault *fault) must_check;

/* Makes DIR with mode 0700 in a parent that exists; an existing one
 * must be a directory that others cannot read or enter (chmod'ed to 0700 when
 * we own it and nothing but the database OWN and what belongs to it is there;
 * /tmp, /var/lib or a home page are refused). */
enum outcome file_make_dir(const char *dir, const char *own,
    struct fault *fault) must_check;

/* The same with its missing parents (0755), where nobody typed the path. */
enum outcome file_make_path(const char *dir, const char *own,
    struct fault *fault) must_check;

/* What file_make_dir() would refuse, and whether a file can be written there
 * or, when DIR is missing, in the nearest parent: one is, and removed again.
 * Nothing else is changed. */
enum outcome file_probe_dir(const char *dir, const char *own,
    struct fault *fault) must_check;

/* Refuses filesystems on which SQLite's locks do not hold (NFS, CIFS, FUSE,
 * 9p ...), naming PATH and the filesystem. */
enum outcome file_check_local(const char *path, struct fault *fault)
    must_check;

/* Reads at most MAX bytes of PATH into a fresh NUL-terminated string that the
 * caller frees; larger files are refused (EXIT_INPUT), and what one could
 * wait for: a FIFO, a terminal. */
enum outcome file_read(const char *path, size_t max, char **text, size_t *len,
    struct fault *fault) must_check;

/* The same; *ABOUT is what fstat() says of the very file that was read. */
struct stat;
enum outcome file_read_stat(const char *path, size_t max, char **text,
    size_t *len, struct stat *about, struct fault *fault) must_check;

/* The same for a directory that strangers write to: only a regular file that
 * PATH itself is, no link to one.  OUT_OK with *TEXT NULL when there is none
 * (any more). */
enum outcome file_read_plain(const char *path, size_t max, char **text,
    size_t *len, struct fault *fault) must_check;

/* Writes PATH by temp file, fsync, rename, fsync of the directory; MODE is
 * set explicitly. */
enum outcome file_write_atomic(const char *path, const void *data, size_t len,
    unsigned mode, struct fault *fault) must_check;

/* Gives DRAFT, a complete file, the name PATH in the same directory: first the
 * content is on the disk, then the name.  -1 with errno; who calls it must have
 * no lock on DRAFT. */
int file_publish(const char *draft, const char *path);

/* A path beside another: the directory of PATH joined with NAME; an absolute
 * NAME stays.  The caller frees it. */
char *file_beside(const char *path, const char *name);

/*
 * Opens (creates, 0600, O_CLOEXEC) PATH and takes flock() on it: exclusive, or
 * shared.  Waits until DEADLINE (monotonic ms; 0: no waiting).  *FD is closed
 * by the caller, which frees the lock; the file stays.  OUT_LATER with
 * EXIT_LATER when somebody else holds it.
 */
enum file_lock { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };
enum outcome file_lock(const char *path, enum file_lock kind, int64_t deadline,
    int *fd, struct fault *fault) must_check;

/* flock() FD with the same deadline rule; FILE_LOCK_* may change a held lock,
 * which is lost when that fails (flock(2)).
 * The wait is a timer whose signal goes to this very thread (SIGEV_THREAD_ID):
 * a process-directed signal was seen to miss the waiting thread.  Returns
 * false when the deadline passed. */
bool file_flock_until(int fd, enum file_lock kind, int64_t deadline);

/* Free bytes for us on the filesystem of PATH, or -1. */
int64_t file_free_bytes(const char *path);

#endif
