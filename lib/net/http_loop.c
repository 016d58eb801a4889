/* SPDX-License-Identifier: MIT */
#include "net/http_loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

static struct http_socket *
loop_socket(struct http_loop *loop, int fd)
{
	size_t want = (size_t)fd + 1;
	size_t count = loop->socket_count;

	if (want > count) {
		want = want < 64 ? 64 : want * 2;
		loop->sockets =
		    mem_array(loop->sockets, want, sizeof(*loop->sockets));
		for (; count < want; count++)
			loop->sockets[count] = (struct http_socket){ 0 };
		loop->socket_count = want;
	}
	return &loop->sockets[fd];
}

static void
loop_change(struct http_loop *loop, int fd, struct http_socket *socket)
{
	if (socket->dirty)
		return;
	if (loop->dirty_count == loop->dirty_size) {
		loop->dirty_size = loop->dirty_size * 2 + 16;
		loop->dirty = mem_array(loop->dirty, loop->dirty_size,
		    sizeof(*loop->dirty));
	}
	loop->dirty[loop->dirty_count++] = fd;
	socket->dirty = true;
}

/*
 * A kept-alive connection is forgotten and wanted again with every call;
 * epoll is told only what differs when it comes to waiting, which is nothing.
 * Descriptors that libcurl closes without telling (its resolver's) must leave
 * at once: their number may come back as another file.
 */
static int
socket_wanted(CURL *easy, curl_socket_t fd, int what, void *data, void *unused)
{
	struct http_loop *loop = data;
	struct http_socket *socket = loop_socket(loop, fd);

	(void)easy;
	(void)unused;
	socket->wanted = what == CURL_POLL_REMOVE ? 0 : (uint8_t)what;
	if (what == CURL_POLL_REMOVE && !socket->ours && socket->set) {
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		socket->set = 0;
	}
	if (socket->wanted && socket->wanted != socket->set)
		loop_change(loop, fd, socket);
	return 0;
}

static int
timer_wanted(CURLM *multi, long ms, void *data)
{
	struct http_loop *loop = data;

	(void)multi;
	loop->timer = ms < 0 ? CLOCK_NEVER : clock_mono_ms() + ms;
	return 0;
}

/* libcurl 7.88 opens sockets that handlers started by us would inherit. */
static curl_socket_t
socket_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_loop *loop = data;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);

	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	*loop_socket(loop, fd) = (struct http_socket){ .ours = true,
		.dirty = loop_socket(loop, fd)->dirty };
	return fd;
}

static int
socket_close(void *data, curl_socket_t fd)
{
	struct http_loop *loop = data;
	struct http_socket *socket = loop_socket(loop, fd);

	socket->wanted = socket->set = 0;
	socket->ours = false;
	return close(fd);
}

bool
http_loop_open(struct http_loop *loop, CURLM *multi)
{
	*loop = (struct http_loop){ .wake_fd = -1, .timer = CLOCK_NEVER };
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return false;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
	return true;
}

void
http_loop_close(struct http_loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop->sockets);
	free(loop->dirty);
}

void
http_loop_adopt(struct http_loop *loop, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, loop);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop);
}

void
http_loop_wake(struct http_loop *loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd == loop->wake_fd)
		return;
	if (loop->wake_fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->wake_fd, NULL);
	if (fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
	loop->wake_fd = fd;
}

static void
loop_tell(struct http_loop *loop, int fd)
{
	struct http_socket *socket = &loop->sockets[fd];
	struct epoll_event event = { .data.fd = fd };
	int action = socket->set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	socket->dirty = false;
	if (!socket->wanted || socket->wanted == socket->set)
		return;
	if (socket->wanted & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (socket->wanted & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(loop->epoll, action, fd, &event) == 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		socket->set = socket->wanted;
}

static void
loop_event(struct http_loop *loop, CURLM *multi, struct epoll_event *event)
{
	int fd = event->data.fd, what = 0, running;
	struct http_socket *socket = &loop->sockets[fd];

	if (!socket->wanted) {
		/* an idle connection was closed by the peer: libcurl sees it
		 * when it wants to use it again */
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		socket->set = 0;
		return;
	}
	if (event->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	/* CURL_CSELECT_ERR would hide what recv() has to say about it */
	if (event->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_IN | CURL_CSELECT_OUT;
	curl_multi_socket_action(multi, fd, what, &running);
}

void
http_loop_kick(struct http_loop *loop, CURLM *multi)
{
	int running;

	if (loop->timer > clock_mono_ms())
		return;
	loop->timer = CLOCK_NEVER;
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

bool
http_loop_wait(struct http_loop *loop, CURLM *multi, int64_t until)
{
	struct epoll_event events[128];
	bool woken = false;
	int count;

	for (size_t i = 0; i < loop->dirty_count; i++)
		loop_tell(loop, loop->dirty[i]);
	loop->dirty_count = 0;
	if (loop->timer < until)
		until = loop->timer;
	count = epoll_wait(loop->epoll, events,
	    sizeof(events) / sizeof(events[0]), clock_left_ms(until));
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == loop->wake_fd)
			woken = true;
		else
			loop_event(loop, multi, &events[i]);
	}
	return woken;
}
