/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRAIN_MS 2000
#define RATE_CHUNK 1460

struct stats stats;

static long rate;
static double rate_left;
static int64_t rate_at;

void
rate_set(long bytes_per_second)
{
	rate = bytes_per_second;
	rate_left = 0;
}

int
rate_tick(int64_t now_ms)
{
	double most = (double)rate / 50;

	rate_left += (double)rate * (double)(now_ms - rate_at) / 1000;
	if (rate_left > (most > RATE_CHUNK ? most : RATE_CHUNK))
		rate_left = most > RATE_CHUNK ? most : RATE_CHUNK;
	rate_at = now_ms;
	return rate > 0 ? 5 : 100;
}

struct pair *
pair_open(int client, int server, const struct fault *fault)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		abort();
	pair->fd[UP] = client;
	pair->fd[DOWN] = server;
	pair->flow[UP].limit = pair->flow[DOWN].limit = -1;
	stats.open++;
	pair_arm(pair, fault);
	return pair;
}

static void
pair_close(struct pair *pair)
{
	close(pair->fd[UP]);
	close(pair->fd[DOWN]);
	if (!pair->draining)
		stats.open--;
	free(pair);
}

static void
limit_set(struct pair *pair, enum way way, long after)
{
	pair->flow[way].limit = pair->flow[way].total + after;
	pair->eager = after > 0;
}

void
pair_arm(struct pair *pair, const struct fault *fault)
{
	pair->fault = *fault;
	pair->flow[UP].limit = pair->flow[DOWN].limit = -1;
	pair->head_len = 0;
	pair->head_seen = false;
	if (fault->kind == FAULT_CUT || fault->kind == FAULT_FREEZE)
		limit_set(pair, fault->way, fault->at);
	if (fault->kind == FAULT_WHOLE)
		limit_set(pair, DOWN, 0);
}

/* The length that the header announces; 0 if it announces none. */
static long
head_body_len(const char *head)
{
	const char *line = head;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, "content-length:", 15) == 0)
			return strtol(line + 15, NULL, 10);
	}
	return 0;
}

/* Looks for the end of the header in what is about to be forwarded. */
static void
head_feed(struct pair *pair, const char *data, size_t len)
{
	size_t room = sizeof(pair->head) - 1 - pair->head_len;
	const char *end;
	long body;

	if (pair->head_seen ||
	    (pair->fault.kind != FAULT_BODY &&
		pair->fault.kind != FAULT_WHOLE))
		return;
	len = len < room ? len : room;
	memcpy(pair->head + pair->head_len, data, len);
	pair->head_len += len;
	pair->head[pair->head_len] = '\0';
	end = strstr(pair->head, "\r\n\r\n");
	if (!end)
		return;
	pair->head_seen = true;
	body = pair->fault.kind == FAULT_WHOLE ? head_body_len(pair->head)
					       : pair->fault.at;
	/* All of the header but this read has been forwarded already. */
	limit_set(pair, UP,
	    end + 4 - pair->head + body - (long)(pair->head_len - len));
}

static size_t
flow_allowed(const struct flow *flow)
{
	long left = flow->limit - flow->total;

	if (flow->limit < 0 || left > (long)flow->len)
		return flow->len;
	return left > 0 ? (size_t)left : 0;
}

static bool
flow_stopped(const struct flow *flow)
{
	return flow->limit >= 0 && flow->total >= flow->limit;
}

/* A stopped flow is still read once where the first byte is the signal. */
static bool
flow_wants(const struct pair *pair, enum way way)
{
	const struct flow *flow = &pair->flow[way];
	bool signal = pair->fault.kind == FAULT_CUT && pair->fault.way == way;

	return flow->len == 0 && !flow->eof &&
	    (!flow_stopped(flow) || signal) &&
	    (way == DOWN || rate == 0 || rate_left >= 1);
}

void
pair_want(const struct pair *pair, struct pollfd want[2])
{
	int i;

	for (i = UP; i <= DOWN; i++) {
		enum way way = (enum way)i;

		want[i].fd = pair->fd[i];
		want[i].events = 0;
		want[i].revents = 0;
		if (pair->draining || flow_wants(pair, way))
			want[i].events |= POLLIN;
		if (flow_allowed(&pair->flow[!i]) > 0)
			want[i].events |= POLLOUT;
		/* POLLHUP cannot be masked and would spin. */
		if (want[i].events == 0)
			want[i].fd = -1;
	}
}

