/* SPDX-License-Identifier: MIT */
/*
 * What waits in Redis for a person, and what they decided about it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "shared/handover_script.h"
#include "shared/handover_state.h"
#include "shared/script.h"
#include "store/shared_stuck.h"

#define HEAD_BYTES 200
#define DECISIONS 16

enum place { POISON, PROCESSING, PLACES };
static const char *const place_names[PLACES] = { "poison", "processing" };

/* --- what is there */

static void
ask_page(const struct handover *h, struct redis *redis, enum place place,
    int limit)
{
	struct script_words words = { 0 };
	const struct handover_look *look = &h->looks[place];

	script_text(&words, HANDOVER_POISON);
	script_text(&words, HANDOVER_NOTES);
	script_text(&words, HANDOVER_PROCESSING);
	script_text(&words, place_names[place]);
	script_text(&words, look->at[0] == '\0' ? "0" : look->at);
	script_number(&words, limit);
	script_number(&words, SHARED_MEMBER_MAX);
	script_call(&words, redis, &handover_look_script, 3);
}

/* The part of a note behind its INDEXth bar. */
static const char *
note_part(const char *note, int index)
{
	while (note != NULL && index-- > 0) {
		note = strchr(note, '|');
		note = note == NULL ? NULL : note + 1;
	}
	return note;
}

static enum outcome
see(struct handover *h, enum place place, const struct redisReply *row,
    int64_t now, struct fault *fault)
{
	const struct redisReply *text = script_part(row, 2);
	const char *digest = script_part_text(row, 0);
	const char *note = script_part_text(row, 3);
	int64_t size = script_part_number(row, 1, 0);
	json_error_t error;
	bool kept;

	if (digest == NULL || text == NULL || text->type != REDIS_REPLY_STRING)
		return OUT_OK;
	size_t len = (size_t)text->len;
	bool whole = len == (size_t)size && memchr(text->str, 0, len) == NULL;
	json_t *member = whole
	    ? json_parse((struct json_slice){ text->str, len }, &error)
	    : NULL;
	const char *due = note_part(note, 1), *why = note_part(note, 5);
	char *head = utf8_clean(text->str, len);
	head[utf8_prefix_bytes(head, HEAD_BYTES)] = '\0';
	const struct stuck_member seen = {
		.processing = place == PROCESSING,
		.digest = digest,
		.member = whole ? text->str : NULL,
		.size = size,
		.head = head,
		.due_at = due != NULL ? strtoll(due, NULL, 10)
				      : json_get_int(member, "executeAt", 0),
		.chat_id = json_get_int(member, "chatId",
		    json_get_int(member, "userId", 0)),
		.reason = why ? why : "nobody can read it",
	};
	enum outcome out = shared_stuck_seen(h->db, &seen, now, &kept, fault);
	if (out == OUT_OK && !kept && !h->looks[place].full) {
		h->looks[place].full = true;
		log_warning("more than %d tasks wait in the %s set: the first "
			    "are listed",
		    STUCK_MOST, place_names[place]);
	}
	free(head);
	json_decref(member);
	return out;
}

/* True when the look through PLACE has ended. */
static enum outcome
see_page(struct handover *h, enum place place, const struct redisReply *page,
    int64_t now, bool *more, struct fault *fault)
{
	struct handover_look *look = &h->looks[place];
	const char *next = script_part_text(page, 0);
	enum outcome out = OUT_OK;

	if (page->type == REDIS_REPLY_ERROR || next == NULL) {
		if (!look->full)
			log_warning("the %s set cannot be looked at: %s",
			    place_names[place],
			    page->type == REDIS_REPLY_ERROR ? page->str : "");
		look->full = true;
		return OUT_OK;
	}
	/* What this look sees is younger than its beginning, and what only the
	 * one before saw is older. */
	if (look->since == 0)
		look->since = now > look->last + 1 ? now : look->last + 2;
	if (now <= look->since)
		now = look->since + 1;
	for (size_t i = 1; i < page->elements && out == OUT_OK; i++)
		out = see(h, place, page->element[i], now, fault);
	if (out != OUT_OK)
		return out;
	snprintf(look->at, sizeof(look->at), "%s", next);
	if (strcmp(next, "0") != 0) {
		*more = true;
		return OUT_OK;
	}
	int64_t since = look->since;
	look->last = since;
	look->since = 0;
	return shared_stuck_gone(h->db, place == PROCESSING, since, fault);
}

