/* SPDX-License-Identifier: MIT */
#include "ops/alert_command.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/host.h"
#include "net/http.h"

/* More of what it says is of no use in a message. */
#define ERRORS_MOST 200

/* Much output is no failure: a program may repeat what it reads. */
#define OUTPUT_MOST 65536

static enum outcome
read_end(const struct child_result *result, struct fault *fault)
{
	const char *said = result->errors.len > 0 ? result->errors.data : "";
	char *clean = utf8_clean(said, strcspn(said, "\n"));
	enum outcome out = OUT_OK;

	log_redact(clean);
	if (result->timed_out)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "LEADPIPE_ALERT_COMMAND did not end in time");
	else if (result->signal != 0)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "LEADPIPE_ALERT_COMMAND was killed by signal %d",
		    result->signal);
	else if (result->status != 0)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "LEADPIPE_ALERT_COMMAND ended with %d%s%s", result->status,
		    *clean ? ": " : "", clean);
	free(clean);
	return out;
}

enum outcome
alert_command(const struct config *config, const char *text, int64_t deadline,
    struct fault *fault)
{
	const char *command = config_get(config, "LEADPIPE_ALERT_COMMAND");
	const char *path = getenv("PATH"), *home = getenv("HOME");
	char *env[] = { mem_printf("PATH=%s",
			    path ? path : "/usr/local/bin:/usr/bin:/bin"),
		mem_printf("HOME=%s", home ? home : "/"),
		mem_dup("LANG=C.UTF-8"), NULL };
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	const struct child_spec spec = { .path = argv[0],
		.argv = argv,
		.env = (const char *const *)env,
		.input = text,
		.input_len = strlen(text),
		.max_output = OUTPUT_MOST,
		.max_errors = ERRORS_MOST,
		.deadline = deadline };
	struct child *child = NULL;
	enum outcome out = child_start(&child, &spec, fault);

	while (out == OUT_OK && !child_work(child)) {
		struct pollfd wait = { .fd = child_fd(child),
			.events = POLLIN };
		poll(&wait, 1, clock_left_ms(child_due(child)));
	}
	if (out == OUT_OK)
		out = read_end(child_result(child), fault);
	child_close(child);
	for (size_t i = 0; env[i] != NULL; i++)
		free(env[i]);
	return out;
}

enum outcome
alert_ping_check(const struct config *config, struct fault *fault)
{
	const char *at = config_get(config, "LEADPIPE_PING_URL");

	if (at == NULL || host_skip(&at, "https://") ||
	    host_skip(&at, "http://"))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "LEADPIPE_PING_URL is no http(s) URL (%s)",
	    config_origin(config, "LEADPIPE_PING_URL"));
}

enum outcome
alert_ping(const struct config *config, struct fault *fault)
{
	/* The proxies are those of Telegram and of the CRM. */
	const struct http_options options = { .peer =
						  "the heartbeat's service",
		.peer_setting = "LEADPIPE_PING_URL" };
	const struct http_request request = { .method = HTTP_GET,
		.url = config_get(config, "LEADPIPE_PING_URL"),
		.deadline = clock_mono_ms() + ALERT_PING_MS,
		.max_answer = 65536 };
	struct http_result result = { 0 };

	enum outcome out = alert_ping_check(config, fault);
	if (out != OUT_OK)
		return out;
	struct http *http = http_open(&options);
	http_finish(http, http_start(http, &request), &result);
	if (!result.answered)
		out = fault_set(fault, OUT_LATER, EXIT_LATER, "%s",
		    result.fault.text);
	else if (result.status / 100 != 2)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "the heartbeat's service answers HTTP %d", result.status);
	buf_release(&result.body);
	http_close(http);
	return out;
}
