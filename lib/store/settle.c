/* SPDX-License-Identifier: MIT */
/*
 * The end of a sending.  What is ambiguous is settled here too, so that a
 * reply lost in a living process and a process lost in a sending are judged by
 * the same rule.
 */
#include <stdio.h>

#include "base/clock.h"
#include "store/broadcast_run.h"
#include "store/counters.h"
#include "store/dead.h"
#include "store/lane.h"
#include "store/media.h"
#include "store/messages.h"
#include "store/settle.h"
#include "store/statement.h"

/* After the first, second and third ambiguous end of a `resend` message. */
static const int64_t resend_after_ms[MESSAGES_RESENDS] = { 30000, 120000,
	600000 };

static const char *const state_names[] = {
	[SETTLE_SENT] = "sent",
	[SETTLE_QUEUED] = "queued",
	[SETTLE_AMBIGUOUS] = "ambiguous",
	[SETTLE_HELD] = "held",
	[SETTLE_EXPIRED] = "expired",
	[SETTLE_DEAD] = "dead",
	[SETTLE_CANCELLED] = "cancelled",
};

struct verdict_row {
	const char *state;
	int64_t not_before;
};

static struct verdict_row
ambiguous_end(const struct message *m, int64_t now)
{
	if (m->policy == POLICY_IDEMPOTENT)
		return (struct verdict_row){ "queued", now + 1000 };
	if (m->policy == POLICY_RESEND && m->ambiguous < MESSAGES_RESENDS)
		return (struct verdict_row){ "ambiguous",
			now + resend_after_ms[m->ambiguous] };
	return (struct verdict_row){ "unknown", 0 };
}

static enum outcome
bury(struct db *db, const struct message *m, bool unknown,
    const struct settlement *s, int64_t now, struct fault *fault)
{
	char mend[160];
	long long id = (long long)m->id;
	bool said = unknown || s->refused || s->reason == NULL;
	struct dead_letter letter = { .kind = "message",
		.item = m->id,
		.chat_id = m->chat_id,
		.answer = said ? s->reason : NULL,
		.mend = mend,
		.died_at = now };

	if (unknown) {
		letter.reason = "it may have arrived: no answer came";
		snprintf(mend, sizeof mend,
		    "leadpipe recover-pending "
		    "--sent %lld, --resend %lld or --drop %lld",
		    id, id, id);
	} else {
		letter.reason = said ? "Telegram refuses it" : s->reason;
		snprintf(mend, sizeof mend,
		    "leadpipe recover-pending "
		    "--resend %lld or --drop %lld",
		    id, id);
	}
	return dead_add(db, &letter, fault);
}

/* Writes the row; false when the fence did not hold. */
static bool
settle_row(struct db *db, const struct message *m, int64_t worker,
    const struct settlement *s, struct verdict_row to, int64_t now)
{
	bool sent = s->how == SETTLE_SENT;
	sqlite3_stmt *end = db_use(db,
	    "UPDATE messages SET state = iif(cancelled = 1"
	    "  AND ?4 IN ('queued','ambiguous'), 'cancelled', ?4),"
	    " worker = NULL,"
	    " settled_at = ?5, not_before = ?6,"
	    " message_id = coalesce(?7, message_id),"
	    " reason = ?8, tries = tries + ?9, ambiguous = ambiguous + ?10,"
	    " text = coalesce(?11, text),"
	    " params = iif(?12, NULL, params), action = iif(?12, NULL, action)"
	    " WHERE id = ?1 AND generation = ?3 AND worker IS ?2"
	    " AND " MESSAGE_OPEN);

	db_bind_int(end, 1, m->id);
	db_bind_null_if(end, 2, worker, 0);
	db_bind_int(end, 3, m->generation);
	db_lend_text(end, 4, to.state);
	db_bind_int(end, 5, now);
	db_bind_int(end, 6, to.not_before);
	db_bind_null_if(end, 7, s->message_id, 0);
	db_lend_text(end, 8, s->reason);
	db_bind_int(end, 9, s->counts_try);
	db_bind_int(end, 10, s->how == SETTLE_AMBIGUOUS);
	db_lend_text(end, 11, s->text);
	db_bind_int(end, 12, sent);
	db_run(db, end);
	return db_changes(db) > 0;
}

