/* SPDX-License-Identifier: MIT */
/* needs: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "unit/child.h"

#define NOBODY 65534

static char dir[] = "/tmp/leadpipe-file-XXXXXX";
static char out[8192];
static struct fault fault;

static char *
in_dir(const char *name)
{
	static char paths[32][256];
	static unsigned turn;
	char *path = paths[turn++ % 32];

	snprintf(path, 256, "%s/%s", dir, name);
	return path;
}

static void
put(const char *path, const char *text)
{
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600,
			     &fault),
	    OUT_OK);
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (unsigned)st.st_mode & 07777;
}

static void
paths_beside(void **state)
{
	static const char *const cases[][3] = { { "/a/b.db", "c", "/a/c" },
		{ "b.db", "c", "c" }, { "/b", "c", "/c" },
		{ "/a/b", "/x/y", "/x/y" }, { "a/", "c", "a/c" } };
	char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = file_beside(cases[i][0], cases[i][1]);
		assert_string_equal(path, cases[i][2]);
		free(path);
	}
}

static void
writes_and_reads(void **state)
{
	char *path = in_dir("file"), *text;
	size_t len;
	mode_t old = umask(077);

	(void)state;
	assert_int_equal(file_write_atomic(path, "a\0b", 3, 0644, &fault),
	    OUT_OK);
	assert_int_equal(mode_of(path), 0644);
	assert_int_equal(file_read(path, 3, &text, &len, &fault), OUT_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
	free(text);
	assert_int_equal(file_read(path, 2, &text, &len, &fault), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	assert_non_null(strstr(fault.text, "larger than 2 bytes"));
	put(path, "");
	assert_int_equal(file_read(path, 10, &text, NULL, &fault), OUT_OK);
	assert_string_equal(text, "");
	free(text);
	umask(old);
	unlink(path);
}

static void
unreadable_things(void **state)
{
	char *fifo = in_dir("fifo"), *text = NULL;

	(void)state;
	assert_int_equal(file_read(in_dir("none"), 9, &text, NULL, &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_INPUT);
	assert_non_null(strstr(fault.text, "none': No such file"));
	assert_int_equal(file_read(dir, 9, &text, NULL, &fault), OUT_NEVER);
	/* A FIFO would wait for a writer. */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 9, &text, NULL, &fault), OUT_NEVER);
	assert_null(text);
	unlink(fifo);
	assert_int_equal(file_read("/dev/zero", 1000, &text, NULL, &fault),
	    OUT_NEVER);
}

static void *
swap_names(void *arg)
{
	const char *const *names = arg;
	int64_t end = clock_mono_ms() + 300;

	while (clock_mono_ms() < end)
		for (int i = 0; i < 100; i++)
			renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1],
			    RENAME_EXCHANGE);
	return NULL;
}

/* A name that is a file and a link by turns lets nobody read through it. */
static void
no_link_is_followed(void **state)
{
	char *plain = in_dir("plain"), *link = in_dir("link");
	char *secret = in_dir("secret"), *text = NULL;
	const char *names[] = { plain, link };
	int64_t end = clock_mono_ms() + 300;
	pthread_t thread;

	(void)state;
	put(plain, "mine");
	put(secret, "secret");
	assert_int_equal(symlink(secret, link), 0);
	assert_int_equal(file_read_plain(link, 99, &text, NULL, &fault),
	    OUT_NEVER);
	assert_string_equal(fault.text, "it is no regular file");
	assert_int_equal(file_read_plain(in_dir("none"), 9, &text, NULL,
			     &fault),
	    OUT_OK);
	assert_null(text);
	assert_int_equal(file_read_plain(dir, 9, &text, NULL, &fault),
	    OUT_NEVER);
	assert_int_equal(pthread_create(&thread, NULL, swap_names,
			     (void *)names),
	    0);
	while (clock_mono_ms() < end) {
		if (file_read_plain(plain, 99, &text, NULL, &fault) !=
			OUT_OK ||
		    text == NULL)
			continue;
		assert_string_equal(text, "mine");
		free(text);
	}
	pthread_join(thread, NULL);
	unlink(plain);
	unlink(link);
	unlink(secret);
}

