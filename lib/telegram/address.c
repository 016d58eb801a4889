/* SPDX-License-Identifier: MIT */
#include "telegram/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME LETTERS DIGITS "-._"

/* Where host[:port] lies in a URL, behind the scheme and the user name. */
struct host {
	const char *at;
	size_t len;	 /* of the host, with the brackets of IPv6 */
	const char *end; /* behind the port */
};

/* Reads host[:port] at AT.  False when it is no host or the port no port. */
static bool
host_read(const char *at, struct host *host)
{
	char *end;
	long port;

	host->at = at;
	host->len = *at == '[' ? strspn(at + 1, "0123456789abcdefABCDEF:.") + 2
			       : strspn(at, NAME);
	if (host->len == 0 ||
	    (*at == '[' && (host->len < 4 || at[host->len - 1] != ']')))
		return false;
	host->end = at + host->len;
	if (*host->end != ':')
		return true;
	if (!isdigit((unsigned char)host->end[1]))
		return false;
	port = strtol(host->end + 1, &end, 10);
	host->end = end;
	return port >= 1 && port <= 65535;
}

static bool
private_v4(const char *name)
{
	struct in_addr address;
	uint32_t ip;

	if (inet_pton(AF_INET, name, &address) != 1)
		return false;
	ip = ntohl(address.s_addr);
	return ip >> 24 == 127 || ip >> 24 == 10 || ip >> 20 == 0xac1 ||
	    ip >> 16 == 0xc0a8 || ip >> 16 == 0xa9fe;
}

static bool
private_v6(const char *name)
{
	struct in6_addr ip;

	return inet_pton(AF_INET6, name, &ip) == 1 &&
	    (IN6_IS_ADDR_LOOPBACK(&ip) || IN6_IS_ADDR_LINKLOCAL(&ip) ||
		(ip.s6_addr[0] & 0xfe) == 0xfc);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcasecmp(name + len - end_len, end) == 0;
}

/* A name without a dot is one of a container network or /etc/hosts; it must
 * begin with a letter, since 0x08080808 is an address too. */
static bool
private_name(const char *name)
{
	return (isalpha((unsigned char)*name) && !strchr(name, '.')) ||
	    ends_in(name, ".localhost") || ends_in(name, ".local") ||
	    ends_in(name, ".internal");
}

/* Copies the name without brackets; false when it is too long for one. */
static bool
host_name(const struct host *host, char name[256])
{
	bool v6 = *host->at == '[';
	size_t len = host->len - (v6 ? 2 : 0);

	if (len >= 256)
		return false;
	memcpy(name, host->at + (v6 ? 1 : 0), len);
	name[len] = '\0';
	return true;
}

static bool
host_private(const struct host *host)
{
	char name[256];

	if (!host_name(host, name))
		return false;
	return *host->at == '[' ? private_v6(name)
				: private_v4(name) || private_name(name);
}

/* True when HOST is this machine. */
static bool
host_here(const struct host *host)
{
	struct in6_addr ip6;
	struct in_addr ip4;
	char name[256];

	if (!host_name(host, name))
		return false;
	if (inet_pton(AF_INET6, name, &ip6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&ip6);
	if (inet_pton(AF_INET, name, &ip4) == 1)
		return ntohl(ip4.s_addr) >> 24 == 127;
	return strcasecmp(name, "localhost") == 0 ||
	    ends_in(name, ".localhost");
}

/* Skips SCHEME in *TEXT. */
static bool
skip_scheme(const char **text, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(*text, scheme, len) != 0)
		return false;
	*text += len;
	return true;
}

static enum outcome
refuse(struct fault *fault, const char *setting, const char *why,
    const char *origin)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG, "%s %s (%s)", setting,
	    why, origin);
}

enum outcome
address_check_root(const char *root, const char *origin, struct fault *fault)
{
	static const char setting[] = "TELEGRAM_API_ROOT";
	const char *at = root, *path;
	bool plain = skip_scheme(&at, "http://");
	struct host host;

	if (!plain && !skip_scheme(&at, "https://"))
		return refuse(fault, setting,
		    "must begin with https:// or http://", origin);
	if (strchr(at, '@'))
		return refuse(fault, setting,
		    "must not hold a user name or password", origin);
	if (!host_read(at, &host))
		return refuse(fault, setting,
		    "must be like https://host or https://host:port", origin);
	path = host.end;
	if ((*path && *path != '/') || path[strspn(path, NAME "/~%")] != '\0')
		return refuse(fault, setting,
		    "must be a plain address; leave out '/bot<token>' and "
		    "everything behind '?' or '#'",
		    origin);
	if (plain && !host_private(&host))
		return refuse(fault, setting,
		    "must begin with https:// unless it is this machine or a "
		    "private network: the token is part of every request",
		    origin);
	return OUT_OK;
}

enum outcome
address_check_proxy(const char *proxy, const char *origin, struct fault *fault)
{
	static const char setting[] = "TELEGRAM_PROXY";
	const char *at = proxy, *user;
	struct host host;

	if (skip_scheme(&at, "socks5://"))
		return refuse(fault, setting,
		    "must begin with socks5h:// instead of socks5://, so that "
		    "the proxy looks the names up",
		    origin);
	if (!skip_scheme(&at, "http://") && !skip_scheme(&at, "https://") &&
	    !skip_scheme(&at, "socks5h://"))
		return refuse(fault, setting,
		    "must begin with http://, https:// or socks5h://", origin);
	user = strrchr(at, '@');
	if (user)
		at = user + 1;
	if (!host_read(at, &host) || strcmp(host.end + (*host.end == '/'), ""))
		return refuse(fault, setting,
		    "must be like socks5h://user:password@host:port", origin);
	return OUT_OK;
}

/* Reads the host of URL, which was checked. */
static bool
url_host(const char *url, struct host *host)
{
	const char *at = strstr(url, "://"), *user = strrchr(url, '@');

	return at && host_read(user ? user + 1 : at + 3, host);
}

enum outcome
address_check_both(const char *root, const char *proxy, const char *origin,
    struct fault *fault)
{
	struct host root_host, proxy_host;

	if (!proxy || strncasecmp(root, "http://", 7) != 0 ||
	    !url_host(root, &root_host) || host_here(&root_host) ||
	    !url_host(proxy, &proxy_host) || host_here(&proxy_host))
		return OUT_OK;
	return refuse(fault, "TELEGRAM_PROXY",
	    "and TELEGRAM_API_ROOT do not go together: the proxy would see "
	    "the token; use an https:// root, or no proxy",
	    origin);
}
