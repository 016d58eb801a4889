/* SPDX-License-Identifier: MIT */
#include "shared/redis_address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/host.h"

#define PORT 6379
#define DATABASE_MOST 1000000

static enum outcome
refuse(const struct config *config, const char *setting, const char *why,
    struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG, "%s %s (%s)", setting,
	    why, config_origin(config, setting));
}

/* TEXT without its %XX, NULL when one is none; the caller frees it. */
static char *
decoded(const char *text, size_t len)
{
	char *out = mem_dup_n(text, len), *to = out;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = "";

		if (text[i] != '%') {
			*to++ = text[i];
			continue;
		}
		memcpy(hex, text + i + 1, len - i > 2 ? 2 : 0);
		*to = (char)strtol(hex, NULL, 16);
		if (!isxdigit((unsigned char)hex[0]) ||
		    !isxdigit((unsigned char)hex[1]) || *to == '\0') {
			free(out);
			return NULL;
		}
		to++;
		i += 2;
	}
	*to = '\0';
	return out;
}

/* [user][:password] */
static bool
read_userinfo(struct redis_address *address, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon ? (size_t)(colon - text) : len;

	if (!colon)
		return false;
	if (user > 0) {
		address->user = decoded(text, user);
		if (!address->user)
			return false;
	}
	address->password = decoded(colon + 1, len - user - 1);
	if (address->password)
		log_secret(address->password);
	return address->password != NULL;
}

static bool
read_number(const char *text, const char **end, int most, int *number)
{
	char *stop;
	long value;

	if (!isdigit((unsigned char)*text))
		return false;
	value = strtol(text, &stop, 10);
	if (value < 0 || value > most)
		return false;
	*number = (int)value;
	*end = stop;
	return true;
}

/* ?db=N and whatever else other libraries are told there. */
static bool
read_query(struct redis_address *address, const char *text)
{
	const char *end;

	while (*text != '\0' && *text != '#') {
		text++;
		if (strncmp(text, "db=", 3) == 0 &&
		    (!read_number(text + 3, &end, DATABASE_MOST,
			 &address->database) ||
			(*end != '\0' && *end != '&' && *end != '#')))
			return false;
		text += strcspn(text, "&#");
	}
	return true;
}

/* /path?db=N */
static bool
read_socket(struct redis_address *address, const char *at)
{
	size_t len = strcspn(at, "?#");

	if (*at != '/' || len < 2)
		return false;
	address->path = decoded(at, len);
	return address->path &&
	    strlen(address->path) <
	    sizeof(((struct sockaddr_un *)NULL)->sun_path) &&
	    read_query(address, at + len);
}

/* host[:port] */
static bool
read_host(struct redis_address *address, const char *at, const char **end)
{
	char name[HOST_SIZE];
	struct host host;

	if (!host_read(at, &host) || !host_name(&host, name))
		return false;
	address->host = mem_dup(name);
	if (at[host.len] == ':')
		address->port = (int)strtol(at + host.len + 1, NULL, 10);
	*end = host.end;
	return true;
}

/* host[:port][/db][?db=N] */
static bool
read_server(struct redis_address *address, const char *at)
{
	if (!read_host(address, at, &at))
		return false;
	if (*at == '/') {
		at++;
		if (*at != '\0' && *at != '?' && *at != '#' &&
		    !read_number(at, &at, DATABASE_MOST, &address->database))
			return false;
	}
	return (*at == '\0' || *at == '?' || *at == '#') &&
	    read_query(address, at);
}

static bool
read_url(struct redis_address *address, const char *url)
{
	const char *at = url, *user;
	bool socket = host_skip(&at, "unix://");
	size_t len;

	address->tls = !socket && host_skip(&at, "rediss://");
	if (!socket && !address->tls && !host_skip(&at, "redis://"))
		return false;
	/* A password may hold an @ that nobody wrote as %40. */
	len = strcspn(at, "/?#");
	user = memrchr(at, '@', len);
	if (user) {
		if (!read_userinfo(address, at, (size_t)(user - at)))
			return false;
		at = user + 1;
	}
	return socket ? read_socket(address, at) : read_server(address, at);
}

