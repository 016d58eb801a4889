/* SPDX-License-Identifier: MIT */
/*
 * Hosts in addresses that people configure.  No message repeats an address: it
 * may hold a token or a password.
 */
#ifndef LEADPIPE_HOST_H
#define LEADPIPE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define HOST_SIZE 256

/* Where host[:port] lies in a URL, behind the scheme and the user name. */
struct host {
	const char *at;
	size_t len;	 /* of the host, with the brackets of IPv6 */
	const char *end; /* behind the port */
};

/* Reads host[:port] at AT.  False when it is no host or the port no port. */
bool host_read(const char *at, struct host *host);

/* The same behind the scheme and user name of URL. */
bool host_of_url(const char *url, struct host *host);

/* Copies the name without brackets; false when it is too long for one. */
bool host_name(const struct host *host, char name[HOST_SIZE]);

/* True when HOST is spelt as one of a private network, or of this machine. */
bool host_private(const struct host *host);
bool host_here(const struct host *host);

/* True when the address IP, in numbers, is not one of the public internet. */
bool host_ip_private(const char *ip);

/* Skips SCHEME ("https://", any case) in *TEXT. */
bool host_skip(const char **text, const char *scheme);

/* Checks a proxy that SETTING holds and that came from ORIGIN: http, https or
 * socks5h, a host and perhaps a port. */
enum outcome host_check_proxy(const char *setting, const char *proxy,
    const char *origin, struct fault *fault) must_check;

#endif
