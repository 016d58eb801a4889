/* SPDX-License-Identifier: MIT */
#include "delivery/poller_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/retry.h"
#include "store/journal_item.h"
#include "store/meta.h"
#include "store/updates.h"
#include "telegram/answer.h"
#include "telegram/update.h"

/* A proxy or an emulator may answer an empty array at once. */
#define EMPTY_PAUSE_MS 1000

struct poller *
poller_open(struct db *db, struct telegram *telegram, FILE *print)
{
	struct poller *p = mem_alloc(sizeof *p);

	p->db = db;
	p->telegram = telegram;
	p->print = print;
	p->offset = meta_int(db, META_OFFSET, 0);
	p->seen = p->oldest = updates_newest(db);
	return p;
}

void
poller_expect(struct poller *p, bool webhook)
{
	p->may_hook = webhook;
	poller_hook(p);
}

void
poller_keep(struct poller *p, const struct journal *journal)
{
	p->journal = journal->dir != NULL ? journal : NULL;
}

/* What is not kept is not confirmed: Telegram has it for another day. */
static void
note_unkept(struct poller *p, const struct fault *why)
{
	p->report.stopped = p->report.unkept = true;
	p->report.fault = *why;
	log_event(LOG_INFO, "poll_failed", "stat=%s", log_quote(why->text));
}

void
poller_close(struct poller *p)
{
	if (p == NULL)
		return;
	poller_cancel(p);
	http_call_free(p->answer);
	for (int i = 0; i < p->press_count; i++)
		free(p->presses[i].callback_id);
	free(p);
}

bool
poller_busy(const struct poller *p)
{
	return p->call != NULL || p->answer != NULL;
}

int64_t
poller_ready_at(const struct poller *p)
{
	return p->ready_at;
}

void
poller_start(struct poller *p, int64_t timeout_s)
{
	char params[256], offset[48] = "";
	struct fault fault;

	if (p->journal && journal_check(p->journal, &fault) != OUT_OK) {
		note_unkept(p, &fault);
		return;
	}
	if (p->offset != 0)
		snprintf(offset, sizeof offset, "\"offset\":%" PRId64 ",",
		    p->offset);
	snprintf(params, sizeof params,
	    "{%s\"limit\":%d,\"timeout\":%" PRId64
	    ",\"allowed_updates\":" UPDATE_KINDS "}",
	    offset, POLLER_BATCH, timeout_s);
	p->inquires = p->hooked && !p->doubt;
	if (p->inquires)
		timeout_s = 0;
	const struct telegram_request request = {
		.method = p->inquires ? METHOD_GET_WEBHOOK_INFO
				      : METHOD_GET_UPDATES,
		.params = p->inquires ? NULL : params,
		.deadline = clock_mono_ms() + timeout_s * 1000 + 10000,
		.tag = POLLER_TAG,
	};
	p->started_at = clock_mono_ms();
	p->timeout_ms = timeout_s * 1000;
	p->call = telegram_start(p->telegram, &request);
}

void
poller_cancel(struct poller *p)
{
	if (p->call != NULL) {
		p->overdue = clock_mono_ms() >= p->started_at + p->timeout_ms;
		http_cancel(p->call);
	}
	p->call = NULL;
}

void
poller_take(struct poller *p, struct http_call *call)
{
	p->call = NULL;
	p->answer = call;
	p->peeked = p->copied = false;
}

bool
poller_has_answer(const struct poller *p)
{
	return p->answer != NULL;
}

const struct poller_report *
poller_report(const struct poller *p)
{
	return &p->report;
}

void
poller_peek(struct poller *p)
{
	struct json_slice updates, raw;
	struct answer answer;
	size_t pos = 0;

	if (p->peeked || p->answer == NULL)
		return;
	p->peeked = true;
	if (!answer_updates(http_call_result(p->answer), &updates, &answer))
		return;
	while (json_element(updates, &pos, &raw, NULL))
		poller_remember(p, raw, clock_mono_ms());
}

static enum outcome
store_one(struct poller *p, struct json_slice raw, int64_t now,
    struct fault *fault)
{
	struct json_slice id;
	int64_t update_id, row;
	bool fresh;

