/* SPDX-License-Identifier: MIT */
/*
 * A real redis-server for unit tests, on a socket and a port of its own, and
 * gone with the test program whatever happens to it.
 */
#ifndef LEADPIPE_REDIS_SERVER_H
#define LEADPIPE_REDIS_SERVER_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/config.h"
#include "shared/redis.h"

/* How late the end of 150 ms may be seen on a machine that does much else. */
#define REDIS_LATE_MS 2000

struct redis_server {
	char dir[64], socket[96];
	int port;
	pid_t pid;
	bool loading; /* it is enough when it answers that */
};

/* A port that is free now. */
static inline int
redis_free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		fail_msg("no free port");
	close(fd);
	return ntohs(at.sin_port);
}

static inline bool
redis_server_answers(const struct redis_server *server)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[64] = "";
	bool fine;

	strcpy(at.sun_path, server->socket);
	fine = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    write(fd, "PING\r\n", 6) == 6 &&
	    read(fd, reply, sizeof(reply) - 1) > 0 &&
	    (server->loading || strncmp(reply, "-LOADING", 8) != 0);
	close(fd);
	return fine;
}

/* Starts it (again) with the further arguments ("--maxmemory", "1mb", NULL);
 * an empty `dir` means a new one. */
static inline void
redis_server_start(struct redis_server *server, const char *const *more)
{
	char port[16];
	const char *argv[32] = { "redis-server", "--save", "", "--appendonly",
		"no", "--bind", "127.0.0.1", "--logfile", "redis.log",
		"--unixsocket", server->socket, "--dir", server->dir, "--port",
		port };
	int count = 15;
	pid_t parent = getpid();

	if (server->dir[0] == '\0') {
		strcpy(server->dir, "/tmp/lp-redis.XXXXXX");
		if (!mkdtemp(server->dir))
			fail_msg("no directory for redis-server");
		snprintf(server->socket, sizeof(server->socket), "%s/s",
		    server->dir);
		server->port = redis_free_port();
	}
	snprintf(port, sizeof(port), "%d", server->port);
	while (more && *more)
		argv[count++] = *more++;
	server->pid = fork();
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent && chdir(server->dir) == 0 &&
		    freopen("/dev/null", "w", stdout))
			execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	for (int i = 0; i < 500 && !redis_server_answers(server); i++) {
		if (waitpid(server->pid, NULL, WNOHANG) != 0)
			fail_msg("redis-server ended, see %s", server->dir);
		usleep(5000);
	}
}

static inline void
redis_server_stop(struct redis_server *server)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

/* Stops it and removes its directory. */
static inline void
redis_server_remove(struct redis_server *server)
{
	static const char *const names[] = { "s", "redis.log", "dump.rdb",
		"nodes.conf" };
	char path[128];

	redis_server_stop(server);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", server->dir, names[i]);
		remove(path);
	}
	rmdir(server->dir);
	*server = (struct redis_server){ 0 };
}

/* It takes connections but does nothing, until thawed. */
static inline void
redis_server_freeze(const struct redis_server *server)
{
	kill(server->pid, SIGSTOP);
}

static inline void
redis_server_thaw(const struct redis_server *server)
{
	kill(server->pid, SIGCONT);
}

/* The client with REDIS_URL as given, whose settings end with it. */
static inline struct redis *
redis_client(const char *url, struct db *db, enum redis_way way)
{
	struct fault why = { 0 };
	struct config *config = NULL;
	struct redis *redis = NULL;

	setenv("REDIS_URL", url, 1);
	if (config_open(&config, "/dev/null", &why) != OUT_OK ||
	    redis_open(&redis, db, config, way, &why) != OUT_OK)
		fail_msg("%s", why.text);
	config_close(config);
	unsetenv("REDIS_URL");
	return redis;
}

/* The same on the server's socket. */
static inline struct redis *
redis_server_client(const struct redis_server *server, struct db *db,
    enum redis_way way)
{
	char url[160];

	snprintf(url, sizeof(url), "unix://%s", server->socket);
	return redis_client(url, db, way);
}

/* Runs what was added, which must succeed. */
static inline void
redis_run_ok(struct redis *redis)
{
	struct fault why = { 0 };

	if (redis_run(redis, &why) != OUT_OK)
		fail_msg("%s", why.text);
}

#endif
