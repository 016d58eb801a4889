/* SPDX-License-Identifier: MIT */
/*
 * The beginning and the end of a sync: what it needs, and why it did not get
 * anywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/plural.h"
#include "base/stop.h"
#include "crm/sync_line.h"

struct sync *
sync_open(const struct sync_options *options)
{
	struct sync *sync = mem_alloc(sizeof *sync);
	int64_t now = clock_mono_ms();

	sync->options = *options;
	sync->end = options->started +
	    (options->for_ms > 0 ? options->for_ms : SYNC_PASS_MS);
	sync->hard_end = (sync->end > now ? sync->end : now) + SYNC_GRACE_MS;
	sync->waker = -1;
	stop_install();
	stop_hard_at(sync->hard_end);
	sync_lines_open(sync);
	return sync;
}

void
sync_close(struct sync *sync)
{
	if (sync == NULL)
		return;
	for (size_t i = 0; i < sync->line_count; i++) {
		for (int j = 0; j < LINE_JOBS; j++)
			job_free(&sync->lines[i].jobs[j]);
		crm_close(sync->lines[i].crm);
	}
	http_close(sync->http);
	if (sync->waker >= 0)
		close(sync->waker);
	free(sync->lines);
	free(sync);
}

enum outcome
sync_open_network(struct sync *sync, struct fault *fault)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct http_options options = { .peer = "the CRM",
		.peer_setting = "the CRM's address" };
	enum outcome out = http_options_read(&options, sync->options.config,
	    "CRM_PROXY", fault);

	if (out != OUT_OK)
		return out;
	sync->http = http_open(&options);
	sync->waker = epoll_create1(EPOLL_CLOEXEC);
	if (sync->waker < 0 ||
	    epoll_ctl(sync->waker, EPOLL_CTL_ADD, stop_fd(), &event) < 0)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "cannot watch several things at once: %s",
		    strerror(errno));
	return OUT_OK;
}

/* Leads that wait for a CRM which is not there. */
static void
check_missing(struct sync *sync)
{
	char after[64] = "";
	const char *name;
	struct fault fault;

	while (sync->refused.what == OUT_OK &&
	    leads_crm(sync->options.db, after, &name)) {
		bool known = false;

		snprintf(after, sizeof after, "%s", name);
		for (size_t i = 0; i < sync->line_count; i++)
			known = known ||
			    strcmp(sync->lines[i].scope.crm, after) == 0;
		if (known)
			continue;
		int64_t waiting = leads_waiting(sync->options.db, after);

		fault_set(&fault, OUT_NEVER, EXIT_CONFIG,
		    "%lld lead%s wait%s for %s, which is not configured; "
		    "'leadpipe check-config' says what it needs",
		    (long long)waiting, plural(waiting),
		    waiting == 1 ? "s" : "", after);
		sync->refused = fault;
	}
}

/* What keeps the leads of LINE from being sent, also when it was found out by
 * somebody else. */
static enum outcome
line_trouble(const struct sync_line *line, struct fault *fault)
{
	const struct breaker *b = &line->breaker;
	bool mine = b->kind == BREAKER_REAUTH;

	if (line->trouble.what != OUT_OK) {
		/* One call of many that failed is no trouble. */
		if (line->answered && line->trouble.what == OUT_LATER &&
		    b->kind == BREAKER_FAILING)
			return OUT_OK;
		*fault = line->trouble;
		return fault->what;
	}
	if (line->answered || b->open_until <= clock_wall_ms() ||
	    leads_next(line->sync->options.db, &line->scope) == CLOCK_NEVER)
		return OUT_OK;
	return fault_set(fault, mine ? OUT_NEVER : OUT_LATER,
	    mine ? EXIT_PERMISSION : EXIT_LATER, "%s; the leads wait",
	    b->reason);
}

/* Why a CRM got nothing in this run. */
enum outcome
sync_reached(struct sync *sync, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (size_t i = 0; i < sync->line_count && out == OUT_OK; i++)
		out = line_trouble(&sync->lines[i], fault);
	check_missing(sync);
	if (out == OUT_OK && sync->refused.what != OUT_OK) {
		*fault = sync->refused;
		out = fault->what;
	}
	return out;
}
