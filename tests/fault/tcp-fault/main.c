/* SPDX-License-Identifier: MIT */
/*
 * tcp-fault --listen PORT --port-file F --to HOST:PORT --control SOCK
 * tcp-fault --tell SOCK COMMAND...
 *
 * A proxy that breaks connections where it is told to.  Commands, one a line:
 *   cut accept               close at accept
 *   cut up|down N            close both sides after N bytes of that direction;
 *                            0: when the first byte comes, forwarding none
 *   cut up-body N            close N bytes behind the end of the HTTP header
 *   cut whole-request        close when the whole HTTP request (by its
 *                            Content-Length) was forwarded, with no answer
 *   freeze up|down N         forward nothing more after N bytes, stay open
 * each with " rst" behind it for a reset instead of an end; and
 *   nth K|every|open         which connection the next of these is for: the
 *                            K-th from now (1), all to come, those open now
 *   rate N                   bytes a second of all clients together, 0: any
 *   clear                    forget all of this; frozen ones go on
 *   stats                    ok connections= open= up= down= fired=
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "control.h"
#include "fault/socket.h"
#include "pair.h"

#define PAIRS_MAX 1024
#define TELLERS_MAX 8

static struct teller {
	int fd;
	char line[256];
	size_t len;
} tellers[TELLERS_MAX];

static struct pair *pairs[PAIRS_MAX];
static int teller_count, pair_count;

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
client_accept(int listener, const char *to)
{
	struct linger at_once = { 1, 0 };
	int client = socket_accept(listener);
	int server = -1;
	struct fault fault;

	if (client < 0)
		return;
	stats.connections++;
	fault = fault_take();
	if (fault.kind == FAULT_ACCEPT)
		stats.fired++;
	else if (pair_count < PAIRS_MAX)
		server = socket_dial(to);
	if (server < 0) {
		if (fault.kind != FAULT_ACCEPT || fault.reset)
			setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
			    sizeof(at_once));
		close(client);
		return;
	}
	pairs[pair_count++] = pair_open(client, server, &fault);
}

static void
pairs_arm(const struct fault *fault)
{
	int i;

	for (i = 0; i < pair_count; i++)
		if (!pairs[i]->draining)
			pair_arm(pairs[i], fault);
}

static void
line_obey(int fd, const char *line)
{
	static const struct fault none;
	char reply[256];
	struct fault fault;

	if (control_obey(line, reply, sizeof(reply) - 1, &fault))
		pairs_arm(&fault);
	if (control_cleared)
		pairs_arm(&none);
	control_cleared = false;
	strcat(reply, "\n");
	send(fd, reply, strlen(reply), MSG_NOSIGNAL);
}

static bool
teller_read(struct teller *teller)
{
	size_t room = sizeof(teller->line) - 1 - teller->len;
	ssize_t n = recv(teller->fd, teller->line + teller->len, room, 0);
	char *end;

	if (n <= 0) {
		close(teller->fd);
		return false;
	}
	teller->len += (size_t)n;
	teller->line[teller->len] = '\0';
	while ((end = strchr(teller->line, '\n')) != NULL) {
		*end = '\0';
		line_obey(teller->fd, teller->line);
		teller->len -= (size_t)(end + 1 - teller->line);
		memmove(teller->line, end + 1, teller->len + 1);
	}
	return true;
}

static void
teller_accept(int control)
{
	int fd = socket_accept(control);

	if (fd < 0)
		return;
	if (teller_count == TELLERS_MAX) {
		close(fd);
		return;
	}
	tellers[teller_count++] = (struct teller){ .fd = fd };
}

/* Starts elsewhere each time, so that a slow link is shared fairly. */
static void
pairs_move(struct pollfd *got, int count)
{
	static int turn;
	bool alive[PAIRS_MAX] = { false };
	int64_t now = now_ms();
	int i, k, kept = 0;

	turn++;
	for (i = 0; i < count; i++) {
		k = (i + turn) % count;
		alive[k] =
		    pair_move(pairs[k], got + (size_t)2 * (size_t)k, now);
	}
	for (i = 0; i < pair_count; i++)
		if (i >= count || alive[i])
			pairs[kept++] = pairs[i];
	pair_count = kept;
}

static void
serve(int listener, int control, const char *to)
{
	static struct pollfd want[2 + TELLERS_MAX + 2 * PAIRS_MAX];
	struct pollfd *at;
	int i, kept, tellers_now, pairs_now;

	for (;;) {
		at = want;
		*at++ = (struct pollfd){ listener, POLLIN, 0 };
		*at++ = (struct pollfd){ control, POLLIN, 0 };
		tellers_now = teller_count;
		pairs_now = pair_count;
		for (i = 0; i < tellers_now; i++)
			*at++ = (struct pollfd){ tellers[i].fd, POLLIN, 0 };
		for (i = 0; i < pairs_now; i++, at += 2)
			pair_want(pairs[i], at);
		if (poll(want, (nfds_t)(at - want), rate_tick(now_ms())) < 0)
			continue;
		rate_tick(now_ms());
		/* Orders first: what a test said before it connected counts. */
		for (i = kept = 0; i < tellers_now; i++)
			if (!want[2 + i].revents || teller_read(&tellers[i]))
				tellers[kept++] = tellers[i];
		teller_count = kept;
		if (want[1].revents)
			teller_accept(control);
		pairs_move(want + 2 + tellers_now, pairs_now);
		if (want[0].revents)
			client_accept(listener, to);
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "port-file", required_argument, NULL, 'p' },
		{ "to", required_argument, NULL, 't' },
		{ "control", required_argument, NULL, 'c' },
		{ "tell", required_argument, NULL, 'T' }, { NULL, 0, NULL, 0 }
	};
	const char *port = "0", *port_file = NULL, *to = NULL, *path = NULL;
	int o, size = 32768, listener, control;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'l':
			port = optarg;
			break;
		case 'p':
			port_file = optarg;
			break;
		case 't':
			to = optarg;
			break;
		case 'c':
			path = optarg;
			break;
		case 'T':
			return control_tell(optarg, argv + optind);
		default:
			return 64;
		}
	if (!port_file || !to || !path)
		errx(64, "--port-file, --to and --control are needed");
	signal(SIGPIPE, SIG_IGN);
	control = control_listen(path);
	listener = socket_bind(port, true);
	/* Else megabytes of an upload count as sent while they wait here. */
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	socket_port_write(listener, port_file);
	serve(listener, control, to);
}
