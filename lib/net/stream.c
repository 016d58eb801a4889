/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/tls.h"

struct stream {
	int fd;
	struct tls *tls;
};

union address {
	struct sockaddr any;
	struct sockaddr_un path;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

/* The size of what ADDRESS then is; 0: PEER is none. */
static socklen_t
address_of(const struct stream_peer *peer, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (peer->path) {
		address->path.sun_family = AF_UNIX;
		if (strlen(peer->path) >= sizeof(address->path.sun_path))
			return 0;
		strcpy(address->path.sun_path, peer->path);
		return sizeof(address->path);
	}
	if (inet_pton(AF_INET, peer->ip, &address->ip4.sin_addr) == 1) {
		address->ip4.sin_family = AF_INET;
		address->ip4.sin_port = htons((uint16_t)peer->port);
		return sizeof(address->ip4);
	}
	if (inet_pton(AF_INET6, peer->ip, &address->ip6.sin6_addr) != 1)
		return 0;
	address->ip6.sin6_family = AF_INET6;
	address->ip6.sin6_port = htons((uint16_t)peer->port);
	return sizeof(address->ip6);
}

/* True when FD is ready for EVENTS before DEADLINE. */
static bool
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd one = { .fd = fd, .events = events };
	int ready;

	do
		ready = poll(&one, 1, clock_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* The error of connecting FD, 0: it is connected. */
static int
connect_by(int fd, const union address *address, socklen_t size,
    int64_t deadline)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (connect(fd, &address->any, size) == 0)
		return 0;
	/* A unix socket whose queue is full says EAGAIN: the server is there
	 * but does not accept. */
	if (errno == EAGAIN)
		return ETIMEDOUT;
	if (errno != EINPROGRESS && errno != EINTR)
		return errno;
	if (!wait_for(fd, POLLOUT, deadline))
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static enum outcome
say(struct fault *fault, int error)
{
	char text[64];

	if (error == ETIMEDOUT)
		return fault_set(fault, OUT_LATER, EXIT_LATER, "no answer");
	/* "Connection refused" becomes a part of a sentence. */
	strncpy(text, strerror(error), sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a')
		text[0] = (char)(text[0] - 'A' + 'a');
	return fault_set(fault, OUT_LATER, EXIT_LATER, "%s", text);
}

static int
socket_by(const struct stream_peer *peer, int64_t deadline,
    struct fault *fault)
{
	union address address;
	socklen_t size = address_of(peer, &address);
	int on = 1, error, fd = -1;

	if (size > 0)
		fd = socket(address.any.sa_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	error = size == 0 ? EINVAL : fd < 0 ? errno : 0;
	if (error == 0)
		error = connect_by(fd, &address, size, deadline);
	if (error != 0) {
		if (fd >= 0)
			close(fd);
		(void)say(fault, error);
		return -1;
	}
	if (!peer->path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

enum outcome
stream_open(struct stream **stream, const struct stream_peer *peer,
    int64_t deadline, struct fault *fault)
{
	struct tls *tls = NULL;
	int fd = socket_by(peer, deadline, fault);
	enum outcome out = OUT_OK;

	*stream = NULL;
	if (fd < 0)
		return OUT_LATER;
	if (peer->tls_name)
		out = tls_open(&tls, fd, peer, deadline, fault);
	if (out != OUT_OK)
		return out;
	*stream = mem_alloc(sizeof(**stream));
	(*stream)->fd = fd;
	(*stream)->tls = tls;
	return OUT_OK;
}

void
stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->tls)
		tls_close(stream->tls); /* the descriptor is its own */
	else
		close(stream->fd);
	free(stream);
}

static ssize_t
moved(ssize_t count)
{
	if (count > 0)
		return count;
	if (count == 0)
		return STREAM_END;
	return errno == EAGAIN || errno == EINTR ? STREAM_WAIT : STREAM_BROKEN;
}

ssize_t
stream_send(struct stream *stream, const char *data, size_t len)
{
	if (stream->tls)
		return tls_send(stream->tls, data, len);
	return moved(send(stream->fd, data, len, MSG_NOSIGNAL));
}

ssize_t
stream_receive(struct stream *stream, char *data, size_t size)
{
	if (stream->tls)
		return tls_receive(stream->tls, data, size);
	return moved(recv(stream->fd, data, size, 0));
}

bool
stream_wait(struct stream *stream, bool sending, int64_t deadline)
{
	return wait_for(stream->fd, sending ? POLLIN | POLLOUT : POLLIN,
	    deadline);
}
