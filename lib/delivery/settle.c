/* SPDX-License-Identifier: MIT */
/*
 * What the answers mean for the rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/markup.h"
#include "delivery/slot.h"
#include "net/retry.h"
#include "store/broadcasts.h"
#include "store/chats.h"
#include "store/media.h"
#include "store/meta.h"
#include "store/settle.h"

/* The parameter that holds the text of a message. */
static const char *
text_key(const json_t *params)
{
	return json_object_get(params, "caption") ? "caption" : "text";
}

/*
 * The markup was refused: the same message as plain text, once.  False when it
 * is plain already, so that its own fault it is.
 */
static bool
make_plain(struct delivery *d, struct slot *slot, enum outcome *out,
    struct fault *fault)
{
	json_t *params = json_loads(slot->params, 0, NULL);
	bool marked = json_object_del(params, "parse_mode") == 0;

	if (marked) {
		const char *key = text_key(params);
		const char *text = json_get_text(params, key);
		char *plain = markup_plain(text ? text : "");
		json_object_set_new(params, key, json_string(plain));
		char *said = json_text(params);
		*out = messages_rewrite(d->db, slot->message.id, said, plain,
		    true, fault);
		free(said);
		free(plain);
	}
	json_decref(params);
	return marked;
}

/* The chat as it is now: a group may have moved while the message was on its
 * way. */
static int64_t
chat_of(struct delivery *d, const struct slot *slot)
{
	return messages_chat(d->db, slot->message.id);
}

static enum outcome
flood(struct delivery *d, const struct slot *slot, int64_t now,
    struct settlement *end, struct fault *fault)
{
	end->how = SETTLE_QUEUED;
	if (slot->answer.retry_ms == 0) /* stopped before it left */
		return OUT_OK;
	++d->counts.limited;
	return limits_flooded(d->db, chat_of(d, slot), slot->answer.retry_ms,
	    now, &end->not_before, fault);
}

static void
stop_sending(struct delivery *d, const struct slot *slot)
{
	if (d->is_stopped)
		return;
	d->is_stopped = true;
	fault_set(&d->stopped, OUT_NEVER, slot->answer.code, "%s",
	    slot->answer.text);
}

static void
retry_later(struct delivery *d, const struct slot *slot, int64_t now,
    struct settlement *end)
{
	int64_t wait = retry_wait_ms(&retry_telegram, slot->message.tries + 1);

	if (wait < slot->answer.retry_ms)
		wait = slot->answer.retry_ms;
	end->how = SETTLE_QUEUED;
	end->not_before = now + wait;
	end->counts_try = true;
	++d->counts.retried;
}

/* What Telegram called the INDEXth file of what it took; NULL: nothing. */
static const char *
file_id_of(const struct answer *answer, int index)
{
	const char *id = index == 0 ? answer->file_id
				    : answer->more_ids[index - 1];

	return answer->verdict == VERDICT_OK && *id != '\0' ? id : NULL;
}

/* Which of an album's it does not know Telegram does not tell. False when it
 * was none of ours. */
static bool
forget_files(struct delivery *d, const struct slot *slot, enum outcome *out,
    struct fault *fault)
{
	bool known = false;

	for (int i = 0; i < slot->message.media_count && *out == OUT_OK; i++) {
		if (slot->files[i].file_id == NULL)
			continue;
		known = true;
		*out = media_forget(d->db, slot->message.media[i],
		    slot->files[i].file_id_at, fault);
	}
	return known;
}

/* What becomes of the row. */
static enum outcome
judge(struct delivery *d, struct slot *slot, int64_t now,
    struct settlement *end, struct fault *fault)
{
	enum outcome out = OUT_OK;

	switch (slot->answer.verdict) {
	case VERDICT_OK:
		end->how = SETTLE_SENT;
		end->message_id = slot->answer.message_id;
		++d->counts.sent;
		return OUT_OK;
	case VERDICT_RETRY:
		retry_later(d, slot, now, end);
		return OUT_OK;
	case VERDICT_WAIT:
		return flood(d, slot, now, end, fault);
	case VERDICT_AMBIGUOUS:
		end->how = SETTLE_AMBIGUOUS;
		++d->counts.ambiguous;
		return OUT_OK;
	case VERDICT_PLAIN:
		if (make_plain(d, slot, &out, fault)) {
			end->how = SETTLE_QUEUED;
			return out;
		}
		break;
	case VERDICT_FILE:
		if (forget_files(d, slot, &out, fault)) {
			end->how = SETTLE_QUEUED;
			return out;
		}
		break;
	case VERDICT_CHAT:
		/* Who wrote after it left has come back meanwhile. */
		if (chats_seen_at(d->db, chat_of(d, slot)) >
		    slot->message.started_at) {
			retry_later(d, slot, now, end);
			end->counts_try = true;
			return OUT_OK;
		}
		end->how = slot->message.broadcast != 0 ? SETTLE_CANCELLED
							: SETTLE_HELD;
		++d->counts.blocked;
		return OUT_OK;
	case VERDICT_MIGRATE:
		end->how = SETTLE_QUEUED;
		return OUT_OK;
	case VERDICT_CONFIG:
		stop_sending(d, slot);
		end->how = SETTLE_QUEUED;
		return OUT_OK;
	case VERDICT_MESSAGE:
		break;
	}
	end->how = SETTLE_DEAD;
	++d->counts.dead;
	return OUT_OK;
}

