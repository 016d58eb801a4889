/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <pthread.h>

#include "fault/socket.h"

struct settings settings;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

bool
bytes_read(int fd, void *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

bool
bytes_write(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	for (; len > 0; at += n, len -= (size_t)n) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if (n < 0)
			return false;
	}
	return true;
}

void
session_log(const char *kind, const char *target, const char *result)
{
	FILE *out;

	if (!settings.log)
		return;
	pthread_mutex_lock(&log_lock);
	out = fopen(settings.log, "ae");
	if (out) {
		fprintf(out, "%s %s %s\n", kind, target, result);
		fclose(out);
	}
	pthread_mutex_unlock(&log_lock);
}

/* A map entry without a port in its name is for every port. */
static const char *
target_mapped(const char *target)
{
	const char *equals;
	size_t len;
	int i;

	for (i = 0; i < settings.map_count; i++) {
		equals = strchr(settings.map[i], '=');
		len = (size_t)(equals - settings.map[i]);
		if (strncmp(target, settings.map[i], len) == 0 &&
		    (target[len] == ':' || target[len] == '\0'))
			return equals + 1;
	}
	return target;
}

int
target_dial(const char *kind, const char *target)
{
	int fd = socket_dial(target_mapped(target));

	session_log(kind, target, fd < 0 ? "unreachable" : "ok");
	return fd;
}

/* Until the client gives up. */
static void
session_freeze(int client)
{
	char data[4096];

	while (recv(client, data, sizeof(data), 0) > 0)
		;
}

void
session_serve(int client)
{
	int server = -1;

	if (settings.mode == MODE_FREEZE)
		session_freeze(client);
	else if (settings.socks)
		server = socks_negotiate(client);
	else
		server = http_negotiate(client);
	if (server >= 0 && settings.mode == MODE_FREEZE_AFTER_TLS)
		relay_handshake(client, server);
	else if (server >= 0)
		relay(client, server);
	if (server >= 0)
		close(server);
	close(client);
}