static bool
flow_read(struct pair *pair, enum way way)
{
	struct flow *flow = &pair->flow[way];
	size_t most = sizeof(flow->data);
	ssize_t n;

	if (way == UP && rate > 0) {
		if (rate_left < 1)
			return true;
		most = rate_left < RATE_CHUNK ? (size_t)rate_left : RATE_CHUNK;
	}
	n = recv(pair->fd[way], flow->data, most, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	flow->eof = n == 0;
	flow->start = 0;
	flow->len = (size_t)n;
	if (way == UP && rate > 0)
		rate_left -= (double)n;
	if (way == UP)
		head_feed(pair, flow->data, flow->len);
	return true;
}

static bool
flow_write(struct pair *pair, enum way way)
{
	struct flow *flow = &pair->flow[way];
	int to = pair->fd[!way];
	ssize_t n;

	if (flow_allowed(flow) > 0) {
		n = send(to, flow->data + flow->start, flow_allowed(flow),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		flow->start += (size_t)n;
		flow->len -= (size_t)n;
		flow->total += n;
		stats.total[way] += n;
	}
	if (flow->eof && flow->len == 0 && !flow->closed &&
	    !flow_stopped(flow)) {
		shutdown(to, SHUT_WR);
		flow->closed = true;
	}
	return true;
}

static void
reset_mark(int fd)
{
	struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/*
 * Closing with unread data would send an RST: a clean end is told first, and
 * what still comes is thrown away.  The server keeps a request that it has
 * whole.
 */
static bool
pair_cut(struct pair *pair, int64_t now_ms)
{
	bool whole = pair->fault.kind == FAULT_WHOLE;

	stats.fired++;
	if (pair->fault.reset && !whole) {
		reset_mark(pair->fd[UP]);
		reset_mark(pair->fd[DOWN]);
		pair_close(pair);
		return false;
	}
	if (pair->fault.reset) {
		reset_mark(pair->fd[UP]);
		close(pair->fd[UP]);
		pair->fd[UP] = -1;
		pair->flow[UP].eof = true;
	} else {
		shutdown(pair->fd[UP], SHUT_WR);
	}
	if (!whole)
		shutdown(pair->fd[DOWN], SHUT_WR);
	pair->flow[UP].len = pair->flow[DOWN].len = 0;
	pair->draining = true;
	pair->drain_until = now_ms + DRAIN_MS;
	stats.open--;
	return true;
}

static bool
pair_drain(struct pair *pair, int64_t now_ms)
{
	struct flow *flow;
	ssize_t n;
	int i;

	for (i = UP; i <= DOWN; i++) {
		flow = &pair->flow[i];
		if (flow->eof)
			continue;
		n = recv(pair->fd[i], flow->data, sizeof(flow->data),
		    MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			flow->eof = true;
	}
	if ((pair->flow[UP].eof && pair->flow[DOWN].eof) ||
	    now_ms > pair->drain_until) {
		pair_close(pair);
		return false;
	}
	return true;
}

static bool
cut_due(const struct pair *pair)
{
	const struct flow *flow = &pair->flow[pair->fault.way];

	if (pair->fault.kind == FAULT_NONE ||
	    pair->fault.kind == FAULT_FREEZE || !flow_stopped(flow))
		return false;
	return pair->eager || flow->len > 0;
}

bool
pair_move(struct pair *pair, const struct pollfd got[2], int64_t now_ms)
{
	bool alive = true;
	int i;

	if (pair->draining)
		return pair_drain(pair, now_ms);
	for (i = UP; i <= DOWN && alive; i++) {
		enum way way = (enum way)i;

		if (got[i].fd >= 0 && got[i].revents & ~POLLOUT &&
		    flow_wants(pair, way))
			alive = flow_read(pair, way);
		alive = alive && flow_write(pair, way);
	}
	if (alive && cut_due(pair))
		return pair_cut(pair, now_ms);
	if (!alive || (pair->flow[UP].closed && pair->flow[DOWN].closed)) {
		/* An end by error on one side is one on the other side too. */
		if (!alive) {
			reset_mark(pair->fd[UP]);
			reset_mark(pair->fd[DOWN]);
		}
		pair_close(pair);
		return false;
	}
	return true;
}
