/* SPDX-License-Identifier: MIT */
/*
 * crm-sim: amoCRM, a Bitrix24 portal and a receiver of webhooks for tests,
 * with the limits, the wording and the misfortunes of the real ones. Shares
 * nothing with the program it tests. All three answer on one port:
 *
 *   /oauth2/..., /api/v4/...       amoCRM; tokens from GET /sim/tokens
 *   /rest/1/CODE/method.json       Bitrix24
 *   /hook                          Standard Webhooks, Idempotency-Key
 *
 * Under /sim/ the test plays the managers and the misfortunes; bodies are
 * JSON:
 *
 *   POST fault     kind [verb, path: a part of it; nth, times (0: for ever),
 *                  probability, effect, ms, retry_after, header, item, field,
 *                  code, status, type, body]. Kinds: fault.h; "effect" says
 *                  whether the work is done although the answer is spoilt
 *   POST chaos     seed, probability, kinds [reads verb path ms retry_after]:
 *                  any of these at random (for a GET with the probability
 *                  "reads"); for 5xx also whether the work is done
 *   POST calm      neither rules nor chaos any more
 *   POST clock     [scale] [ahead_ms]: delays, index lag, lives of tokens
 *   POST set       any of latency_ms, lag_ms (searches see new things at
 *                  most that late), unfiltered (filter[...] does nothing),
 *                  amocrm_per_second, ban_after, banned,
 *                  bitrix24_per_second, bitrix24_burst, access_life_s
 *   GET tokens     all that opens a door; POST tokens: access, refresh: that
 *                  pair, the access token expired
 *   POST code      a new authorization code
 *   POST revoke    what: long_lived access refresh all bitrix24
 *   POST rename    subdomain: http://SUBDOMAIN.localhost:PORT answers then
 *   POST field     remove: the id of a lead's field
 *   POST stage     lead | mark, status_id [pipeline_id]: a manager moves it
 *   POST person    a contact, as the API takes it, that was there before
 *   GET leads      NDJSON: crm, id, seq (of the request that made it), marks
 *                  (its words of eight letters and digits or more), data
 *   GET contacts, notes   likewise
 *   GET stats      requests by verb and path, and what there is
 *   POST reset     leads, people, faults and counts are forgotten
 */
#include "server.h"
#include "sim.h"

#include "sim/telegram-sim/loop.h"

#include <getopt.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile int stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

void
sim_reset(struct sim *sim)
{
	amo_reset(sim);
	bitrix_reset(&sim->bitrix);
	hook_reset(&sim->hook);
	faults_release(&sim->faults);
	json_object_clear(sim->counts);
}

static void
die(const char *what, const char *subject)
{
	fprintf(stderr, "crm-sim: %s '%s'\n", what, subject);
	exit(1);
}

struct start {
	uint16_t port;
	const char *port_file;
};

static void
option_take(struct sim *sim, struct start *start, int option)
{
	switch (option) {
	case 'p':
		start->port = (uint16_t)atoi(optarg);
		break;
	case 'f':
		start->port_file = optarg;
		break;
	case 'r':
		if (!record_open(&sim->record, optarg))
			die("cannot write", optarg);
		break;
	case 'l':
		sim->latency_us = (int64_t)(atof(optarg) * 1000);
		break;
	case 'a':
		sim->amo.limit = atoll(optarg);
		break;
	case 'b':
		sim->bitrix.per_second = atof(optarg);
		break;
	case 's':
		chance_seed(&sim->chance, strtoull(optarg, NULL, 10));
		break;
	case 'e':
		sim->amo.english = true;
		break;
	case 'q':
		sim->quiet = true;
		break;
	default:
		exit(64);
	}
}

static void
options_read(struct sim *sim, struct start *start, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' },
		{ "port-file", 1, NULL, 'f' }, { "record", 1, NULL, 'r' },
		{ "latency", 1, NULL, 'l' },
		{ "amocrm-per-second", 1, NULL, 'a' },
		{ "bitrix24-per-second", 1, NULL, 'b' },
		{ "seed", 1, NULL, 's' }, { "english", 0, NULL, 'e' },
		{ "quiet", 0, NULL, 'q' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		option_take(sim, start, option);
	if (optind < argc)
		die("what is", argv[optind]);
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct sim sim;
	static struct MHD_Daemon *daemon;
	struct start start = { 0 };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sim.amo.limit = 7;
	sim.amo.ban_after = 30;
	bitrix_start(&sim.bitrix);
	hook_start(&sim.hook);
	options_read(&sim, &start, argc, argv);
	sim.counts = json_object();
	span_start(&sim.span);
	amo_start(&sim);
	daemon = server_start(&sim, start.port);
	if (!daemon)
		die("cannot serve on", "127.0.0.1");
	if (start.port_file &&
	    !loop_port_write(start.port_file, loop_port(daemon)))
		die("cannot write", start.port_file);
	if (!sim.quiet)
		fprintf(stderr, "crm-sim: http://127.0.0.1:%u\n",
		    loop_port(daemon));
	loop_run(daemon, &sim.timers, &stop);
	sim_reset(&sim);
	record_close(&sim.record);
	return 0;
}