static void
write_to_limit(void *arg)
{
	const struct rlimit limit = { 4096, 4096 };
	char data[8192] = { 0 };

	file_sanitize_process();
	setrlimit(RLIMIT_FSIZE, &limit);
	if (file_write_atomic(arg, data, sizeof(data), 0600, &fault) !=
		OUT_LATER ||
	    fault.code != EXIT_IO)
		_exit(10);
}

static void
a_failed_write_leaves_the_old_file(void **state)
{
	char *path = in_dir("kept"), *text;

	(void)state;
	put(path, "old");
	assert_int_equal(child_run(write_to_limit, path, out, sizeof(out)), 0);
	assert_int_equal(file_read(path, 10, &text, NULL, &fault), OUT_OK);
	assert_string_equal(text, "old");
	free(text);
	unlink(path);
	/* No temp file stays: the directory can be removed. */
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(file_write_atomic(in_dir("no/such"), "x", 1, 0600,
			     &fault),
	    OUT_NEVER);
}

static void
close_all_and_sanitize(void *arg)
{
	struct sigaction action;
	struct rlimit limit;
	sigset_t set;
	int kept = dup(1), fd;

	for (fd = 0; fd <= 2; fd++)
		close(fd);
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	umask(0);
	file_sanitize_process();
	fd = open(arg, O_CREAT | O_RDWR, 0666);
	dup2(kept, 1);
	getrlimit(RLIMIT_CORE, &limit);
	printf("fd>2 %d mode %o core %d ", fd > 2, mode_of(arg),
	    (int)limit.rlim_cur);
	sigaction(SIGPIPE, NULL, &action);
	printf("pipe %d ", action.sa_handler == SIG_IGN);
	sigaction(SIGXFSZ, NULL, &action);
	printf("xfsz %d ", action.sa_handler == SIG_IGN);
	sigaction(SIGCHLD, NULL, &action);
	printf("chld %d ", action.sa_handler == SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("term %d ", sigismember(&set, SIGTERM));
	printf("dump %d", prctl(PR_GET_DUMPABLE));
}

static void
process_is_sane(void **state)
{
	char *path = in_dir("db");

	(void)state;
	assert_int_equal(child_run(close_all_and_sanitize, path, out,
			     sizeof(out)),
	    0);
	assert_string_equal(out,
	    "fd>2 1 mode 600 core 0 pipe 1 xfsz 1 "
	    "chld 1 term 0 dump 0");
	unlink(path);
}

static void
makes_directories(void **state)
{
	char *deep = in_dir("a/b/c");
	mode_t old = umask(077);

	(void)state;
	/* A mistyped path must not become true. */
	assert_int_equal(file_make_dir(deep, "own.db", &fault), OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CONFIG);
	assert_non_null(strstr(fault.text, "mkdir -p "));
	assert_int_equal(access(in_dir("a"), F_OK), -1);
	assert_int_equal(file_make_path(deep, "own.db", &fault), OUT_OK);
	assert_int_equal(mode_of(deep), 0700);
	assert_int_equal(mode_of(in_dir("a/b")), 0755);
	assert_int_equal(chmod(deep, 0755), 0);
	assert_int_equal(file_make_dir(deep, "own.db", &fault), OUT_OK);
	assert_int_equal(mode_of(deep), 0700);
	umask(0);
	assert_int_equal(file_make_dir(in_dir("a/b/d/"), "own.db", &fault),
	    OUT_OK);
	assert_int_equal(mode_of(in_dir("a/b/d")), 0700);
	umask(old);
	/* Other things live in a/b: it is not closed to others. */
	assert_int_equal(file_make_dir(in_dir("a/b"), "own.db", &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_PERMISSION);
	assert_non_null(strstr(fault.text, "DATABASE_PATH"));
	assert_int_equal(mode_of(in_dir("a/b")), 0755);
	/* Not only directories are other things. */
	assert_int_equal(chmod(deep, 0755), 0);
	put(in_dir("a/b/c/own.db"), "");
	put(in_dir("a/b/c/own.db-wal"), "");
	put(in_dir("a/b/c/turn.lock"), "");
	assert_int_equal(file_make_dir(deep, "own.db", &fault), OUT_OK);
	assert_int_equal(mode_of(deep), 0700);
	assert_int_equal(chmod(deep, 0755), 0);
	put(in_dir("a/b/c/index.html"), "");
	assert_int_equal(file_make_dir(deep, "own.db", &fault), OUT_NEVER);
	assert_non_null(strstr(fault.text, "DATABASE_PATH"));
	assert_int_equal(mode_of(deep), 0755);
	unlink(in_dir("a/b/c/own.db"));
	unlink(in_dir("a/b/c/own.db-wal"));
	unlink(in_dir("a/b/c/turn.lock"));
	unlink(in_dir("a/b/c/index.html"));
	/* As /tmp is. */
	assert_int_equal(chmod(deep, 01777), 0);
	assert_int_equal(file_make_dir(deep, "own.db", &fault), OUT_NEVER);
	assert_int_equal(mode_of(deep), 01777);
	put(in_dir("x"), "");
	assert_int_equal(file_make_dir(in_dir("x"), "own.db", &fault),
	    OUT_NEVER);
	assert_int_equal(file_make_dir(in_dir("x/y"), "own.db", &fault),
	    OUT_NEVER);
	unlink(in_dir("x"));
	rmdir(deep);
	rmdir(in_dir("a/b/d"));
	rmdir(in_dir("a/b"));
	rmdir(in_dir("a"));
}

static void
become(void *arg)
{
	gid_t extra[2] = { 0, 4 };

	if (setgroups(2, extra) < 0)
		_exit(9);
	if (file_become_owner(arg, &fault) != OUT_OK)
		_exit(10);
	if (geteuid() == 0)
		_exit(11);
	if (geteuid() != NOBODY || getegid() != NOBODY || getuid() != NOBODY)
		_exit(12);
	if (setuid(0) == 0 || getgroups(2, extra) != 1 || extra[0] != NOBODY)
		_exit(13);
}

static void
root_becomes_the_owner(void **state)
{
	char *owned = in_dir("owned");

	(void)state;
	if (geteuid() != 0)
		return; /* cannot give files away */
	assert_int_equal(child_run(become, dir, out, sizeof(out)), 11);
	assert_int_equal(mkdir(owned, 0700), 0);
	assert_int_equal(chown(owned, NOBODY, NOBODY), 0);
	assert_int_equal(child_run(become, in_dir("owned/not/yet"), out,
			     sizeof(out)),
	    0);
	/* The owner's own group where the directory has root's. */
	assert_int_equal(chown(owned, NOBODY, 0), 0);
	assert_int_equal(child_run(become, owned, out, sizeof(out)), 0);
	rmdir(owned);
}

static void
local_disks(void **state)
{
	(void)state;
	assert_int_equal(file_check_local(in_dir("not/yet/there"), &fault),
	    OUT_OK);
	assert_int_equal(file_check_local("relative/none", &fault), OUT_OK);
	assert_true(file_free_bytes(dir) > 0);
	assert_int_equal(file_free_bytes(in_dir("none")), -1);
}

/* A child that holds PATH until it is killed. */
static pid_t
hold(const char *path)
{
	int ready[2], fd;
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (file_lock(path, FILE_LOCK_EXCLUSIVE, 0, &fd, NULL) ==
			OUT_OK &&
		    write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
lock_waits_until_its_deadline(void **state)
{
	char *path = in_dir("lock");
	pid_t holder = hold(path);
	int64_t start = clock_mono_ms();
	int fd = -1;

	(void)state;
	assert_int_equal(file_lock(path, FILE_LOCK_SHARED, 0, &fd, &fault),
	    OUT_LATER);
	assert_int_equal(fault.code, EXIT_LATER);
	assert_int_equal(file_lock(path, FILE_LOCK_EXCLUSIVE, start + 150, &fd,
			     &fault),
	    OUT_LATER);
	assert_in_range(clock_mono_ms() - start, 150, 20000);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(fd, -1);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	assert_int_equal(file_lock(path, FILE_LOCK_EXCLUSIVE, 0, &fd, &fault),
	    OUT_OK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	unlink(path);
}

static void *
kill_soon(void *holder)
{
	clock_sleep_until(clock_mono_ms() + 100);
	kill(*(pid_t *)holder, SIGKILL);
	return NULL;
}

static void
killed_holder_frees_a_waiting_lock(void **state)
{
	char *path = in_dir("lock");
	pid_t holder = hold(path);
	int64_t start = clock_mono_ms();
	pthread_t thread;
	int fd = -1;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, kill_soon, &holder), 0);
	assert_int_equal(file_lock(path, FILE_LOCK_EXCLUSIVE, start + 8000,
			     &fd, &fault),
	    OUT_OK);
	assert_in_range(clock_mono_ms() - start, 50, 20000);
	pthread_join(thread, NULL);
	waitpid(holder, NULL, 0);
	close(fd);
	unlink(path);
}

static void *
wait_for_lock(void *path)
{
	int fd = open(path, O_RDWR);
	intptr_t got =
	    file_flock_until(fd, FILE_LOCK_EXCLUSIVE, clock_mono_ms() + 200);

	close(fd);
	return (void *)got;
}

/* A signal to the process would go to the main thread, which is blocked in
 * pthread_join(), and the waiter would never wake up. */
static void
each_thread_has_its_own_timer(void **state)
{
	char *path = in_dir("lock");
	pid_t holder = hold(path);
	int64_t start = clock_mono_ms();
	pthread_t threads[3];
	void *got;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     wait_for_lock, path),
		    0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &got);
		assert_null(got);
	}
	assert_in_range(clock_mono_ms() - start, 200, 20000);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	unlink(path);
}