/* What waited on purpose until NOT_BEFORE was not slow before that; a retry
 * is. */
static void
count_end(struct db *db, const struct message *m, const char *state,
    const struct settlement *s, int64_t now)
{
	bool first = m->tries == 0 && m->ambiguous == 0;

	if (s->how == SETTLE_AMBIGUOUS)
		counter_add(db, COUNT_AMBIGUOUS, "", 1);
	else if (s->how == SETTLE_QUEUED && s->counts_try)
		counter_add(db, COUNT_RETRIES, "", 1);
	if (*state == 'q' || *state == 'a')
		return;
	counter_add(db, COUNT_SETTLED, state, 1);
	if (s->how != SETTLE_SENT)
		return;
	if (m->broadcast != 0)
		counter_add(db, COUNT_BROADCASTS, "", 1);
	else if (m->priority >= PRIORITY_REMINDER)
		counter_add(db, COUNT_REMINDERS, "", 1);
	/* A broadcast takes its time. */
	if (m->broadcast == 0)
		counter_observe(db, COUNT_DELAY,
		    now -
			(first && m->not_before > m->created_at
				? m->not_before
				: m->created_at));
}

int64_t
messages_chat(struct db *db, int64_t id)
{
	int64_t chat_id = 0;
	sqlite3_stmt *find =
	    db_use(db, "SELECT chat_id FROM messages WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		chat_id = db_int(find, 0);
	return chat_id;
}

enum outcome
messages_settle(struct db *db, const struct message *m, int64_t worker,
    const struct settlement *s, int64_t now, bool *lost, struct fault *fault)
{
	struct verdict_row to = { state_names[s->how], s->not_before };
	enum outcome out;

	if (s->how == SETTLE_AMBIGUOUS)
		to = ambiguous_end(m, now);
	*lost = !settle_row(db, m, worker, s, to, now);
	out = db_result(db, fault);
	if (out != OUT_OK || *lost)
		return out;
	count_end(db, m, to.state, s, now);
	bool unknown = *to.state == 'u', dead = s->how == SETTLE_DEAD;
	if (m->broadcast != 0 && !s->is_cut &&
	    (unknown || dead || s->how == SETTLE_SENT))
		broadcast_settled(db, m->broadcast, s->how == SETTLE_SENT);
	/* The group may have moved to another id while it was on its way. */
	lane_renew(db, messages_chat(db, m->id));
	if (unknown || dead)
		return bury(db, m, unknown, s, now, fault);
	return db_result(db, fault);
}

static bool
orphan_next(struct db *db, int64_t worker, struct message *m)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT m.id, m.chat_id, m.policy, m.ambiguous, m.generation"
	    " FROM messages m WHERE m.worker = ?1 ORDER BY m.id LIMIT 1");

	db_bind_int(next, 1, worker);
	if (!db_row(db, next))
		return false;
	const char *policy = db_text(next, 2);
	*m = (struct message){ .id = db_int(next, 0),
		.chat_id = db_int(next, 1),
		.policy = *policy == 'i' ? POLICY_IDEMPOTENT
		    : *policy == 'r'	 ? POLICY_RESEND
					 : POLICY_ONCE,
		.ambiguous = (int)db_int(next, 3),
		.generation = db_int(next, 4) };
	db_run(db, next);
	return true;
}

enum outcome
messages_orphaned(struct db *db, int64_t worker, int64_t now, int *count,
    struct fault *fault)
{
	const struct settlement lost_reply = { .how = SETTLE_AMBIGUOUS,
		.reason = "the command died while sending it" };
	struct message m;
	enum outcome out = OUT_OK;

	*count = 0;
	while (out == OUT_OK && orphan_next(db, worker, &m)) {
		bool lost;
		out = messages_settle(db, &m, worker, &lost_reply, now, &lost,
		    fault);
		if (out == OUT_OK)
			out = media_orphaned(db, m.id, now, fault);
		++*count;
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}
