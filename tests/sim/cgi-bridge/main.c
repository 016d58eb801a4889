/* SPDX-License-Identifier: MIT */
/*
 * cgi-bridge PORT-FILE COMMAND [ARGUMENT...]: the least of a web server, which
 * starts COMMAND as CGI for each request, with what it got of the environment;
 * requests come as many at once as there are.
 */
#include <ctype.h>
#include <microhttpd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char **command;

struct request {
	FILE *body; /* without a name */
	size_t len;
};

struct variables {
	char *list[256];
	int count;
};

static void
put(struct variables *variables, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	if (!text || variables->count == 255)
		abort();
	snprintf(text, size, "%s=%s", name, value);
	variables->list[variables->count++] = text;
}

static enum MHD_Result
put_header(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	char upper[128] = "HTTP_";
	size_t i;

	(void)kind;
	for (i = 0; i < sizeof(upper) - 6 && name[i]; i++)
		upper[i + 5] = name[i] == '-'
		    ? '_'
		    : (char)toupper((unsigned char)name[i]);
	put(arg, upper, value ? value : "");
	return MHD_YES;
}

/* What the command says, NULL when it cannot be started. */
static char *
run(struct request *request, struct variables *variables)
{
	static const size_t most = 65536;
	posix_spawn_file_actions_t actions;
	char *said = calloc(1, most);
	size_t len = 0;
	int ends[2], status;
	ssize_t got;
	pid_t pid;

	if (!said || pipe(ends))
		abort();
	fflush(request->body);
	lseek(fileno(request->body), 0, SEEK_SET);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(request->body), 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	if (posix_spawnp(&pid, command[0], &actions, NULL, command,
		variables->list))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (pid > 0 && len < most - 1 &&
	    (got = read(ends[0], said + len, most - 1 - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return said;
}

static enum MHD_Result
answer(struct MHD_Connection *connection, char *said)
{
	const char *retry = strstr(said, "Retry-After: ");
	const char *end = strstr(said, "\r\n\r\n");
	char *body = strdup(end ? end + 4 : "no answer\n");
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(body), body,
		MHD_RESPMEM_MUST_FREE);
	unsigned status = end && !strncmp(said, "Status: ", 8)
	    ? (unsigned)atoi(said + 8)
	    : 502;
	char seconds[16];
	enum MHD_Result result;

	if (retry && end && retry < end) {
		snprintf(seconds, sizeof(seconds), "%d", atoi(retry + 13));
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
serve(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **context)
{
	struct request *request = *context;
	struct variables variables = { .count = 0 };
	enum MHD_Result result;
	char length[24], *said;
	int i;

	(void)arg;
	(void)version;
	if (!request) {
		request = *context = calloc(1, sizeof(*request));
		if (request)
			request->body = tmpfile();
		return request && request->body ? MHD_YES : MHD_NO;
	}
	if (*len) {
		request->len += fwrite(data, 1, *len, request->body);
		*len = 0;
		return MHD_YES;
	}
	for (i = 0; environ[i] && variables.count < 200; i++)
		variables.list[variables.count++] = strdup(environ[i]);
	snprintf(length, sizeof(length), "%zu", request->len);
	put(&variables, "REQUEST_METHOD", method);
	put(&variables, "REQUEST_URI", url);
	put(&variables, "CONTENT_LENGTH", length);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, put_header,
	    &variables);
	said = run(request, &variables);
	result = answer(connection, said);
	free(said);
	while (variables.count)
		free(variables.list[--variables.count]);
	return result;
}

static void
ended(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode how)
{
	struct request *request = *context;

	(void)arg;
	(void)connection;
	(void)how;
	if (request && request->body)
		fclose(request->body);
	free(request);
}

int
main(int argc, char **argv)
{
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon;
	char fresh[4096];
	FILE *file;

	if (argc < 3)
		return 64;
	command = argv + 2;
	signal(SIGPIPE, SIG_IGN);
	daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
		MHD_USE_INTERNAL_POLLING_THREAD,
	    0, NULL, NULL, serve, NULL, MHD_OPTION_NOTIFY_COMPLETED, ended,
	    NULL, MHD_OPTION_END);
	if (!daemon)
		return 1;
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	snprintf(fresh, sizeof(fresh), "%s.new", argv[1]);
	file = fopen(fresh, "we");
	if (!file || fprintf(file, "%u\n", info->port) < 0 || fclose(file) ||
	    rename(fresh, argv[1]))
		return 1;
	pause();
	MHD_stop_daemon(daemon);
	return 0;
}
