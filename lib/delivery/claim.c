/* SPDX-License-Identifier: MIT */
/*
 * Choosing what is sent next and marking it, before anything leaves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/slot.h"
#include "store/broadcast_run.h"
#include "store/chats.h"
#include "store/media.h"
#include "store/report_try.h"
#include "store/settle.h"
#include "turn/turn_report.h"

/* Heads that are ended or put off in one transaction: somebody else may want
 * to write. */
#define CLAIM_LOOKS 500

/* Ends a head that must not be sent. */
static enum outcome
end_unsent(struct delivery *d, const struct message *m, enum settle how,
    const char *reason, int64_t now, struct fault *fault)
{
	bool lost;
	const struct settlement end = { .how = how, .reason = reason };

	if (how == SETTLE_DEAD)
		++d->counts.dead;
	return messages_settle(d->db, m, 0, &end, now, &lost, fault);
}

static enum outcome
check_life(struct delivery *d, const struct message *m, int64_t now,
    enum choice *choice, struct fault *fault)
{
	if (m->expire_at == 0 || m->expire_at >= now)
		return OUT_OK;
	*choice = CHOICE_PASS;
	++d->counts.expired;
	return end_unsent(d, m, SETTLE_EXPIRED,
	    m->ambiguous > 0 ? "its life ended; an earlier try may have "
			       "arrived"
			     : "its life ended before it could be sent",
	    now, fault);
}

/* Whoever left meanwhile gets answers only. */
static enum outcome
check_subscription(struct delivery *d, const struct message *m, int64_t now,
    enum choice *choice, struct fault *fault)
{
	if (m->priority < PRIORITY_REMINDER ||
	    !chats_unsubscribed(d->db, m->chat_id))
		return db_result(d->db, fault);
	*choice = CHOICE_PASS;
	return end_unsent(d, m, SETTLE_CANCELLED, "unsubscribed", now, fault);
}

/* One file of a message: known to Telegram, or uploaded by this very message,
 * or another one is uploading it and the lane waits for that. */
static enum outcome
choose_file(struct delivery *d, const struct message *m, int64_t id,
    struct slot_file *file, enum choice *choice, struct fault *fault)
{
	struct media media;
	enum outcome out = media_load(d->db, id, &media, fault);

	if (out != OUT_OK)
		goto out;
	memcpy(file->kind, media.kind, sizeof file->kind);
	if (media.file_id != NULL) {
		file->file_id = mem_dup(media.file_id);
		file->file_id_at = media.file_id_at;
	} else if (media.uploader != 0 && media.uploader != m->id) {
		*choice = CHOICE_PASS;
		out = messages_postpone(d->db, m->chat_id, 0, id, fault);
	} else {
		file->upload = mem_dup(media.path);
	}
out:
	media_release(&media);
	return out;
}

/* Nothing is kept from others while a file is waited for, so that no two
 * albums can wait for each other. */
static enum outcome
choose_files(struct delivery *d, const struct message *m, struct slot *slot,
    enum choice *choice, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0;
	     i < m->media_count && out == OUT_OK && *choice == CHOICE_SEND;
	     i++)
		out = choose_file(d, m, m->media[i], &slot->files[i], choice,
		    fault);
	return out;
}

static enum outcome
mark_uploads(struct delivery *d, const struct message *m,
    const struct slot *slot, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < m->media_count && out == OUT_OK; i++)
		if (slot->files[i].upload != NULL)
			out = media_upload(d->db, m->media[i], m->id, fault);
	return out;
}

/* Nothing further of a broadcast that was paused or cancelled leaves, but what
 * somebody sends again by hand. */
static enum outcome
check_broadcast(struct delivery *d, struct message *m,
    struct broadcast_terms *terms, int64_t now, enum choice *choice,
    struct fault *fault)
{
	enum outcome out = broadcast_terms(d->db, m->broadcast, terms, fault);

	m->paid = terms->paid;
	if (out != OUT_OK)
		return out;
	if (m->maybe_duplicate)
		return pace_turn(d, m, terms->rate, now, choice, fault);
	if (terms->state == BROADCAST_PAUSED) {
		*choice = CHOICE_PASS;
		return broadcast_set_aside(d->db, m->broadcast, m->chat_id,
		    fault);
	}
	if (terms->state == BROADCAST_CANCELLED) {
		*choice = CHOICE_PASS;
		return end_unsent(d, m, SETTLE_CANCELLED, BROADCAST_TAKEN_BACK,
		    now, fault);
	}
	return pace_turn(d, m, terms->rate, now, choice, fault);
}

/*
 * A report stays at the head of its lane until it is written.  A command that
 * dies over it makes all that is marked `sending` ambiguous: nothing is marked
 * with it, and one that may have done so before waits for what is under way.
 * While another command is at it, it waits.
 */
static enum outcome
ask_report(struct delivery *d, const struct message *m, int64_t now,
    enum choice *choice, struct fault *fault)
{
	if (report_is_tried(d->db, m->id, d->worker)) {
		*choice = CHOICE_PASS;
		return messages_postpone(d->db, m->chat_id,
		    now + REPORT_LATER_MS, 0, fault);
	}
	*choice = CHOICE_REPORT;
	d->clears_way = m->tries > 0 && d->in_flight > 0;
	return d->claimed > 0 || d->clears_way
	    ? OUT_OK
	    : turn_report_ask(d->turn, m, d->worker, fault);
}

