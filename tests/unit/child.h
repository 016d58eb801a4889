/* SPDX-License-Identifier: MIT */
/*
 * Runs a function in a child process and keeps what it printed: for what
 * writes to stderr, changes the process, or ends it.
 */
#ifndef LEADPIPE_TEST_CHILD_H
#define LEADPIPE_TEST_CHILD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of the child, 1000 + n when signal n killed it.  OUT receives
 * what it wrote to stdout and stderr. */
static int
child_run(void (*work)(void *), void *arg, char *out, size_t size)
{
	FILE *file = tmpfile();
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fileno(file), STDOUT_FILENO);
		dup2(fileno(file), STDERR_FILENO);
		work(arg);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	rewind(file);
	out[fread(out, 1, size - 1, file)] = '\0';
	fclose(file);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

#endif
