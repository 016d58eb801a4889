/* SPDX-License-Identifier: MIT */
/*
 * Inside of net/http: epoll under curl_multi_socket_action(), so that a turn
 * costs what happened in it and not how many calls are open.
 */
#ifndef LEADPIPE_HTTP_LOOP_H
#define LEADPIPE_HTTP_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What we know of one descriptor; the table is indexed by it. */
struct http_socket {
	uint8_t wanted, set; /* CURL_POLL_*; what epoll was told */
	bool ours;	     /* closed through http_loop_close() only */
	bool dirty;	     /* stands in the list of changes */
};

struct http_loop {
	int epoll;
	int wake_fd;
	int64_t timer; /* when libcurl wants to be called (monotonic ms) */
	struct http_socket *sockets;
	size_t socket_count;
	int *dirty;
	size_t dirty_count, dirty_size;
};

/* False with errno. */
bool http_loop_open(struct http_loop *loop, CURLM *multi);
void http_loop_close(struct http_loop *loop);

/* Makes the connections of EASY belong to the loop. */
void http_loop_adopt(struct http_loop *loop, CURL *easy);

/* Watches FD instead of the one before; -1: none. */
void http_loop_wake(struct http_loop *loop, int fd);

/* Lets libcurl do what is due. */
void http_loop_kick(struct http_loop *loop, CURLM *multi);

/* Waits until UNTIL (monotonic ms) or libcurl's timer and handles what came.
 * True when the wake descriptor is readable. */
bool http_loop_wait(struct http_loop *loop, CURLM *multi, int64_t until);

#endif