/* A reminder says what is right now, or is not sent any more. */
static enum outcome
render(struct delivery *d, const struct message *m, struct slot *slot,
    int64_t now, enum choice *choice, struct fault *fault)
{
	bool cancelled;
	char *params = NULL, *text = NULL;
	enum outcome out;

	if (m->action == NULL) {
		slot->params = mem_dup(m->params);
		return OUT_OK;
	}
	if (turn_is_report(d->turn, m))
		return ask_report(d, m, now, choice, fault);
	out = turn_render(d->turn, m, &cancelled, &params, &text, fault);
	if (out == OUT_OK && cancelled) {
		*choice = CHOICE_PASS;
		out = end_unsent(d, m, SETTLE_CANCELLED, "unless holds", now,
		    fault);
	} else if (out == OUT_OK && params != NULL) {
		slot->params = mem_dup(params);
		if (m->params == NULL || strcmp(params, m->params) != 0)
			out = messages_rewrite(d->db, m->id, params, text,
			    false, fault);
	} else if (out == OUT_OK) {
		slot->params = mem_dup(m->params);
	}
	free(params);
	free(text);
	/* Without the version that has its words nothing can be said. */
	if (out == OUT_OK && *choice == CHOICE_SEND && slot->params == NULL)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the flow with its words cannot be run by this program");
	return out;
}

static enum outcome
prepare(struct delivery *d, struct message *m, struct slot *slot, int64_t now,
    enum choice *choice, struct fault *fault)
{
	struct broadcast_terms terms = { 0 };
	enum outcome out;

	*choice = CHOICE_SEND;
	slot->method = method_find(m->method);
	if (!method_deliverable(slot->method)) {
		*choice = CHOICE_PASS;
		return end_unsent(d, m, SETTLE_DEAD,
		    "no such method can be sent", now, fault);
	}
	out = check_life(d, m, now, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = check_subscription(d, m, now, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND && m->broadcast != 0)
		out = check_broadcast(d, m, &terms, now, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = render(d, m, slot, now, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = choose_files(d, m, slot, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = pace_check(d, m, terms.rate, now, choice, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = mark_uploads(d, m, slot, fault);
	if (out == OUT_OK && *choice == CHOICE_SEND)
		out = messages_claim(d->db, m, d->worker, now, fault);
	return out;
}

/* What is wrong with one message must not keep the others from being sent:
 * handed up, it would end this run and, from the same head, each later one. */
static enum outcome
choose(struct delivery *d, struct message *m, struct slot *slot, int64_t now,
    enum choice *choice, struct fault *fault)
{
	struct fault why;
	enum outcome out = prepare(d, m, slot, now, choice, &why);

	if (out == OUT_NEVER && !db_broken(d->db)) {
		*choice = CHOICE_PASS;
		log_error("message %lld is dead: %s", (long long)m->id,
		    why.text);
		return end_unsent(d, m, SETTLE_DEAD, why.text, now, fault);
	}
	if (out != OUT_OK)
		*fault = why;
	return out;
}

/* The row's texts are borrowed: what is kept must not have them. */
static void
keep(struct slot *slot, const struct message *m)
{
	slot->message = *m;
	slot->message.method = slot->message.params = slot->message.text =
	    slot->message.flow = slot->message.action =
		slot->message.task_name = NULL;
	slot->phase = SLOT_CLAIMED;
}

static enum outcome
claim_heads(struct delivery *d, int64_t now, bool *more, struct fault *fault)
{
	struct lane_place place = { 0, INT64_MIN, INT64_MIN };
	int bulk = d->bulk_in_flight, looks = CLAIM_LOOKS;
	enum outcome out = OUT_OK;
	struct message m = { 0 };
	struct slot *slot;

	while (
	    out == OUT_OK && d->left != 0 && (slot = slot_find(d)) != NULL) {
		enum choice choice;
		if (!pace_next(d, now, bulk, &place, &m))
			return db_result(d->db, fault);
		out = choose(d, &m, slot, now, &choice, fault);
		if (out == OUT_OK && choice == CHOICE_SEND) {
			keep(slot, &m);
			++d->claimed;
			if (slot_is_bulk(slot))
				++bulk;
			if (d->left > 0)
				--d->left;
			continue;
		}
		slot_free(slot);
		if (choice == CHOICE_REPORT || --looks == 0) {
			*more = !d->clears_way;
			return out;
		}
		/* A flood wait of the whole bot stops answers too. */
		if (choice == CHOICE_BOT_WAITS && m.urgency <= PRIORITY_ALERT)
			return out;
	}
	*more = *more || slot_find(d) == NULL;
	return out;
}

void
delivery_limit(struct delivery *d, int64_t left)
{
	d->left = left;
}

enum outcome
delivery_claim(struct delivery *d, int64_t now, bool *more,
    struct fault *fault)
{
	*more = d->clears_way = false;
	d->postponed = 0;
	return d->is_stopped ? OUT_OK : claim_heads(d, now, more, fault);
}