	if (!json_member(raw, "update_id", &id) || !json_int(id, &update_id)) {
		log_warning("Telegram sent an update without an id; it is "
			    "passed over");
		return OUT_OK;
	}
	enum outcome out = updates_add(p->db, update_id, raw.at, raw.len, now,
	    &row, &fresh, fault);
	if (out != OUT_OK)
		return out;
	p->next_offset = update_id + 1;
	if (fresh && p->fresh_count < POLLER_BATCH) {
		p->fresh[p->fresh_count] = row;
		p->fresh_raw[p->fresh_count++] = raw;
	}
	return OUT_OK;
}

/* That polling is refused outlives this run, since when counts; the next good
 * answer ends it. */
static enum outcome
record_refusal(struct poller *p, int64_t now, struct fault *fault)
{
	const char *why = p->report.stopped ? p->report.fault.text : NULL;
	int64_t since = meta_int(p->db, META_POLL_FAULT_AT, 0);
	enum outcome out = OUT_OK;

	if (why == NULL && since == 0)
		return OUT_OK;
	if (why == NULL || since == 0)
		out = meta_set_int(p->db, META_POLL_FAULT_AT, why ? now : 0,
		    fault);
	if (out == OUT_OK)
		out = meta_set_text(p->db, META_POLL_FAULT, why, fault);
	return out;
}

static void
note_failure(struct poller *p, const struct answer *answer)
{
	int64_t wait = answer->retry_ms;

	++p->failures;
	if (wait == 0)
		wait = retry_wait_ms(&retry_telegram, p->failures);
	p->ready_at = clock_mono_ms() + wait;
	p->report.stopped = answer->verdict == VERDICT_CONFIG;
	/* Once may have been a poller that is just ending elsewhere. */
	if (answer->rival == RIVAL_POLLER && p->failures < 2)
		p->report.stopped = false;
	fault_set(&p->report.fault, p->report.stopped ? OUT_NEVER : OUT_LATER,
	    p->report.stopped ? answer->code : EXIT_LATER, "%s", answer->text);
	log_event(LOG_DEBUG, "poll_failed", "status=%d text=%s",
	    answer->status, log_quote(answer->text));
	log_service("telegram", false, "status=%d text=%s", answer->status,
	    log_quote(answer->text));
	http_call_free(p->answer);
	p->answer = NULL;
}

#ifdef LEADPIPE_TEST_CONFIRM_FIRST
/*
 * make CPPFLAGS=-DLEADPIPE_TEST_CONFIRM_FIRST builds what the kill sweep must
 * find: the offset leaves before the commit.
 */
static void
confirm_first(struct poller *p)
{
	p->offset = p->next_offset;
	poller_start(p, 0);
	http_run(telegram_http(p->telegram), clock_mono_ms() + 1000, -1);
}
#endif

static enum outcome
record_poll(struct poller *p, int64_t now, struct fault *fault)
{
	int64_t before = meta_int(p->db, META_POLL_AT, now);
	bool changed;
	enum outcome out = poller_unhook(p, now, &changed, fault);

	/* A webhook brought them meanwhile. */
	p->lost_presses = !changed && now - before > POLLER_PRESS_MS;
	if (out == OUT_OK && p->lost_presses)
		out = meta_set_int(p->db, META_OUTAGE, before, fault);
	return out == OUT_OK ? meta_set_int(p->db, META_POLL_AT, now, fault)
			     : out;
}

static bool
is_good(struct poller *p, struct json_slice *updates, struct answer *answer)
{
	const struct http_result *result = http_call_result(p->answer);

	if (!p->inquires)
		return answer_updates(result, updates, answer);
	answer_read(METHOD_GET_WEBHOOK_INFO, result, answer);
	return answer->verdict == VERDICT_OK;
}

