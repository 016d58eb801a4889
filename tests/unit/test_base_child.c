/* SPDX-License-Identifier: MIT */
/* needs: base */
/*
 * Programs of others: whatever they do costs their own deadline only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"

#define MOST 65536

/* Of this program alone: another one of it may run at the same time. */
static char mark[40];
static const char *const environment[] = { "PATH=/usr/bin:/bin", mark, NULL };

static struct child *
begin(const char *script, const char *input, size_t len, int64_t ms)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct child *child = NULL;
	struct fault fault;
	const struct child_spec spec = { .path = "/bin/sh",
		.argv = argv,
		.env = environment,
		.cwd = "/",
		.input = input,
		.input_len = len,
		.max_output = MOST,
		.max_errors = 4096,
		.deadline = clock_mono_ms() + ms };

	assert_int_equal(child_start(&child, &spec, &fault), OUT_OK);
	return child;
}

static void
finish(struct child *child)
{
	struct pollfd wait = { .fd = child_fd(child), .events = POLLIN };

	while (!child_work(child))
		assert_true(
		    poll(&wait, 1, clock_left_ms(child_due(child)) + 1) >= 0);
}

static struct child *
run(const char *script, int64_t ms)
{
	struct child *child = begin(script, "", 0, ms);

	finish(child);
	return child;
}

static void
assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* How many descriptors we have. */
static int
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir) != NULL)
		++count;
	closedir(dir);
	return count;
}

static void
answers(void **state)
{
	int before = open_files();
	struct child *child =
	    begin("cat; echo bad >&2; exit 3", "hello", 5, 5000);

	(void)state;
	finish(child);
	const struct child_result *result = child_result(child);
	assert_int_equal(result->status, 3);
	assert_int_equal(result->signal, 0);
	assert_false(result->timed_out || result->overflow);
	assert_string_equal(result->output.data, "hello");
	assert_string_equal(result->errors.data, "bad\n");
	child_close(child);
	assert_no_children();
	assert_int_equal(open_files(), before);
}

static void
surroundings_are_bare(void **state)
{
	int leak = dup(1); /* not close-on-exec */
	struct child *child;

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	/* the last digits: signals that have a name */
	child =
	    run("echo \"${LEADPIPE_KEY%%-*} $HOME\"; pwd; ls /proc/self/fd | "
		"wc -l; sed -n 's/Sig\\(Ign\\|Blk\\).*\\(.......\\)$/"
		"\\1\\2/p' /proc/self/status; "
		"[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own group",
		5000);
	assert_string_equal(child_result(child)->output.data,
	    "key \n/\n4\nBlk0000000\nIgn0000000\nown group\n");
	child_close(child);
	signal(SIGUSR1, SIG_DFL);
	close(leak);
}

/* 64 kB both ways at once: neither side waits for the other for ever. */
static void
large_texts(void **state)
{
	static char text[MOST];
	struct child *child;

	(void)state;
	memset(text, 'x', sizeof(text));
	child = begin("exec cat", text, sizeof(text), 5000);
	finish(child);
	assert_int_equal(child_result(child)->status, 0);
	assert_int_equal(child_result(child)->output.len, MOST);
	assert_false(child_result(child)->overflow);
	assert_memory_equal(child_result(child)->output.data, text, MOST);
	child_close(child);
}

static void
closed_stdin(void **state)
{
	static char text[1 << 20];
	struct child *child =
	    begin("exec <&-; echo done", text, sizeof(text), 5000);

	(void)state;
	finish(child);
	assert_string_equal(child_result(child)->output.data, "done\n");
	assert_int_equal(child_result(child)->status, 0);
	child_close(child);
}

static void
hang(void **state)
{
	int64_t start = clock_mono_ms();
	struct child *child =
	    run("trap '' TERM INT; while :; do sleep 100; done", 200);

	(void)state;
	assert_true(child_result(child)->timed_out);
	assert_int_equal(child_result(child)->signal, SIGKILL);
	assert_in_range(clock_mono_ms() - start, 200, 20000);
	child_close(child);
	assert_no_children();
}

static void
flood(void **state)
{
	struct child *child = run("exec yes", 10000);

	(void)state;
	assert_true(child_result(child)->overflow);
	assert_false(child_result(child)->timed_out);
	assert_int_equal(child_result(child)->output.len, MOST);
	child_close(child);
	child =
	    run("head -c 300000 /dev/zero | tr '\\0' e >&2; echo ok", 10000);
	assert_int_equal(child_result(child)->status, 0);
	assert_string_equal(child_result(child)->output.data, "ok\n");
	assert_int_equal(child_result(child)->errors.len, 4096);
	assert_true(child_result(child)->errors.overflow);
	assert_false(child_result(child)->flooded);
	child_close(child);
	/* Without end it would cost us time until the deadline. */
	child = run("exec yes >&2", 20000);
	assert_true(child_result(child)->flooded);
	assert_false(child_result(child)->timed_out);
	assert_false(child_result(child)->overflow);
	assert_int_equal(child_result(child)->errors.len, 4096);
	child_close(child);
}

static void
crash(void **state)
{
	struct child *child = run("echo half; kill -SEGV $$", 5000);

	(void)state;
	assert_int_equal(child_result(child)->signal, SIGSEGV);
	assert_int_equal(child_result(child)->status, -1);
	assert_string_equal(child_result(child)->output.data, "half\n");
	child_close(child);
}

