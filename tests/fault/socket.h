/* SPDX-License-Identifier: MIT */
/*
 * Loopback sockets for the fault tools.  In a header, so that each tool stays
 * one directory and none of them shares code with the program under test.
 */
#ifndef LEADPIPE_FAULT_SOCKET_H
#define LEADPIPE_FAULT_SOCKET_H

#include <err.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A socket bound to 127.0.0.1:`port` (0: any free one).  When not `listening`
 * the port stays taken but refuses connections.  Ends the process on failure.
 */
static inline int
socket_bind(const char *port, bool listening)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons((uint16_t)atoi(port));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (listening && listen(fd, 128) < 0))
		err(1, "cannot listen on port '%s'", port);
	return fd;
}

/* Renamed into place: a test that waits for `path` never reads half a line. */
static inline void
socket_port_write(int fd, const char *path)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);
	char tmp[4096];
	FILE *out;

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		err(1, "cannot read the port");
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	out = fopen(tmp, "we");
	if (!out || fprintf(out, "%d\n", ntohs(at.sin_port)) < 0 ||
	    fclose(out) != 0 || rename(tmp, path) != 0)
		err(1, "cannot write '%s'", path);
}

/* A connected socket to `target` ("host:port"), or -1.  Blocks. */
static inline int
socket_dial(const char *target)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *found, *a;
	char host[256];
	const char *colon = strrchr(target, ':');
	int fd = -1;

	if (!colon || (size_t)(colon - target) >= sizeof(host))
		return -1;
	memcpy(host, target, (size_t)(colon - target));
	host[colon - target] = '\0';
	if (getaddrinfo(host, colon + 1, &want, &found) != 0)
		return -1;
	for (a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* As accept(2), for who does not care who calls. */
static inline int
socket_accept(int listener)
{
	/* cppcheck-suppress nullPointer; both may be NULL, says accept4(2) */
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

struct socket_client {
	void (*serve)(int);
	int fd;
};

static inline void *
socket_client_run(void *arg)
{
	struct socket_client client = *(struct socket_client *)arg;

	free(arg);
	client.serve(client.fd);
	return NULL;
}

/* For ever: each connection in a thread of its own; `serve` closes it. */
static inline _Noreturn void
socket_serve(int listener, void (*serve)(int))
{
	struct socket_client *client;
	pthread_t thread;

	for (;;) {
		client = malloc(sizeof(*client));
		if (!client)
			errx(1, "no memory");
		client->serve = serve;
		client->fd = socket_accept(listener);
		if (client->fd < 0 ||
		    pthread_create(&thread, NULL, socket_client_run, client) !=
			0)
			err(1, "cannot serve");
		pthread_detach(thread);
	}
}

#endif
