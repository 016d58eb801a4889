/* SPDX-License-Identifier: MIT */
/*
 * proxy-sim --http PORT | --socks PORT --port-file F [--auth USER:PASSWORD]
 *     [--mode ok|refuse407|freeze-after-tls|freeze|dead]
 *     [--map NAME=HOST:PORT]... [--log F]
 *
 * An HTTP proxy (CONNECT and absolute URLs) or a SOCKS5 one; port 0 is any.
 * Names in the map are known to the proxy alone.  The log has a line "KIND
 * TARGET RESULT" for each request: http, connect, socks-name, socks-address.
 */
#include <getopt.h>
#include <signal.h>

#include "fault/socket.h"
#include "session.h"

static enum mode
mode_parse(const char *name)
{
	static const char *const names[] = { "ok", "refuse407",
		"freeze-after-tls", "freeze", "dead" };
	int i;

	for (i = MODE_OK; i <= MODE_DEAD; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum mode)i;
	errx(64, "unknown mode '%s'", name);
}

static void
map_add(const char *entry)
{
	if (!strchr(entry, '=') || settings.map_count == 32)
		errx(64, "bad map '%s'", entry);
	settings.map[settings.map_count++] = entry;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "http", required_argument, NULL, 'h' },
		{ "socks", required_argument, NULL, 's' },
		{ "port-file", required_argument, NULL, 'p' },
		{ "auth", required_argument, NULL, 'a' },
		{ "mode", required_argument, NULL, 'm' },
		{ "map", required_argument, NULL, 'M' },
		{ "log", required_argument, NULL, 'l' }, { NULL, 0, NULL, 0 }
	};
	const char *port = NULL, *port_file = NULL;
	int o, listener;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'h':
			port = optarg;
			break;
		case 's':
			port = optarg;
			settings.socks = true;
			break;
		case 'p':
			port_file = optarg;
			break;
		case 'a':
			settings.auth = optarg;
			break;
		case 'm':
			settings.mode = mode_parse(optarg);
			break;
		case 'M':
			map_add(optarg);
			break;
		case 'l':
			settings.log = optarg;
			break;
		default:
			return 64;
		}
	if (!port || !port_file)
		errx(64, "--http or --socks, and --port-file are needed");
	signal(SIGPIPE, SIG_IGN);
	listener = socket_bind(port, settings.mode != MODE_DEAD);
	socket_port_write(listener, port_file);
	if (settings.mode == MODE_DEAD)
		pause();
	socket_serve(listener, session_serve);
}
