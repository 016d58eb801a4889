/* SPDX-License-Identifier: MIT */
#include "net/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME LETTERS DIGITS "-._"

bool
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

bool
host_name(const struct host *host, char name[HOST_SIZE])
{
	bool v6 = *host->at == '[';
	size_t len = host->len - (v6 ? 2 : 0);

	if (len >= HOST_SIZE)
		return false;
	memcpy(name, host->at + (v6 ? 1 : 0), len);
	name[len] = '\0';
	return true;
}

bool
host_private(const struct host *host)
{
	char name[HOST_SIZE];

	if (!host_name(host, name))
		return false;
	return *host->at == '[' ? private_v6(name)
				: private_v4(name) || private_name(name);
}

bool
host_here(const struct host *host)
{
	struct in6_addr ip6;
	struct in_addr ip4;
	char name[HOST_SIZE];

	if (!host_name(host, name))
		return false;
	if (inet_pton(AF_INET6, name, &ip6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&ip6);
	if (inet_pton(AF_INET, name, &ip4) == 1)
		return ntohl(ip4.s_addr) >> 24 == 127;
	return strcasecmp(name, "localhost") == 0 ||
	    ends_in(name, ".localhost");
}

/* What no site on the internet has: "this network", carrier-grade NAT
 * (RFC 6598), multicast and what is reserved above it. */
static bool
odd_v4(uint32_t ip)
{
	return ip >> 24 == 0 || ip >> 22 == 0x191 || ip >> 28 >= 0xe;
}

bool
host_ip_private(const char *ip)
{
	char v4[INET_ADDRSTRLEN];
	struct in_addr address;
	struct in6_addr v6;

	if (inet_pton(AF_INET, ip, &address) == 1)
		return private_v4(ip) || odd_v4(ntohl(address.s_addr));
	if (inet_pton(AF_INET6, ip, &v6) != 1)
		return true;
	if (IN6_IS_ADDR_V4MAPPED(&v6) &&
	    inet_ntop(AF_INET, &v6.s6_addr[12], v4, sizeof(v4)))
		return host_ip_private(v4);
	return private_v6(ip) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
	    IN6_IS_ADDR_MULTICAST(&v6);
}

bool
host_skip(const char **text, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(*text, scheme, len) != 0)
		return false;
	*text += len;
	return true;
}

bool
host_of_url(const char *url, struct host *host)
{
	const char *at = strstr(url, "://"), *user;

	if (!at)
		return false;
	at += 3;
	user = memchr(at, '@', strcspn(at, "/?#"));
	return host_read(user ? user + 1 : at, host);
}

static enum outcome
refuse(struct fault *fault, const char *setting, const char *why,
    const char *origin)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG, "%s %s (%s)", setting,
	    why, origin);
}

enum outcome
host_check_proxy(const char *setting, const char *proxy, const char *origin,
    struct fault *fault)
{
	const char *at = proxy, *user;
	struct host host;

	if (host_skip(&at, "socks5://"))
		return refuse(fault, setting,
		    "must begin with socks5h:// instead of socks5://, so that "
		    "the proxy looks the names up",
		    origin);
	if (!host_skip(&at, "http://") && !host_skip(&at, "https://") &&
	    !host_skip(&at, "socks5h://"))
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