/* --- what was decided */

static int
read_decisions(const struct handover *h, struct stuck_decision *decisions)
{
	struct stuck_decision next = { .id = 0 };
	int count = 0;

	while (count < DECISIONS && shared_stuck_decided(h->db, &next))
		decisions[count++] = next;
	return count;
}

static void
ask_decision(struct redis *redis, const struct stuck_decision *decision)
{
	struct script_words words = { 0 };

	script_text(&words, HANDOVER_TASKS);
	script_text(&words, HANDOVER_NOTES);
	script_text(&words, HANDOVER_POISON);
	script_text(&words, HANDOVER_PROCESSING);
	script_text(&words,
	    place_names[decision->processing ? PROCESSING : POISON]);
	script_text(&words, decision->requeue ? "requeue" : "drop");
	script_text(&words, decision->digest);
	script_text(&words, decision->member ? decision->member : "");
	script_number(&words, decision->due_at);
	script_call(&words, redis, &handover_decide_script, 4);
}

/* *DONE: how many Redis has answered; the others are asked again with the next
 * look. */
static enum outcome
take_decisions(struct handover *h, struct redis *redis,
    const struct stuck_decision *decisions, int count, int *done,
    struct fault *fault)
{
	const char *why = NULL;
	enum outcome out = OUT_OK;

	*done = 0;
	for (int i = 0; i < count && out == OUT_OK; i++) {
		const struct redisReply *said = redis_reply(redis, i);

		if (said->type == REDIS_REPLY_ERROR) {
			why = said->str;
			continue;
		}
		out = shared_stuck_done(h->db, decisions[i].id, fault);
		++*done;
	}
	if (why != NULL)
		log_warning("%d decisions about shared tasks wait: %s",
		    count - *done, why);
	return out;
}

static enum outcome
take_looks(struct handover *h, struct redis *redis,
    const struct stuck_decision *decisions, int count, bool *more,
    struct fault *fault)
{
	int64_t now = clock_wall_ms();
	enum outcome out = handover_begin(h, fault);
	int done = 0;

	if (out == OUT_OK)
		out = take_decisions(h, redis, decisions, count, &done, fault);
	for (int place = 0; place < PLACES && out == OUT_OK; place++)
		out = see_page(h, (enum place)place,
		    redis_reply(redis, count + place), now, more, fault);
	*more = *more || (count == DECISIONS && done > 0);
	return handover_end(h, out, fault);
}

/* Nothing is there, was there, or is to be done. */
static bool
nothing(const struct handover *h, const struct redis *redis, int decided)
{
	for (int place = 0; place < PLACES; place++) {
		const struct redisReply *page =
		    redis_reply(redis, decided + place);
		const char *next = script_part_text(page, 0);

		if (next == NULL || page->elements > 1 ||
		    strcmp(next, "0") != 0)
			return false;
	}
	return decided == 0 && !shared_stuck_any(h->db);
}

enum outcome
handover_look(struct handover *h, struct redis *redis, int limit, bool *more,
    struct fault *fault)
{
	struct stuck_decision decisions[DECISIONS];
	struct fault why;
	enum outcome out = OUT_OK;

	*more = false;
	if (h->off != NULL || h->mode == HANDOVER_OFF || !redis_usable(redis))
		return OUT_OK;
	int count = read_decisions(h, decisions);
	for (int i = 0; i < count; i++)
		ask_decision(redis, &decisions[i]);
	for (int place = 0; place < PLACES; place++)
		ask_page(h, redis, (enum place)place, limit);
	if (redis_run(redis, &why) == OUT_OK && !nothing(h, redis, count))
		out = take_looks(h, redis, decisions, count, more, fault);
	for (int i = 0; i < count; i++) {
		free(decisions[i].digest);
		free(decisions[i].member);
	}
	return out == OUT_OK ? db_result(h->db, fault) : out;
}
