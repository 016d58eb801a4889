/* SPDX-License-Identifier: MIT */
/*
 * A server that does to a request what its script says, byte class by byte
 * class, and keeps the exact bytes it got.  It knows no more of HTTP than
 * where a head ends and what Content-Length says.
 */
#ifndef LEADPIPE_TEST_WIRE_H
#define LEADPIPE_TEST_WIRE_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* How much of the request is read before the answer. */
enum wire_read { READ_NOTHING, READ_BYTE, READ_HEAD, READ_PART, READ_ALL };

/* What is done with one request; the last turn of a script repeats. */
struct wire_turn {
	enum wire_read read;
	const char *answer; /* NULL: none */
	int drip_ms;	    /* between two bytes of the answer */
	enum { WIRE_CLOSE, WIRE_KEEP, WIRE_HOLD } then;
};

struct wire_request {
	char *bytes;
	size_t len;
	bool whole;
};

struct wire {
	int listener, port;
	const struct wire_turn *turns;
	int turn_count, turn;
	pthread_t acceptor;
	pthread_mutex_t lock;
	bool stop;
	struct wire_request requests[512];
	int count;
	int connections, open; /* accepted; of these still served */
};

struct wire_link {
	struct wire *wire;
	int fd;
};

static const struct wire_turn *
wire_next(struct wire *wire)
{
	const struct wire_turn *turn;

	pthread_mutex_lock(&wire->lock);
	turn = &wire->turns[wire->turn];
	if (wire->turn + 1 < wire->turn_count)
		wire->turn++;
	pthread_mutex_unlock(&wire->lock);
	return turn;
}

static bool
wire_stopped(struct wire *wire)
{
	bool stop;

	pthread_mutex_lock(&wire->lock);
	stop = wire->stop;
	pthread_mutex_unlock(&wire->lock);
	return stop;
}

/* Waits for bytes; false at the end of the connection or of the test. */
static bool
wire_readable(struct wire_link *link)
{
	struct pollfd item = { .fd = link->fd, .events = POLLIN };
	char byte;

	while (!wire_stopped(link->wire))
		if (poll(&item, 1, 20) > 0)
			return recv(link->fd, &byte, 1, MSG_PEEK) == 1;
	return false;
}

/* Bytes that the request has in all, 0 while its head is not complete. */
static size_t
wire_size(const char *bytes, size_t *head)
{
	const char *end = strstr(bytes, "\r\n\r\n");
	const char *length = strcasestr(bytes, "\r\nContent-Length:");

	if (!end)
		return 0;
	*head = (size_t)(end - bytes) + 4;
	return *head +
	    (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static void
wire_record(struct wire *wire, char *bytes, size_t len, bool whole)
{
	pthread_mutex_lock(&wire->lock);
	if (wire->count == 512 || len == 0) {
		free(bytes);
	} else {
		wire->requests[wire->count++] =
		    (struct wire_request){ bytes, len, whole };
	}
	pthread_mutex_unlock(&wire->lock);
}

/* Reads as much as TURN says and keeps it. */
static void
wire_read(struct wire_link *link, const struct wire_turn *turn)
{
	size_t room = 1 << 16, len = 0, head = 0, size = 0;
	char *bytes = mem_alloc(room + 1);

	while (turn->read != READ_NOTHING && wire_readable(link)) {
		/* not one byte beyond the class is taken */
		size_t want = turn->read == READ_ALL ? room - len : 1;
		ssize_t got = recv(link->fd, bytes + len, want, 0);

		if (got <= 0)
			break;
		len += (size_t)got;
		bytes[len] = '\0';
		if (size == 0)
			size = wire_size(bytes, &head);
		if (turn->read == READ_BYTE || (size && len >= size) ||
		    (size && turn->read == READ_HEAD) ||
		    (size && turn->read == READ_PART && len > head))
			break;
		if (len == room) {
			bytes = mem_array(bytes, room * 2 + 1, 1);
			room *= 2;
		}
	}
	wire_record(link->wire, bytes, len, size && len >= size);
}

static void
wire_answer(struct wire_link *link, const struct wire_turn *turn)
{
	const char *at = turn->answer;

	if (!at)
		return;
	if (turn->drip_ms == 0) {
		send(link->fd, at, strlen(at), MSG_NOSIGNAL);
		return;
	}
	for (; *at && !wire_stopped(link->wire); at++) {
		if (send(link->fd, at, 1, MSG_NOSIGNAL) != 1)
			return;
		usleep((useconds_t)turn->drip_ms * 1000);
	}
}

static void *
wire_serve(void *data)
{
	struct wire_link *link = data;
	struct wire *wire = link->wire;
	const struct wire_turn *turn;

	do {
		turn = wire_next(wire);
		wire_read(link, turn);
		wire_answer(link, turn);
		while (turn->then == WIRE_HOLD && !wire_stopped(wire))
			usleep(5000);
	} while (turn->then == WIRE_KEEP && wire_readable(link));
	close(link->fd);
	pthread_mutex_lock(&wire->lock);
	wire->open--;
	pthread_mutex_unlock(&wire->lock);
	free(link);
	return NULL;
}

static void *
wire_accept(void *data)
{
	struct wire *wire = data;
	struct pollfd item = { .fd = wire->listener, .events = POLLIN };

	while (!wire_stopped(wire)) {
		struct wire_link *link;
		pthread_t thread;
		int fd;

		if (poll(&item, 1, 20) <= 0)
			continue;
		fd = accept(wire->listener, NULL, NULL);
		if (fd < 0)
			continue;
		link = malloc(sizeof(*link));
		*link = (struct wire_link){ wire, fd };
		pthread_mutex_lock(&wire->lock);
		wire->connections++;
		wire->open++;
		pthread_mutex_unlock(&wire->lock);
		pthread_create(&thread, NULL, wire_serve, link);
		pthread_detach(thread);
	}
	return NULL;
}

/* A listener on 127.0.0.1 with small buffers, so that a large body cannot
 * leave unread; *PORT is set. */
static int
wire_listen(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 8192 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 512) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

static struct wire *
wire_open(const struct wire_turn *turns, int count)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	wire->turns = turns;
	wire->turn_count = count;
	pthread_mutex_init(&wire->lock, NULL);
	wire->listener = wire_listen(&wire->port);
	pthread_create(&wire->acceptor, NULL, wire_accept, wire);
	return wire;
}

/* Ends the connections; what was recorded stays. */
static void
wire_stop(struct wire *wire)
{
	int open;

	pthread_mutex_lock(&wire->lock);
	wire->stop = true;
	pthread_mutex_unlock(&wire->lock);
	pthread_join(wire->acceptor, NULL);
	do {
		pthread_mutex_lock(&wire->lock);
		open = wire->open;
		pthread_mutex_unlock(&wire->lock);
		usleep(1000);
	} while (open > 0);
	close(wire->listener);
	wire->listener = -1;
}

static void
wire_close(struct wire *wire)
{
	if (wire->listener >= 0)
		wire_stop(wire);
	for (int i = 0; i < wire->count; i++)
		free(wire->requests[i].bytes);
	free(wire);
}

/* How often a whole request that contains TEXT came. */
static inline int
wire_count(struct wire *wire, const char *text)
{
	int count = 0;

	pthread_mutex_lock(&wire->lock);
	for (int i = 0; i < wire->count; i++)
		count += wire->requests[i].whole &&
		    memmem(wire->requests[i].bytes, wire->requests[i].len,
			text, strlen(text));
	pthread_mutex_unlock(&wire->lock);
	return count;
}

#endif
