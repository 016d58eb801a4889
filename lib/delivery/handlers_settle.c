/* SPDX-License-Identifier: MIT */
/*
 * Handlers that ended: the flow goes on.
 */
#include <string.h>

#include "base/log.h"
#include "delivery/bench.h"

/* Of what it says on stderr. */
#define ERROR_LINES 20

/* What it wrote on stderr is for who wrote it: always when it failed, else
 * when somebody wants to know. */
static void
log_errors(const struct bench *bench)
{
	const struct child_result *result = child_result(bench->child);
	bool well = result->status == 0 && !result->timed_out;
	char *line, *rest = result->errors.data;

	for (int left = ERROR_LINES;
	     left > 0 && (line = rest ? strsep(&rest, "\n") : NULL) != NULL;
	     left--)
		if (*line != '\0') {
			log_mask(line);
			log_event(well ? LOG_INFO : LOG_WARNING,
			    "handler_said", "exec=%lld chat=%lld text=%s",
			    (long long)bench->exec.id,
			    (long long)bench->exec.chat_id, log_quote(line));
		}
}

static enum outcome
settle_one(struct handlers *h, struct bench *bench, int64_t now,
    struct fault *fault)
{
	if (bench->child != NULL && !bench->logged)
		log_errors(bench);
	bench->logged = true;
	return turn_exec_end(h->turn, &bench->exec, h->worker,
	    bench->child ? child_result(bench->child) : NULL, &bench->end, now,
	    fault);
}

/* To be put back is no step that could kill. */
static bool
is_suspect(const struct bench *bench)
{
	return bench->phase == BENCH_ENDED && bench->exec.crashes > 0 &&
	    bench->end.verdict != HANDLER_BACK;
}

static struct bench *
find_suspect(const struct handlers *h)
{
	for (int i = 0; i < h->count; i++)
		if (is_suspect(&h->benches[i]))
			return &h->benches[i];
	return NULL;
}

bool
handlers_have_suspect(const struct handlers *h)
{
	return find_suspect(h) != NULL;
}

enum outcome
handlers_try(struct handlers *h, struct fault *fault)
{
	struct bench *bench = find_suspect(h);

	if (bench->tried)
		return OUT_OK;
	enum outcome out = execs_try(h->db, &bench->exec, h->worker, fault);
	bench->tried = out == OUT_OK;
	return out;
}

enum outcome
handlers_settle_alone(struct handlers *h, int64_t now, struct fault *fault)
{
	struct bench *bench = find_suspect(h);
	enum outcome out = settle_one(h, bench, now, fault);

	bench->phase = BENCH_SETTLED;
	return out;
}

enum outcome
handlers_settle(struct handlers *h, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < h->count && out == OUT_OK; i++) {
		if (h->benches[i].phase != BENCH_ENDED ||
		    is_suspect(&h->benches[i]))
			continue;
		out = settle_one(h, &h->benches[i], now, fault);
		h->benches[i].phase = BENCH_SETTLED;
	}
	return out;
}
