/* SPDX-License-Identifier: MIT */
/* One client of the proxy, in a thread of its own, with blocking calls. */
#ifndef LEADPIPE_FAULT_SESSION_H
#define LEADPIPE_FAULT_SESSION_H

#include <stdbool.h>
#include <stddef.h>

enum mode {
	MODE_OK,
	MODE_REFUSE,	       /* 407, or the SOCKS equivalent, always */
	MODE_FREEZE_AFTER_TLS, /* forwards the handshake, then nothing */
	MODE_FREEZE,	       /* never answers */
	MODE_DEAD	       /* connections are refused */
};

struct settings {
	bool socks; /* else HTTP */
	enum mode mode;
	const char *auth;    /* "user:password", NULL: open to all */
	const char *map[32]; /* "name=host:port" */
	int map_count;
	const char *log; /* a line for each request, NULL: none */
};

extern struct settings settings;

/* Serves the connection and closes it. */
void session_serve(int client);

/*
 * Negotiate on `client`.  Return a descriptor connected to the target, or -1
 * after having told the client why not.
 */
int http_negotiate(int client);
int socks_negotiate(int client);

/* Connects to `target` ("name:port") by the map, and logs it. */
int target_dial(const char *kind, const char *target);

/* A line for the log. */
void session_log(const char *kind, const char *target, const char *result);

/* All of `len` bytes; false if that cannot be. */
bool bytes_read(int fd, void *data, size_t len);
bool bytes_write(int fd, const void *data, size_t len);

/* Copies both ways until both have ended. */
void relay(int client, int server);

/* The same for TLS, but swallows all that comes after the handshake. */
void relay_handshake(int client, int server);

#endif
