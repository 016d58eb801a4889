/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pair.h"

bool control_cleared;

static long nth = 1;

static int
control_socket(const char *path, struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "cannot make a socket");
	if (strlen(path) >= sizeof(at->sun_path))
		errx(1, "path '%s' is too long for a socket", path);
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	strcpy(at->sun_path, path);
	return fd;
}

int
control_listen(const char *path)
{
	struct sockaddr_un at;
	int fd = control_socket(path, &at);

	unlink(path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 16) < 0)
		err(1, "cannot listen at '%s'", path);
	return fd;
}

static bool
nth_parse(const char *word)
{
	int used = 0;

	if (strcmp(word, "every") == 0)
		nth = NTH_EVERY;
	else if (strcmp(word, "open") == 0)
		nth = NTH_OPEN;
	else
		return sscanf(word, "%ld%n", &nth, &used) == 1 &&
		    word[used] == '\0' && nth > 0;
	return true;
}

bool
control_obey(const char *line, char *reply, size_t room, struct fault *fault)
{
	long speed;
	bool known = true;

	snprintf(reply, room, "ok");
	if (fault_parse(line, fault)) {
		fault->nth = nth;
		nth = 1;
		if (fault->nth == NTH_OPEN)
			return true;
		if (!fault_arm(fault))
			snprintf(reply, room, "error: too many faults");
	} else if (strncmp(line, "nth ", 4) == 0) {
		known = nth_parse(line + 4);
	} else if (sscanf(line, "rate %ld", &speed) == 1 && speed >= 0) {
		rate_set(speed);
	} else if (strcmp(line, "clear") == 0) {
		fault_clear();
		rate_set(0);
		nth = 1;
		control_cleared = true;
	} else if (strcmp(line, "stats") == 0) {
		snprintf(reply, room,
		    "ok connections=%ld open=%ld up=%ld"
		    " down=%ld fired=%ld",
		    stats.connections, stats.open, stats.total[UP],
		    stats.total[DOWN], stats.fired);
	} else {
		known = false;
	}
	if (!known)
		snprintf(reply, room, "error: unknown command '%.80s'", line);
	return false;
}

int
control_tell(const char *path, char **lines)
{
	struct sockaddr_un at;
	char reply[256];
	int failed = 0;
	FILE *stream;
	int fd = control_socket(path, &at);

	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "cannot reach '%s'", path);
	stream = fdopen(fd, "r+");
	for (; stream && *lines; lines++) {
		fprintf(stream, "%s\n", *lines);
		fflush(stream);
		if (!fgets(reply, sizeof(reply), stream))
			errx(1, "no reply to '%s'", *lines);
		if (strncmp(reply, "ok", 2) != 0)
			failed = 1;
		/* A bare ok says nothing that the exit code does not. */
		if (strcmp(reply, "ok\n") != 0)
			fputs(reply, stdout);
	}
	if (stream)
		fclose(stream);
	return failed;
}
