/* SPDX-License-Identifier: MIT */
/* SOCKS version 5 (RFC 1928) with user name and password (RFC 1929). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };
enum { REPLY_OK = 0, REPLY_REFUSED = 5, REPLY_COMMAND = 7, REPLY_ADDRESS = 8 };

/* A string with its length in the byte before it. */
static bool
string_read(int fd, char *text)
{
	unsigned char len;

	if (!bytes_read(fd, &len, 1) || !bytes_read(fd, text, len))
		return false;
	text[len] = '\0';
	return true;
}

static bool
password_check(int client)
{
	unsigned char version, verdict[2] = { 1, 0 };
	char user[256], password[256], given[513];

	if (!bytes_read(client, &version, 1) || !string_read(client, user) ||
	    !string_read(client, password))
		return false;
	snprintf(given, sizeof(given), "%s:%s", user, password);
	if (settings.mode == MODE_REFUSE || !settings.auth ||
	    strcmp(given, settings.auth) != 0)
		verdict[1] = 1;
	return bytes_write(client, verdict, 2) && verdict[1] == 0;
}

static bool
method_agree(int client)
{
	unsigned char head[2], methods[255], choice[2] = { 5, METHOD_REFUSED };
	bool needed = settings.auth || settings.mode == MODE_REFUSE;

	if (!bytes_read(client, head, 2) || head[0] != 5 ||
	    !bytes_read(client, methods, head[1]))
		return false;
	if (memchr(methods, needed ? METHOD_PASSWORD : METHOD_NONE, head[1]))
		choice[1] = needed ? METHOD_PASSWORD : METHOD_NONE;
	if (!bytes_write(client, choice, 2) || choice[1] == METHOD_REFUSED)
		return false;
	return !needed || password_check(client);
}

static bool
address_read(int client, unsigned char type, char *host)
{
	unsigned char raw[16];

	if (type == ADDRESS_NAME)
		return string_read(client, host);
	if (type == ADDRESS_V4)
		return bytes_read(client, raw, 4) &&
		    inet_ntop(AF_INET, raw, host, 256);
	return type == ADDRESS_V6 && bytes_read(client, raw, 16) &&
	    inet_ntop(AF_INET6, raw, host, 256);
}

static void
reply(int client, unsigned char code)
{
	unsigned char text[10] = { 5, code, 0, ADDRESS_V4 };

	bytes_write(client, text, sizeof(text));
}

int
socks_negotiate(int client)
{
	unsigned char head[4], port[2];
	char host[256], target[300];
	int server;

	if (!method_agree(client)) {
		session_log("socks", "-", "refused");
		return -1;
	}
	if (!bytes_read(client, head, 4))
		return -1;
	if (!address_read(client, head[3], host) ||
	    !bytes_read(client, port, 2)) {
		reply(client, REPLY_ADDRESS);
		return -1;
	}
	if (head[1] != 1) {
		reply(client, REPLY_COMMAND);
		return -1;
	}
	snprintf(target, sizeof(target), "%s:%d", host,
	    port[0] << 8 | port[1]);
	server = target_dial(head[3] == ADDRESS_NAME ? "socks-name"
						     : "socks-address",
	    target);
	reply(client, server < 0 ? REPLY_REFUSED : REPLY_OK);
	return server;
}
