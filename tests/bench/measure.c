/* SPDX-License-Identifier: MIT */
/* needs: none */
/*
 * measure FILE COMMAND [ARGUMENT...]: runs COMMAND and adds to FILE what it
 * took: wall ms, CPU ms (its own and its children's), peak RSS in kB, exit.
 * A shell would count its own memory in: what a process had before exec()
 * counts for it.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double
used_ms(struct timeval used)
{
	return (double)used.tv_sec * 1e3 + (double)used.tv_usec / 1e3;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	double start = mono_ms();
	FILE *file;
	pid_t child;
	int status;

	if (argc < 3 ||
	    posix_spawnp(&child, argv[2], NULL, NULL, argv + 2, environ) !=
		0 ||
	    wait4(child, &status, 0, &usage) != child)
		return 127;
	start = mono_ms() - start;
	status = WIFEXITED(status) ? WEXITSTATUS(status)
				   : 128 + WTERMSIG(status);
	file = fopen(argv[1], "ae");
	if (file == NULL)
		return 127;
	fprintf(file, "%.3f %.3f %ld %d\n", start,
	    used_ms(usage.ru_utime) + used_ms(usage.ru_stime), usage.ru_maxrss,
	    status);
	return fclose(file) == 0 ? status : 127;
}