static enum outcome
read_port(const struct config *config, int64_t otherwise, int64_t *port,
    struct fault *fault)
{
	return config_int(config, "REDISPORT", 1, 65535, otherwise, port,
	    fault);
}

static enum outcome
read_family(struct redis_address *address, const struct config *config,
    struct fault *fault)
{
	const char *host = config_get(config, "REDISHOST"), *end = "";
	int64_t port = PORT;
	enum outcome out;

	address->setting = "REDISHOST";
	if (*host == '/')
		end = read_socket(address, host) ? "" : "?";
	else if (!read_host(address, host, &end))
		end = "?";
	if (*end != '\0')
		return refuse(config, "REDISHOST",
		    "must be a host, an address or the path of a socket; "
		    "redis://... is for REDIS_URL",
		    fault);
	out = read_port(config, address->port, &port, fault);
	address->port = (int)port;
	address->user = mem_dup(config_get(config, "REDISUSER"));
	address->password = mem_dup(config_get(config, "REDISPASSWORD"));
	if (out == OUT_OK && address->user && !address->password)
		out = refuse(config, "REDISUSER", "needs REDISPASSWORD too",
		    fault);
	return out;
}

static enum outcome
read_settings(struct redis_address *address, const struct config *config,
    struct fault *fault)
{
	const char *url = config_get(config, "REDIS_URL");

	if (url) {
		address->setting = "REDIS_URL";
		if (!read_url(address, url))
			return refuse(config, "REDIS_URL",
			    "must be like redis://user:password@host:6379/0, "
			    "rediss://... (TLS) or unix:///path?db=0; in a "
			    "password / is %2F, ? is %3F, # is %23 and % is "
			    "%25",
			    fault);
	} else if (config_get(config, "REDISHOST")) {
		return read_family(address, config, fault);
	}
	return OUT_OK;
}

enum outcome
redis_address_read(struct redis_address *address, const struct config *config,
    struct fault *fault)
{
	bool dev = false;
	enum outcome out;

	*address = (struct redis_address){ .port = PORT };
	out = config_bool(config, "DEV_MODE", false, &dev, fault);
	if (out == OUT_OK && !dev)
		out = read_settings(address, config, fault);
	if (out != OUT_OK) {
		redis_address_release(address);
		return out;
	}
	if (address->path)
		address->where =
		    mem_printf("%s (%s)", address->path, address->setting);
	else if (address->host)
		address->where = mem_printf(strchr(address->host, ':')
			? "[%s]:%d (%s)"
			: "%s:%d (%s)",
		    address->host, address->port, address->setting);
	return OUT_OK;
}

enum outcome
redis_address_check(const struct config *config, struct fault *fault)
{
	static const char *const family[] = { "REDISPORT", "REDISUSER",
		"REDISPASSWORD" };
	int64_t port;
	bool dev;
	enum outcome out = read_port(config, PORT, &port, fault);

	/* With a value that is none there is DEV_MODE, as others say. */
	if (config_bool(config, "DEV_MODE", false, &dev, NULL) != OUT_OK)
		dev = true;
	if (out != OUT_OK || dev || config_get(config, "REDIS_URL") != NULL ||
	    config_get(config, "REDISHOST") != NULL)
		return out;
	for (size_t i = 0; i < sizeof(family) / sizeof(family[0]); i++)
		if (config_get(config, family[i]) != NULL)
			return refuse(config, family[i],
			    "counts for nothing, no Redis is used: set "
			    "REDISHOST (or REDIS_URL) too, or remove it",
			    fault);
	return OUT_OK;
}

void
redis_address_release(struct redis_address *address)
{
	free(address->path);
	free(address->host);
	free(address->user);
	free(address->password);
	free(address->where);
	*address = (struct redis_address){ 0 };
}
