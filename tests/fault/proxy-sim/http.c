/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEAD_MAX 16384

static void
answer(int client, const char *status, const char *fields)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\n%s"
	    "Content-Length: 0\r\nConnection: close\r\n\r\n",
	    status, fields);

	bytes_write(client, text, (size_t)len);
}

static bool
head_read(int client, char *head)
{
	size_t len = 0;

	/* A byte at a time: what follows the header is not ours. */
	while (len < HEAD_MAX - 1 && bytes_read(client, head + len, 1)) {
		head[++len] = '\0';
		if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

/* RFC 4648 section 4 */
static void
base64(const char *text, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *)text;
	size_t left = strlen(text);

	for (; left > 0; in += 3) {
		unsigned bits = (unsigned)in[0] << 16 |
		    (left > 1 ? (unsigned)in[1] << 8 : 0) |
		    (left > 2 ? in[2] : 0);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
		left -= left > 3 ? 3 : left;
	}
	*out = '\0';
}

static bool
auth_good(const char *head)
{
	static const char name[] = "\r\nproxy-authorization: Basic ";
	char want[1024];
	const char *field;

	if (!settings.auth)
		return true;
	if (strlen(settings.auth) > 512)
		return false;
	base64(settings.auth, want);
	field = strcasestr(head, name);
	if (!field)
		return false;
	field += sizeof(name) - 1;
	return strncmp(field, want, strlen(want)) == 0 &&
	    strncmp(field + strlen(want), "\r\n", 2) == 0;
}

/* The header without what is between client and proxy; one request only. */
static bool
head_forward(int server, const char *method, const char *path,
    const char *fields)
{
	const char *end;
	char line[HEAD_MAX];
	int len = snprintf(line, sizeof(line),
	    "%s %s HTTP/1.1\r\n"
	    "Connection: close\r\n",
	    method, path);
	bool sent = bytes_write(server, line, (size_t)len);

	for (; sent && (end = strstr(fields, "\r\n")) != fields;
	     fields = end + 2)
		if (strncasecmp(fields, "proxy-", 6) != 0 &&
		    strncasecmp(fields, "connection:", 11) != 0)
			sent = bytes_write(server, fields,
			    (size_t)(end + 2 - fields));
	return sent && bytes_write(server, "\r\n", 2);
}

static int
url_forward(int client, const char *head, const char *method, const char *url)
{
	char target[300];
	const char *host, *path;
	int server;

	if (strncasecmp(url, "http://", 7) != 0) {
		answer(client, "400 Bad Request", "");
		return -1;
	}
	host = url + 7;
	path = host + strcspn(host, "/");
	snprintf(target, sizeof(target), "%.*s%s",
	    (int)(path - host < 256 ? path - host : 256), host,
	    memchr(host, ':', (size_t)(path - host)) ? "" : ":80");
	server = target_dial("http", target);
	if (server < 0) {
		answer(client, "502 Bad Gateway", "");
		return -1;
	}
	if (!head_forward(server, method, *path ? path : "/",
		strstr(head, "\r\n") + 2)) {
		close(server);
		return -1;
	}
	return server;
}

int
http_negotiate(int client)
{
	static const char made[] = "HTTP/1.1 200 Connection established\r\n"
				   "\r\n";
	char head[HEAD_MAX], method[32], target[4096];
	int server;

	if (!head_read(client, head) ||
	    sscanf(head, "%31s %4095s", method, target) != 2)
		return -1;
	if (settings.mode == MODE_REFUSE || !auth_good(head)) {
		session_log("http", target, "refused");
		answer(client, "407 Proxy Authentication Required",
		    "Proxy-Authenticate: Basic realm=\"proxy\"\r\n");
		return -1;
	}
	if (strcmp(method, "CONNECT") != 0)
		return url_forward(client, head, method, target);
	server = target_dial("connect", target);
	if (server < 0)
		answer(client, "502 Bad Gateway", "");
	else
		bytes_write(client, made, sizeof(made) - 1);
	return server;
}