enum outcome
poller_store(struct poller *p, int64_t now, struct fault *fault)
{
	struct json_slice updates, raw;
	struct answer answer = { 0 };
	size_t pos = 0;
	bool broken = false;
	enum outcome out = OUT_OK;

	p->fresh_count = 0;
	p->next_offset = 0;
	if (!is_good(p, &updates, &answer)) {
		if (answer.rival == RIVAL_WEBHOOK && p->may_hook)
			return poller_hooked(p, now, fault);
		note_failure(p, &answer);
		return p->report.stopped ? record_refusal(p, now, fault)
					 : OUT_OK;
	}
	if (p->inquires)
		return poller_informed(p, now, fault);
	while (out == OUT_OK && json_element(updates, &pos, &raw, &broken))
		out = store_one(p, raw, now, fault);
	if (broken && p->next_offset == 0) {
		answer = (struct answer){ .verdict = VERDICT_RETRY,
			.text = "the answer of getUpdates is damaged" };
		note_failure(p, &answer);
		return out;
	}
	if (broken)
		log_warning("the answer of getUpdates is damaged; what was "
			    "whole is stored");
	p->empty = p->next_offset == 0;
#ifdef LEADPIPE_TEST_CONFIRM_FIRST
	if (!p->empty)
		confirm_first(p);
#endif
	if (out == OUT_OK && !p->empty)
		out = meta_set_int(p->db, META_OFFSET, p->next_offset, fault);
	if (out == OUT_OK)
		out = record_poll(p, now, fault);
	if (out == OUT_OK)
		out = record_refusal(p, now, fault);
	return out;
}

void
poller_print(struct poller *p, struct json_slice raw)
{
	for (size_t i = 0; i < raw.len; i++)
		putc(raw.at[i] == '\n' || raw.at[i] == '\r' ? ' ' : raw.at[i],
		    p->print);
	putc('\n', p->print);
}

bool
poller_copy(struct poller *p)
{
	struct json_slice updates;
	struct answer answer;
	struct fault fault;

	if (p->journal == NULL || p->copied ||
	    !answer_updates(http_call_result(p->answer), &updates, &answer))
		return true;
	p->copied = journal_updates(p->journal, updates, clock_wall_ms(),
			&fault) == OUT_OK;
	if (p->copied)
		return true;
	note_unkept(p, &fault);
	http_call_free(p->answer);
	p->answer = NULL;
	return false;
}

void
poller_stored(struct poller *p)
{
	int64_t mono = clock_mono_ms();
	/* Some emulators do not care for the offset. */
	bool deaf = !p->empty && p->fresh_count == 0 &&
	    p->next_offset == p->offset;

	if (p->answer == NULL) /* it was a failure */
		return;
	log_service("telegram", true, NULL);
	for (int i = 0; i < p->fresh_count; i++) {
		if (!p->peeked)
			poller_remember(p, p->fresh_raw[i], mono);
		if (p->print != NULL)
			poller_print(p, p->fresh_raw[i]);
		poller_pass(p, p->fresh[i]);
	}
	if (p->print != NULL)
		fflush(p->print);
	if (p->fresh_count > 0)
		log_event(LOG_INFO, "updates_stored", "count=%d offset=%lld",
		    p->fresh_count, (long long)p->next_offset);
	if (deaf)
		log_warning("getUpdates repeats what was confirmed; does "
			    "TELEGRAM_API_ROOT name a Bot API server?");
	p->report.received += p->fresh_count;
	p->report.outages += p->lost_presses;
	p->lost_presses = false;
	p->report.drained = p->empty || deaf;
	p->report.worked = true;
	p->failures = 0;
	if (p->report.drained && mono - p->started_at < EMPTY_PAUSE_MS)
		p->ready_at = p->started_at + EMPTY_PAUSE_MS;
	if (!p->empty)
		p->offset = p->next_offset;
	p->fresh_count = 0;
	http_call_free(p->answer);
	p->answer = NULL;
}

enum outcome
poller_reached(const struct poller *p, bool late, struct fault *fault)
{
	const struct poller_report *report = &p->report;

	if (report->unkept) {
		*fault = report->fault;
		return fault->what;
	}
	if (report->worked)
		return OUT_OK;
	/* A run that got the lock when its time was nearly up knows nothing. */
	if (report->fault.code == 0 && late && p->overdue)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "Telegram answered nothing during this run; check the "
		    "network, TELEGRAM_API_ROOT or TELEGRAM_PROXY");
	*fault = report->fault;
	return fault->what;
}
