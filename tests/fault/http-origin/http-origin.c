/* SPDX-License-Identifier: MIT */
/*
 * http-origin --port-file F --log L [--answer BODY]
 *
 * The plainest HTTP/1.1 server: reads a request, writes one line "METHOD PATH
 * BODY-BYTES whole|partial" to L, answers 200 with BODY (64 bytes of text).
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>

#include "fault/socket.h"

#define HEAD_MAX 16384

static const char *log_path;
static const char *answer =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void
request_log(const char *head, long body, bool whole)
{
	char method[16] = "-", path[256] = "-";
	FILE *out;

	sscanf(head, "%15s %255s", method, path);
	pthread_mutex_lock(&log_lock);
	out = fopen(log_path, "ae");
	if (out) {
		fprintf(out, "%s %s %ld %s\n", method, path, body,
		    whole ? "whole" : "partial");
		fclose(out);
	}
	pthread_mutex_unlock(&log_lock);
}

/* Reads up to and including the empty line; false at the connection's end. */
static bool
head_read(FILE *in, char *head)
{
	size_t len = 0;

	head[0] = '\0';
	while (len < HEAD_MAX - 1 &&
	    fgets(head + len, (int)(HEAD_MAX - len), in)) {
		if (strcmp(head + len, "\r\n") == 0)
			return true;
		len += strlen(head + len);
	}
	return false;
}

static long
body_read(FILE *in, const char *head, bool *whole)
{
	const char *field = strcasestr(head, "\r\ncontent-length:");
	long want = field ? strtol(field + 17, NULL, 10) : 0, got = 0;

	while (got < want && getc(in) != EOF)
		got++;
	*whole = got == want;
	return got;
}

static void
client_serve(int fd)
{
	FILE *in = fdopen(fd, "r");
	char head[HEAD_MAX];
	bool whole = true;
	long body;

	while (in && whole) {
		if (!head_read(in, head)) {
			if (head[0] != '\0')
				request_log(head, 0, false);
			break;
		}
		body = body_read(in, head, &whole);
		request_log(head, body, whole);
		if (whole &&
		    dprintf(fd,
			"HTTP/1.1 200 OK\r\n"
			"Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n"
			"%s",
			strlen(answer), answer) < 0)
			break;
	}
	if (in)
		fclose(in);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port-file", required_argument, NULL, 'p' },
		{ "log", required_argument, NULL, 'l' },
		{ "answer", required_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 }
	};
	const char *port_file = NULL;
	int o, listener;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'p')
			port_file = optarg;
		else if (o == 'l')
			log_path = optarg;
		else if (o == 'a')
			answer = optarg;
		else
			return 64;
	}
	if (!port_file || !log_path)
		errx(64, "--port-file and --log are needed");
	signal(SIGPIPE, SIG_IGN);
	listener = socket_bind("0", true);
	socket_port_write(listener, port_file);
	socket_serve(listener, client_serve);
}