static bool
lives(pid_t pid)
{
	char path[40], text[512] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	const char *after = strrchr(text, ')');
	return after != NULL && after[2] != 'Z' && after[2] != 'X';
}

static void
assert_dies(pid_t pid)
{
	int64_t until = clock_mono_ms() + 5000;

	assert_true(pid > 1);
	while (lives(pid) && clock_mono_ms() < until)
		clock_sleep_until(clock_mono_ms() + 5);
	assert_false(lives(pid));
}

/* The program ends, its children keep the pipes: they are not waited for, and
 * they do not go on. */
static void
pipes_kept_by_a_grandchild(void **state)
{
	int64_t start = clock_mono_ms();
	struct child *child = run("sleep 100 & echo $!", 20000);

	(void)state;
	assert_int_equal(child_result(child)->status, 0);
	assert_in_range(clock_mono_ms() - start, 0, 20000);
	assert_dies(atoi(child_result(child)->output.data));
	child_close(child);
}

/* Forks as long as it lives; the whole group is gone at the deadline. */
static void
fork_bomb(void **state)
{
	struct child *child = run("echo $$; n=0; while [ $n -lt 40 ]; do "
				  "(while :; do sleep 0.01; done) & "
				  "n=$((n + 1)); done; wait",
	    300);

	(void)state;
	assert_true(child_result(child)->timed_out);
	pid_t group = atoi(child_result(child)->output.data);
	child_close(child);
	int64_t until = clock_mono_ms() + 5000;
	while (kill(-group, 0) == 0 && clock_mono_ms() < until)
		clock_sleep_until(clock_mono_ms() + 5);
	assert_int_equal(kill(-group, 0), -1);
}

static void
killed_and_closed_early(void **state)
{
	struct child *child = begin("echo $$; sleep 100", "", 0, 60000);
	struct pollfd wait = { .fd = child_fd(child), .events = POLLIN };

	(void)state;
	while (child_result(child)->output.len == 0) {
		poll(&wait, 1, 5000);
		assert_false(child_work(child));
	}
	pid_t pid = atoi(child_result(child)->output.data);
	child_close(child);
	assert_false(lives(pid));
	child_close(NULL);
	assert_no_children();
}

/* True when SPEC cannot be started, and WHY is said; valgrind, whose vfork is a
 * fork, hears of it by the exit status only. */
static bool
is_refused(const struct child_spec *spec, const char *why)
{
	struct child *child = NULL;
	struct fault fault;
	bool refused;

	if (child_start(&child, spec, &fault) != OUT_OK)
		return child == NULL && fault.what == OUT_NEVER &&
		    strcmp(fault.text, why) == 0;
	finish(child);
	refused = child_result(child)->status == 127;
	child_close(child);
	return refused;
}

static void
cannot_be_run(void **state)
{
	const char *argv[] = { "nothing", NULL };
	struct child_spec spec = { .path = "/nowhere/nothing",
		.argv = argv,
		.env = environment,
		.deadline = clock_mono_ms() + 5000 };
	int before = open_files();

	(void)state;
	assert_true(is_refused(&spec,
	    "cannot run '/nowhere/nothing': No such file or directory"));
	spec.path = "/etc/passwd";
	assert_true(
	    is_refused(&spec, "cannot run '/etc/passwd': Permission denied"));
	spec.path = "/bin/sh";
	spec.cwd = "/nowhere";
	assert_true(is_refused(&spec,
	    "cannot run '/bin/sh': No such file or directory"));
	assert_int_equal(open_files(), before);
	assert_no_children();
}

static bool
runs(pid_t pid, const char *name)
{
	char path[40], text[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return strncmp(text, name, strlen(name)) == 0;
}

/* What a killed process left is found by its mark, also outside of the
 * group. */
static void
leftovers(void **state)
{
	struct child *child =
	    begin("setsid sleep 100 & echo $!; wait", "", 0, 60000);
	struct pollfd wait = { .fd = child_fd(child), .events = POLLIN };
	size_t len = strlen(mark);

	(void)state;
	while (child_result(child)->output.len == 0) {
		poll(&wait, 1, 5000);
		assert_false(child_work(child));
	}
	pid_t pid = atoi(child_result(child)->output.data);
	/* It has no environment while it becomes another program. */
	while (lives(pid) && !runs(pid, "sleep"))
		clock_sleep_until(clock_mono_ms() + 5);
	clock_sleep_until(clock_mono_ms() + 20);
	mark[len - 1] = '\0';
	assert_int_equal(child_kill_marked(mark), 0);
	mark[len - 1] = '1';
	strcat(mark, "2");
	assert_int_equal(child_kill_marked(mark), 0);
	mark[len] = '\0';
	assert_true(lives(pid));
	assert_in_range(child_kill_marked(mark), 2, 3);
	assert_dies(pid);
	child_close(child);
	assert_int_equal(child_kill_marked(mark), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(surroundings_are_bare),
		cmocka_unit_test(large_texts),
		cmocka_unit_test(closed_stdin),
		cmocka_unit_test(hang),
		cmocka_unit_test(flood),
		cmocka_unit_test(crash),
		cmocka_unit_test(pipes_kept_by_a_grandchild),
		cmocka_unit_test(fork_bomb),
		cmocka_unit_test(killed_and_closed_early),
		cmocka_unit_test(cannot_be_run),
		cmocka_unit_test(leftovers),
	};

	snprintf(mark, sizeof(mark), "LEADPIPE_KEY=key-%d-1", (int)getpid());
	file_sanitize_process();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
