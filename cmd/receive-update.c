/* SPDX-License-Identifier: MIT */
/* needs: base net store shared telegram crm ops */
/*
 * Receive an update by webhook, as CGI of a web server.  It is accepted when
 * 200 is answered, and that comes only after the commit.
 *
 * Telegram takes any 2xx for "delivered" and drops the update; 410 for a day
 * would even end the webhook.  After anything else it repeats the update, in
 * the order of its chat and honouring Retry-After, until the update is a day
 * old (a press: 150 s).  So 200 is said of nothing that is not stored: neither
 * of what is damaged on its way (400), nor when our secret and Telegram's
 * differ (403), nor when we are not set up (503): all of it comes again, and
 * somebody can mend it meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "ops/cgi.h"
#include "ops/webhook.h"

/* An update has 512 KiB at most. */
#define BODY_MAX (1 << 20)

/* Telegram gives each request a connection, and has 40 of them. */
#define BODY_MS 5000
#define STORE_MS 3000
#define LIFE_MS 12000

/* Somebody else has the database; and anything else, which a person mends. */
#define RETRY_BUSY_S 5
#define RETRY_S 60

static const struct opt options[] = { OPT_END };

static const struct opt_command command = {
	.name = "receive-update",
	.synopsis = "[FILE]",
	.summary = "Receives an update from Telegram by webhook, as CGI of a "
		   "web server.",
	.details =
	    "200 says: stored for good. Whatever is not stored is answered "
	    "otherwise, and\nTelegram brings it again: 403 when the request "
	    "does not hold\nTELEGRAM_WEBHOOK_SECRET, 503 when it cannot be "
	    "stored now or more than\nLEADPIPE_WEBHOOK_PER_MINUTE (1000; 0: "
	    "any number) came within a minute.\npoll-updates answers the "
	    "people; set-webhook tells Telegram where this is.\n\n"
	    "With FILE the update in it is stored, without a web server; "
	    "--json: schema,\nupdate_id, added.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static void
answer(int status, int64_t retry_s, const char *text)
{
	struct buf out = BUF_INIT(4096);

	cgi_answer_add(&out, status, retry_s, text);
	fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
	/* The web server waits for it, not for our end. */
	fflush(stdout);
	stop_hard_say(STDERR_FILENO,
	    "leadpipe receive-update: hard lifetime reached after the "
	    "answer\n",
	    EXIT_LATER);
}

/* Who asks learns nothing of our surroundings; the web server's log does. */
static void
answer_outcome(enum outcome out, const struct fault *fault)
{
	int64_t retry_s = RETRY_S;

	if (fault->retry_ms > 0)
		retry_s = (fault->retry_ms + 999) / 1000;
	else if (fault->code == EXIT_LATER)
		retry_s = RETRY_BUSY_S;
	if (out == OUT_OK)
		answer(200, 0, "ok");
	else if (fault->code == EXIT_INPUT)
		answer(400, 0, cgi_reason(400));
	else
		answer(503, retry_s, "not stored: try again later");
}

struct stored {
	int64_t update_id;
	bool fresh;
};

static enum outcome
store(struct run *run, const struct buf *body, int64_t most, int64_t deadline,
    struct stored *stored)
{
	enum outcome out =
	    webhook_parse(body, &stored->update_id, &run->fault);

	if (out == OUT_OK)
		out = webhook_store(run, body, stored->update_id, most,
		    deadline, &stored->fresh);
	if (out == OUT_OK)
		log_event(LOG_INFO,
		    stored->fresh ? "update_stored" : "update_known",
		    "update=%lld bytes=%zu", (long long)stored->update_id,
		    body->len);
	return out;
}

/* --- a web server asks */

/* The status to refuse it with before anything is opened, 0: none. */
static int
refusal(const struct webhook *webhook)
{
	if (!cgi_is_post())
		return 405;
	return webhook_knows(webhook,
		   getenv("HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN"))
	    ? 0
	    : 403;
}

static void
refuse(struct run *run, int status)
{
	(void)fault_set(&run->fault, OUT_NEVER,
	    status == 403 ? EXIT_PERMISSION : EXIT_INPUT,
	    "a request is refused: %s%s", cgi_reason(status),
	    status == 403 ? ", it does not hold TELEGRAM_WEBHOOK_SECRET; when "
			    "it is Telegram's, 'leadpipe set-webhook' again"
			  : "");
	cgi_drain();
	answer(status, 0, cgi_reason(status));
}

static enum outcome
take(struct run *run, const struct webhook *webhook, const struct buf *body)
{
	int64_t most, deadline = clock_mono_ms() + STORE_MS;
	struct stored stored;
	/* Made by set-webhook: a web server of another user would make a
	 * second one, at its own home. */
	enum outcome out = run_open_db_by(run, DB_WRITE, deadline);

	if (out != OUT_OK && run->fault.code == EXIT_PERMISSION)
		log_warning("this is user %lu; the web server has to start "
			    "receive-update as the user of poll-updates",
		    (unsigned long)geteuid());
	if (out == OUT_OK)
		out = webhook_admit(run, webhook, &most);
	return out == OUT_OK ? store(run, body, most, deadline, &stored) : out;
}

static void
serve(struct run *run)
{
	struct buf body = BUF_INIT(BODY_MAX);
	struct webhook webhook;
	int status;

	stop_hard_say(STDOUT_FILENO,
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Type: text/plain\r\nRetry-After: 5\r\n\r\n"
	    "not stored: try again later\n",
	    EXIT_LATER);
	enum outcome out = run_begin_bare(run, &command, LIFE_MS);
	if (out == OUT_OK)
		out = webhook_read(run->config, true, &webhook, &run->fault);
	if (out != OUT_OK) {
		cgi_drain();
		answer_outcome(out, &run->fault);
		return;
	}
	status = refusal(&webhook);
	if (status == 0)
		status = cgi_read(&body, clock_mono_ms() + BODY_MS);
	if (status != 0) {
		refuse(run, status);
	} else {
		out = take(run, &webhook, &body);
		answer_outcome(out, &run->fault);
	}
	buf_release(&body);
}

/* --- by hand */

static enum outcome
read_file(const char *path, struct buf *body, struct fault *fault)
{
	char piece[16384];
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool fits = true;

	while (fd >= 0 && fits && (got = read(fd, piece, sizeof(piece))) > 0)
		fits = buf_add(body, piece, (size_t)got);
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (fd < 0 || got < 0)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "cannot read '%s': %s", path, strerror(error));
	if (!fits)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is larger than %d bytes", path, BODY_MAX);
	return OUT_OK;
}

static void
take_file(struct run *run, const char *path)
{
	struct buf body = BUF_INIT(BODY_MAX);
	struct stored stored;

	if (run_begin(run, &command, DB_WRITE, LIFE_MS) != OUT_OK ||
	    read_file(path, &body, &run->fault) != OUT_OK ||
	    store(run, &body, 0, clock_mono_ms() + STORE_MS, &stored) !=
		OUT_OK) {
		buf_release(&body);
		return;
	}
	if (run->shared.json)
		printf("{\"schema\":1,\"update_id\":%lld,\"added\":%s}\n",
		    (long long)stored.update_id,
		    stored.fresh ? "true" : "false");
	else
		puts("ok");
	buf_release(&body);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;

	if (cgi_arguments_are_foreign(argc, argv)) {
		answer(400, 0, cgi_reason(400));
		return EXIT_USAGE;
	}
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	if (argv[first] != NULL)
		take_file(&run, argv[first]);
	else if (cgi_is_asked())
		serve(&run);
	else
		opt_usage(&command,
		    "a web server starts it, or give FILE; 'leadpipe "
		    "set-webhook' tells Telegram where it is");
	return run_end(&run, false, NULL);
}
