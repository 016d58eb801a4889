/* SPDX-License-Identifier: MIT */
#include "telegram/address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/host.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME LETTERS DIGITS "-._"

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
	bool plain = host_skip(&at, "http://");
	struct host host;

	if (!plain && !host_skip(&at, "https://"))
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
address_check_both(const char *root, const char *proxy, const char *origin,
    struct fault *fault)
{
	struct host root_host, proxy_host;

	if (!proxy || strncasecmp(root, "http://", 7) != 0 ||
	    !host_of_url(root, &root_host) || host_here(&root_host) ||
	    !host_of_url(proxy, &proxy_host) || host_here(&proxy_host))
		return OUT_OK;
	return refuse(fault, "TELEGRAM_PROXY",
	    "and TELEGRAM_API_ROOT do not go together: the proxy would see "
	    "the token; use an https:// root, or no proxy",
	    origin);
}

static bool
is_called_port(const struct host *host)
{
	const char *port = host->at + host->len;

	if (*port != ':')
		return true;
	switch (strtol(port + 1, NULL, 10)) {
	case 443:
	case 80:
	case 88:
	case 8443:
		return true;
	default:
		return false;
	}
}

enum outcome
address_check_webhook(const char *url, bool own, struct fault *fault)
{
	const char *at = url, *why = NULL;
	bool https = host_skip(&at, "https://");
	struct host host;

	if (!https && !(own && host_skip(&at, "http://")))
		why = own ? "must begin with https:// or http://"
			  : "must begin with https://";
	else if (!host_read(at, &host) ||
	    (*host.end != '\0' && *host.end != '/'))
		why = "must be like https://host/path";
	else if (url[strspn(url, NAME "/~%:[]?=&+,;!*()@$'")] != '\0')
		why = "holds a character that no address has";
	else if (!own && !is_called_port(&host))
		why = "must be on port 443, 80, 88 or 8443: Telegram calls "
		      "no other";
	else if (!own && (*host.at == '[' || host_private(&host)))
		why = "must be of a host that Telegram can reach, by IPv4";
	if (why == NULL)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the address of a webhook %s", why);
}
