/* SPDX-License-Identifier: MIT */
/*
 * telegram-sim: a Bot API server for tests, with the limits and the wording
 * of the real one. Shares nothing with the program it tests.
 *
 * Under /sim/ the test plays the people and the misfortunes; bodies are JSON:
 *
 *   POST say       chat, text [first_name username lang chat_type from
 *                  date_ms]: a message to the bot
 *   POST press     chat, text | data [force]: the newest button of that label
 *                  or data; "force" presses data that was never offered
 *   POST contact   chat [phone user_id]
 *   POST block, unblock   chat
 *   POST migrate   chat, to: a group becomes a supergroup
 *   POST raw       an update verbatim, also a broken one; its id is put in
 *   POST load      messages, seconds, chats, text, first_chat (1000000):
 *                  evenly spread arrivals; GET load: answered, median_ms ...
 *   POST fault     kind [method chat nth times effect ms retry_after
 *                  description]; times 0: for ever. Kinds: 429 500 502html
 *                  truncated reply_lost hang slow_headers 409 401 404
 *                  garbage redirect huge half_close reset drop_headers
 *                  drop_body error (status, description word for word,
 *                  migrate_to). "effect" says whether the method does
 *                  its work although the answer is spoilt
 *   POST restart_ids [next]   a week of silence: empty queue, other ids
 *   POST clock     offset_ms: the server's clock against the real one
 *   POST chats     from, to: these people have started the bot
 *   GET chats/ID   what the person sees, oldest first
 *   GET stats      requests by method, duplicates, files, problems
 *   POST reset     everything forgotten but the ids
 *
 * With --local a webhook may be of http and this machine, and updates are
 * brought to it; --webhook-retry MS: what it refuses comes again no later.
 */
#include "loop.h"
#include "server.h"
#include "sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static volatile int stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

int64_t
sim_now_ms(const struct sim *sim)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 +
	    sim->clock_offset_ms;
}

int64_t
sim_bot_id(const struct sim *sim)
{
	return strtoll(sim->settings.token, NULL, 10);
}

void
sim_write_bot(const struct sim *sim, struct text *out)
{
	text_fmt(out,
	    "{\"id\":%" PRId64 ",\"is_bot\":true,\"first_name\":"
	    "\"Simulated\",\"username\":\"simulated_bot\"}",
	    sim_bot_id(sim));
}

void
sim_reset(struct sim *sim)
{
	/* the poll that waits goes on waiting */
	struct call *waiting = sim->updates.waiting;
	int limit = sim->updates.waiting_limit;

	load_release(sim);
	webhook_release(sim);
	chats_release(&sim->chats);
	updates_release(&sim->updates);
	sim->updates.waiting = waiting;
	sim->updates.waiting_limit = limit;
	callback_release(sim);
	files_release(&sim->files);
	faults_release(&sim->faults);
	sim->flood_state = (struct flood){ 0 };
	sim->problems = 0;
	sim->clock_offset_ms = 0;
	json_object_clear(sim->counts);
}

static void
die(const char *what, const char *subject)
{
	fprintf(stderr, "telegram-sim: %s '%s'\n", what, subject);
	exit(1);
}

static char *
file_read(const char *path)
{
	struct text content = { 0 };
	char piece[4096];
	size_t len;
	FILE *file = fopen(path, "re");

	if (!file)
		die("cannot read", path);
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		text_add(&content, piece, len);
	fclose(file);
	return content.at;
}

enum {
	OPT_PORT = 1,
	OPT_PORT_FILE,
	OPT_RECORD,
	OPT_SPEC,
	OPT_TOKEN,
	OPT_LATENCY,
	OPT_TLS,
	OPT_QUIET,
	OPT_NO_VALIDATE,
	OPT_NO_QUIRKS,
	OPT_OPEN_CHATS,
	OPT_FLOOD,
	OPT_QUERY_LIFE,
	OPT_UPLOAD_RATE,
	OPT_LOCAL,
	OPT_RETRY
};

struct start {
	uint16_t port;
	const char *port_file;
	const char *spec;
	char *cert;
	char *key;
};

/* A simulator started again on its old record must not give out ids twice. */
static void
record_continue(struct sim *sim, const char *path)
{
	int64_t lines;

	if (!record_open(&sim->record, path, &lines))
		die("cannot write", path);
	sim->next_seq = lines;
	sim->next_message = lines * 10;
	sim->updates.next_id += lines;
}