static void
shared_locks_share(void **state)
{
	char *path = in_dir("lock");
	int a, b, c = -1;

	(void)state;
	assert_int_equal(file_lock(path, FILE_LOCK_SHARED, 0, &a, &fault),
	    OUT_OK);
	assert_int_equal(file_lock(path, FILE_LOCK_SHARED, 0, &b, &fault),
	    OUT_OK);
	assert_int_equal(file_lock(path, FILE_LOCK_EXCLUSIVE, 0, &c, &fault),
	    OUT_LATER);
	close(a);
	assert_true(file_flock_until(b, FILE_LOCK_EXCLUSIVE, 0));
	assert_int_equal(file_lock(path, FILE_LOCK_SHARED, 0, &c, &fault),
	    OUT_LATER);
	close(b);
	unlink(path);
	assert_int_equal(file_lock(in_dir("no/lock"), FILE_LOCK_SHARED, 0, &c,
			     &fault),
	    OUT_NEVER);
	assert_int_equal(fault.code, EXIT_CANTCREATE);
	assert_false(
	    file_flock_until(-1, FILE_LOCK_SHARED, clock_mono_ms() + 5000));
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

/* Fails when a test left something behind. */
static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_beside),
		cmocka_unit_test(writes_and_reads),
		cmocka_unit_test(unreadable_things),
		cmocka_unit_test(no_link_is_followed),
		cmocka_unit_test(a_failed_write_leaves_the_old_file),
		cmocka_unit_test(process_is_sane),
		cmocka_unit_test(makes_directories),
		cmocka_unit_test(root_becomes_the_owner),
		cmocka_unit_test(local_disks),
		cmocka_unit_test(lock_waits_until_its_deadline),
		cmocka_unit_test(killed_holder_frees_a_waiting_lock),
		cmocka_unit_test(each_thread_has_its_own_timer),
		cmocka_unit_test(shared_locks_share),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