/* An answer that refuses one message is an answer. */
static void
tell_service(const struct answer *answer)
{
	bool works = answer->verdict != VERDICT_RETRY &&
	    answer->verdict != VERDICT_AMBIGUOUS &&
	    answer->verdict != VERDICT_CONFIG;

	log_service("telegram", works, "status=%d text=%s", answer->status,
	    log_quote(works ? NULL : answer->text));
}

static void
tell(const struct slot *slot, const struct settlement *end, int64_t now)
{
	const struct answer *answer = &slot->answer;
	const struct message *m = &slot->message;
	enum log_level level = answer->verdict == VERDICT_OK ? LOG_INFO
							     : LOG_WARNING;

	if (end->how == SETTLE_DEAD)
		log_error("message %lld to chat %lld is dead: %s; mend it, "
			  "then 'leadpipe recover-pending --resend %lld'",
		    (long long)m->id, (long long)m->chat_id, answer->text,
		    (long long)m->id);
	tell_service(answer);
	if (!log_wants(level))
		return;
	if (answer->verdict == VERDICT_OK)
		log_event(level, "task_completed",
		    "id=%lld chat=%lld type=%s delay_ms=%lld message_id=%lld",
		    (long long)m->id, (long long)m->chat_id,
		    method_name(slot->method),
		    (long long)(now - m->created_at),
		    (long long)answer->message_id);
	else if (log_wants(LOG_INFO))
		log_event(LOG_INFO, "message_not_sent",
		    "id=%lld chat=%lld verdict=%s status=%d text=%s",
		    (long long)m->id, (long long)m->chat_id,
		    verdict_name(answer->verdict), answer->status,
		    log_quote(answer->text));
}

/* What else an answer changes: the chat, the file, the group's id. */
static enum outcome
consequences(struct delivery *d, const struct slot *slot,
    const struct settlement *end, int64_t now, struct fault *fault)
{
	const struct answer *answer = &slot->answer;
	const struct message *m = &slot->message;
	enum outcome out = OUT_OK;

	for (int i = 0; i < m->media_count && out == OUT_OK; i++)
		if (slot->files[i].upload != NULL)
			out = media_uploaded(d->db, m->media[i],
			    file_id_of(answer, i), now, fault);
	if (out == OUT_OK && answer->verdict == VERDICT_CHAT &&
	    end->how != SETTLE_QUEUED)
		out = chats_block(d->db, chat_of(d, slot), answer->text, now,
		    fault);
	if (out == OUT_OK && answer->verdict == VERDICT_MIGRATE)
		out = chats_migrate(d->db, m->chat_id, answer->migrate_to,
		    fault);
	return out;
}

static enum outcome
settle_one(struct delivery *d, struct slot *slot, int64_t now,
    struct fault *fault)
{
	struct settlement end = { .how = SETTLE_DEAD, .is_cut = slot->is_cut };
	bool lost;
	enum outcome out = judge(d, slot, now, &end, fault);

	if (out == OUT_OK && slot->answer.verdict != VERDICT_OK) {
		end.reason = slot->answer.text;
		end.refused = slot->answer.status != 0;
	}
	if (end.how == SETTLE_CANCELLED)
		end.reason = BROADCAST_BLOCKED;
	if (out == OUT_OK)
		out = messages_settle(d->db, &slot->message, d->worker, &end,
		    now, &lost, fault);
	if (out == OUT_OK && lost) {
		log_warning("message %lld was settled by somebody else",
		    (long long)slot->message.id);
		return out;
	}
	if (out == OUT_OK)
		out = consequences(d, slot, &end, now, fault);
	if (out == OUT_OK)
		tell(slot, &end, now);
	return out;
}

/*
 * That sending is stopped by the configuration outlives this run, since when
 * counts; the first message that arrives ends it.
 */
static enum outcome
record_config(struct delivery *d, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;

	if (d->is_stopped && !d->fault_recorded) {
		if (meta_int(d->db, META_CONFIG_FAULT_AT, 0) == 0)
			out = meta_set_int(d->db, META_CONFIG_FAULT_AT, now,
			    fault);
		if (out == OUT_OK)
			out = meta_set_text(d->db, META_CONFIG_FAULT,
			    d->stopped.text, fault);
	} else if (!d->is_stopped && d->counts.sent > 0 &&
	    !d->fault_recorded &&
	    meta_int(d->db, META_CONFIG_FAULT_AT, 0) != 0) {
		out = meta_set_int(d->db, META_CONFIG_FAULT_AT, 0, fault);
		if (out == OUT_OK)
			out = meta_set_text(d->db, META_CONFIG_FAULT, NULL,
			    fault);
	} else {
		return OUT_OK;
	}
	d->recording = true;
	return out;
}

enum outcome
delivery_settle(struct delivery *d, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < d->slot_count && out == OUT_OK; i++) {
		if (d->slots[i].phase != SLOT_ANSWERED)
			continue;
		out = settle_one(d, &d->slots[i], now, fault);
		d->slots[i].phase = SLOT_SETTLED;
		--d->results;
	}
	if (out == OUT_OK)
		out = record_config(d, now, fault);
	return out;
}