static void
option_take(struct sim *sim, struct start *start, int option, char **argv)
{
	struct settings *settings = &sim->settings;

	switch (option) {
	case OPT_PORT:
		start->port = (uint16_t)atoi(optarg);
		break;
	case OPT_PORT_FILE:
		start->port_file = optarg;
		break;
	case OPT_RECORD:
		record_continue(sim, optarg);
		break;
	case OPT_SPEC:
		start->spec = optarg;
		break;
	case OPT_TOKEN:
		settings->token = optarg;
		break;
	case OPT_LATENCY:
		settings->latency_us = (int64_t)(atof(optarg) * 1000);
		break;
	case OPT_TLS:
		if (!argv[optind])
			die("no key after", optarg);
		start->cert = file_read(optarg);
		start->key = file_read(argv[optind++]);
		break;
	case OPT_QUIET:
		settings->quiet = true;
		break;
	case OPT_NO_VALIDATE:
		settings->validate = false;
		break;
	case OPT_NO_QUIRKS:
		settings->quirks = false;
		break;
	case OPT_OPEN_CHATS:
		settings->open_chats = true;
		break;
	case OPT_FLOOD:
		settings->flood = true;
		break;
	case OPT_QUERY_LIFE:
		settings->query_life_ms = atoll(optarg) * 1000;
		break;
	case OPT_LOCAL:
		settings->local = true;
		break;
	case OPT_RETRY:
		settings->retry_ms = atoll(optarg);
		break;
	case OPT_UPLOAD_RATE:
		settings->upload_rate = atoll(optarg);
		break;
	default:
		exit(64);
	}
}

static void
options_read(struct sim *sim, struct start *start, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, OPT_PORT },
		{ "port-file", 1, NULL, OPT_PORT_FILE },
		{ "record", 1, NULL, OPT_RECORD },
		{ "spec", 1, NULL, OPT_SPEC }, { "token", 1, NULL, OPT_TOKEN },
		{ "latency", 1, NULL, OPT_LATENCY },
		{ "tls", 1, NULL, OPT_TLS }, { "quiet", 0, NULL, OPT_QUIET },
		{ "no-validate", 0, NULL, OPT_NO_VALIDATE },
		{ "no-quirks", 0, NULL, OPT_NO_QUIRKS },
		{ "open-chats", 0, NULL, OPT_OPEN_CHATS },
		{ "flood", 0, NULL, OPT_FLOOD },
		{ "query-life", 1, NULL, OPT_QUERY_LIFE },
		{ "upload-rate", 1, NULL, OPT_UPLOAD_RATE },
		{ "local", 0, NULL, OPT_LOCAL },
		{ "webhook-retry", 1, NULL, OPT_RETRY },
		{ NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		option_take(sim, start, option, argv);
	if (optind < argc)
		die("what is", argv[optind]);
}

static void
process_prepare(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct rlimit files;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	static struct sim sim;
	struct start start = { 0 };
	static struct MHD_Daemon *daemon;

	sim.settings = (struct settings){ .token = "123456:TEST-TOKEN",
		.query_life_ms = 15000,
		.validate = true,
		.quirks = true };
	sim.updates.next_id = 700000001;
	process_prepare();
	options_read(&sim, &start, argc, argv);
	sim.counts = json_object();
	if (sim.settings.validate && start.spec)
		sim.spec = json_load_file(start.spec, 0, NULL);
	if (sim.settings.validate && start.spec && !sim.spec)
		die("no specification in", start.spec);
	sim.settings.validate = sim.spec != NULL;
	daemon = server_start(&sim, start.port, start.cert, start.key);
	if (!daemon)
		die("cannot serve on", "127.0.0.1");
	if (start.port_file &&
	    !loop_port_write(start.port_file, loop_port(daemon)))
		die("cannot write", start.port_file);
	if (!sim.settings.quiet)
		fprintf(stderr, "telegram-sim: http%s://127.0.0.1:%u\n",
		    start.cert ? "s" : "", loop_port(daemon));
	loop_run(daemon, &sim.timers, &stop);
	sim_reset(&sim);
	record_close(&sim.record);
	return 0;
}
