/* SPDX-License-Identifier: MIT */
/*
 * With a webhook Telegram is not polled: receive-update stores what comes, and
 * the rows are looked at here.
 */
#include "base/clock.h"
#include "base/log.h"
#include "delivery/poller_state.h"
#include "store/meta.h"
#include "store/updates.h"
#include "store/webhook_record.h"
#include "telegram/webhook_info.h"

/*
 * Somebody may have deleted the webhook elsewhere, or a process died between
 * the deed and its record: nothing would come any more, by neither way.  So
 * after that long a silence Telegram is asked how the webhook does.
 */
#define PROBE_MS 300000

/* Who deletes it is done with that by then, or dead; meanwhile a 409 tells
 * nothing for long. */
#define DOUBT_MS 60000
#define DOUBT_PAUSE_MS 2000

/* Rows in one look: who is sent to waits for no longer. */
#define LOOK_MOST 1000

/* The run has all that there is to have from Telegram, until READY_AT. */
static void
rest(struct poller *p, int64_t ready_at)
{
	p->hooked = true;
	p->offset = 0;
	p->failures = 0;
	p->ready_at = ready_at;
	p->report.worked = p->report.drained = true;
	p->report.stopped = false;
	p->report.fault = (struct fault){ .what = OUT_OK };
}

void
poller_hook(struct poller *p)
{
	struct webhook_record record;
	int64_t age;

	webhook_record_load(p->db, &record);
	p->hooked = record.set && p->may_hook;
	age = clock_wall_ms() - record.at;
	/* What a run without the secret was refused is over, if it is true. */
	if (p->hooked && age >= 0 && age < PROBE_MS &&
	    !meta_has(p->db, META_POLL_FAULT))
		rest(p, clock_mono_ms() + PROBE_MS - age);
	/* What waits was brought while nobody ran. */
	if (p->hooked)
		p->seen = 0;
}

enum outcome
poller_hooked(struct poller *p, int64_t now, struct fault *fault)
{
	struct webhook_record record;

	webhook_record_load(p->db, &record);
	bool doubt = record.ends != 0 && now >= record.ends &&
	    now - record.ends < DOUBT_MS;
	if (!p->hooked)
		log_event(LOG_INFO, "webhook_active", NULL);
	p->doubt = doubt;
	rest(p, clock_mono_ms() + (doubt ? DOUBT_PAUSE_MS : PROBE_MS));
	http_call_free(p->answer);
	p->answer = NULL;
	return doubt ? OUT_OK : webhook_record_set(p->db, NULL, now, fault);
}

/* Nobody else would hear that the certificate has run out, or that somebody
 * took the webhook away: nothing comes then, and nothing fails here. */
static enum outcome
record_info(struct poller *p, const struct webhook_info *info, int64_t now,
    struct fault *fault)
{
	struct buf why = BUF_INIT(300);
	enum outcome out;

	if (webhook_info_owner(info, p->db) == WEBHOOK_OTHERS)
		buf_add_text(&why, "somebody else has set another one");
	else if (info->pending > 0 &&
	    webhook_info_fails(info, updates_last_at(p->db), now))
		webhook_info_add_reason(&why, info);
	out = webhook_record_set(p->db, NULL, now, fault);
	if (out == OUT_OK)
		out = webhook_record_trouble(p->db, why.data, now, fault);
	buf_release(&why);
	return out;
}

enum outcome
poller_informed(struct poller *p, int64_t now, struct fault *fault)
{
	const struct http_result *result = http_call_result(p->answer);
	struct json_slice text = { result->body.data, result->body.len };
	enum outcome out = OUT_OK;
	struct webhook_info info;
	json_error_t error;
	json_t *whole = json_parse(text, &error);

	webhook_info_read(json_object_get(whole, "result"), &info);
	if (info.url != NULL) {
		out = record_info(p, &info, now, fault);
		rest(p, clock_mono_ms() + PROBE_MS);
	} else {
		p->hooked = p->report.drained = false;
		p->ready_at = 0;
	}
	json_decref(whole);
	http_call_free(p->answer);
	p->answer = NULL;
	return out;
}

enum outcome
poller_unhook(struct poller *p, int64_t now, bool *changed,
    struct fault *fault)
{
	struct webhook_record record;

	webhook_record_load(p->db, &record);
	*changed = record.set || record.ends != 0;
	p->hooked = p->doubt = false;
	return *changed ? webhook_record_gone(p->db, now, fault) : OUT_OK;
}

/* Somebody has deleted it: what waits at Telegram is asked for at once. */
static void
resume(struct poller *p)
{
	struct webhook_record record;

	webhook_record_load(p->db, &record);
	if (record.set || (p->doubt && record.ends != 0))
		return;
	p->hooked = p->doubt = p->report.drained = false;
	p->ready_at = 0;
}

bool
poller_watches(const struct poller *p)
{
	return p->hooked;
}

/* What is stepped before it was looked at is looked at all the same, but for
 * what a run before this one has stepped. */
static bool
next_brought(struct poller *p, struct update_row *row)
{
	if (p->seen < p->oldest && updates_next(p->db, p->seen, row) &&
	    row->id <= p->oldest)
		return true;
	if (p->seen < p->oldest)
		p->seen = p->oldest;
	return updates_after(p->db, p->seen, row);
}

static void
look_at(struct poller *p, const struct update_row *row)
{
	struct json_slice raw = { row->raw, row->raw_len };
	int64_t age = clock_wall_ms() - row->received_at;

	p->report.received++;
	if (p->print != NULL)
		poller_print(p, raw);
	if (!row->settled && age < POLLER_PRESS_MS)
		poller_remember(p, raw, clock_mono_ms() - age);
}

void
poller_pass(struct poller *p, int64_t own)
{
	struct update_row row;

	/* What a webhook brought late, while it was deleted. */
	while (p->may_hook && updates_after(p->db, p->seen, &row) &&
	    row.id < own) {
		p->seen = row.id;
		look_at(p, &row);
	}
	p->seen = p->oldest = own;
}

void
poller_look(struct poller *p, bool changed)
{
	struct update_row row;
	int found = 0;
	struct fault fault;

	if (!p->may_hook || (!changed && !p->behind))
		return;
	while (found < LOOK_MOST && next_brought(p, &row)) {
		p->seen = row.id;
		if (row.event != NULL)
			continue;
		found++;
		look_at(p, &row);
	}
	p->behind = found == LOOK_MOST;
	if (found > 0 && p->print != NULL)
		fflush(p->print);
	/* The webhook is alive. */
	if (found > 0 && p->hooked && p->ready_at > clock_mono_ms())
		p->ready_at = clock_mono_ms() + PROBE_MS;
	if (p->hooked)
		resume(p);
	/* What cannot be read will be told by the transaction that follows. */
	(void)!db_result(p->db, &fault);
}
