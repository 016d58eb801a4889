/* SPDX-License-Identifier: MIT */
#include "delivery/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/handlers.h"
#include "delivery/slot.h"
#include "store/meta.h"

#define SLOTS_DEFAULT 64
#define SLOTS_MOST 256

#define NOTE_MS 50

/* Answers never wait for reminders and broadcasts: these slots are theirs. */
#define SLOTS_FOR_ANSWERS(bulk) (((bulk) + 3) / 4)

bool
slot_is_bulk(const struct slot *slot)
{
	return slot->message.priority >= PRIORITY_REMINDER;
}

void
slot_free(struct slot *slot)
{
	http_call_free(slot->call);
	free(slot->params);
	for (int i = 0; i < MESSAGE_FILES; i++) {
		free(slot->files[i].file_id);
		free(slot->files[i].upload);
		slot->files[i] = (struct slot_file){ 0 };
	}
	slot->call = NULL;
	slot->params = NULL;
	slot->phase = SLOT_FREE;
	slot->is_cut = false;
}

struct slot *
slot_find(struct delivery *d)
{
	for (int i = 0;
	     i < d->slot_count && d->in_flight + d->claimed < d->most; i++)
		if (d->slots[i].phase == SLOT_FREE)
			return &d->slots[i];
	return NULL;
}

static enum outcome
read_limits(struct delivery *d, const struct config *config,
    struct fault *fault)
{
	int64_t slots;
	enum outcome out = config_int(config, "LEADPIPE_LIMIT_PER_SECOND", 0,
	    1000, 30, &d->limits.per_second, fault);

	if (out == OUT_OK)
		out = config_int(config, "LEADPIPE_LIMIT_CHAT_PER_SECOND", 0,
		    1000, 1, &d->limits.chat_per_second, fault);
	if (out == OUT_OK)
		out = config_int(config, "LEADPIPE_LIMIT_GROUP_PER_MINUTE", 0,
		    10000, 20, &d->limits.group_per_minute, fault);
	if (out == OUT_OK)
		out = config_int(config, "LEADPIPE_SEND_SLOTS", 1, SLOTS_MOST,
		    SLOTS_DEFAULT, &slots, fault);
	if (out == OUT_OK)
		out = rate_read(config, &d->rate, fault);
	if (out != OUT_OK)
		return out;
	if (d->rate.shared)
		d->limits.shared = &d->rate.allowance;
	d->bulk_most = (int)slots;
	d->most = (int)(slots + SLOTS_FOR_ANSWERS(slots));
	d->slot_count = 2 * d->most;
	return OUT_OK;
}

enum outcome
delivery_check_config(const struct config *config, struct fault *fault)
{
	struct delivery scratch = { 0 };

	enum outcome out = read_limits(&scratch, config, fault);
	return out == OUT_OK ? handlers_check_config(config, fault) : out;
}

enum outcome
delivery_open(struct delivery **delivery, struct db *db,
    struct telegram *telegram, struct turn *turn, const struct worker *worker,
    const struct config *config, struct fault *fault)
{
	struct delivery *d = mem_alloc(sizeof *d);

	d->db = db;
	d->telegram = telegram;
	d->turn = turn;
	d->worker = worker->id;
	d->left = -1;
	enum outcome out = read_limits(d, config, fault);
	if (out != OUT_OK) {
		free(d);
		return out;
	}
	d->slots = mem_alloc((size_t)d->slot_count * sizeof *d->slots);
	*delivery = d;
	return OUT_OK;
}

void
delivery_close(struct delivery *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < d->slot_count; i++)
		slot_free(&d->slots[i]);
	free(d->slots);
	free(d);
}

void
delivery_share(struct delivery *d, struct redis *redis, int64_t bot)
{
	d->redis = redis;
	d->bot = bot;
}

/* Whoever looks what is wrong learns that it is not shared, or is again. */
static void
note_limit(struct delivery *d)
{
	const char *why = d->rate.found == RATE_OFF ? d->rate.why : NULL;
	struct fault ignored;

	/* A database that is busy now is told with the next claim. */
	if (meta_note(d->db, META_LIMIT_FAULT, why, clock_mono_ms() + NOTE_MS,
		&ignored) == OUT_OK)
		d->rate_noted = d->rate.found;
}

void
delivery_ask_limit(struct delivery *d, int64_t now)
{
	/* At first there may be tasks that become messages in this claim. */
	bool wanted = d->rate.shared && !d->is_stopped &&
	    (d->rate.found == RATE_UNASKED ||
		messages_next_ready(d->db, PRIORITY_BROADCAST) <= now);

	rate_ask(&d->rate, d->redis, d->bot, &d->limits, wanted, now);
	if (d->rate.found != d->rate_noted)
		note_limit(d);
}

static void
take_answer(struct delivery *d, struct slot *slot)
{
	const struct http_result *result = http_call_result(slot->call);

	answer_read(slot->method, result, &slot->answer);
	if (result->answered)
		d->answered = true;
	else if (result->fault.what == OUT_LATER)
		d->unanswered = result->fault;
	http_call_free(slot->call);
	slot->call = NULL;
	slot->phase = SLOT_ANSWERED;
	++d->results;
	--d->in_flight;
	if (slot_is_bulk(slot))
		--d->bulk_in_flight;
}

bool
delivery_collect(struct delivery *d, struct http_call **other)
{
	struct http_call *call;

	while ((call = http_done(telegram_http(d->telegram))) != NULL) {
		if (http_call_tag(call) >= DELIVERY_TAGS) {
			*other = call;
			return true;
		}
		take_answer(d, &d->slots[http_call_id(call)]);
	}
	return false;
}

bool
delivery_has_results(const struct delivery *d)
{
	return d->results > 0;
}

bool
delivery_expects(const struct delivery *d)
{
	return d->in_flight > 8 * d->results;
}

void
delivery_undo(struct delivery *d)
{
	d->counts = d->committed;
	d->recording = false;
	for (int i = 0; i < d->slot_count; i++) {
		struct slot *slot = &d->slots[i];
		if (slot->phase == SLOT_CLAIMED) {
			slot_free(slot);
		} else if (slot->phase == SLOT_SETTLED) {
			slot->phase = SLOT_ANSWERED;
			++d->results;
		}
	}
	d->claimed = 0;
}

/* The size of all that SLOT uploads; -1 when a file of *MISSING is not
 * there. */
static int64_t
upload_size(const struct slot *slot, const char **missing)
{
	int64_t size = 0;
	struct stat st;

	for (int i = 0; i < slot->message.media_count; i++) {
		const char *path = slot->files[i].upload;
		if (path == NULL)
			continue;
		*missing = path;
		if (stat(path, &st) == -1)
			return -1;
		size += (int64_t)st.st_size;
	}
	return size;
}

/* As if Telegram had refused it. */
static void
refuse(struct delivery *d, struct slot *slot, const char *path)
{
	slot->answer = (struct answer){ .verdict = VERDICT_MESSAGE };
	snprintf(slot->answer.text, sizeof slot->answer.text,
	    "the file '%.150s' is not there: put it back", path);
	slot->phase = SLOT_ANSWERED;
	++d->results;
}

static void
start(struct delivery *d, struct slot *slot)
{
	bool album = slot->method == METHOD_SEND_MEDIA_GROUP;
	struct telegram_file album_files[MESSAGE_FILES];
	const char *missing = NULL;
	const struct telegram_request request = {
		.method = slot->method,
		.params = slot->params,
		.chat_id = slot->message.chat_id,
		.file_id = slot->files[0].file_id,
		.upload = slot->files[0].upload,
		.upload_size = upload_size(slot, &missing),
		.album = album_files,
		.album_count = album ? (size_t)slot->message.media_count : 0,
		.id = slot - d->slots,
	};

	if (request.upload_size < 0) {
		refuse(d, slot, missing);
		return;
	}
	for (int i = 0; i < slot->message.media_count; i++)
		album_files[i] =
		    (struct telegram_file){ .kind = slot->files[i].kind,
			    .file_id = slot->files[i].file_id,
			    .upload = slot->files[i].upload };
	slot->call = telegram_start(d->telegram, &request);
	slot->phase = SLOT_FLYING;
	++d->in_flight;
	if (slot_is_bulk(slot))
		++d->bulk_in_flight;
	log_event(LOG_DEBUG, "message_sending", "id=%lld chat=%lld method=%s",
	    (long long)slot->message.id, (long long)slot->message.chat_id,
	    method_name(slot->method));
}

void
delivery_start(struct delivery *d)
{
	d->committed = d->counts;
	d->fault_recorded = d->fault_recorded || d->recording;
	for (int i = 0; i < d->slot_count; i++) {
		if (d->slots[i].phase == SLOT_SETTLED)
			slot_free(&d->slots[i]);
		else if (d->slots[i].phase == SLOT_CLAIMED)
			start(d, &d->slots[i]);
	}
	d->claimed = 0;
}

static bool
uploads(const struct slot *slot)
{
	for (int i = 0; i < slot->message.media_count; i++)
		if (slot->files[i].upload != NULL)
			return true;
	return false;
}

void
delivery_abandon(struct delivery *d)
{
	for (int i = 0; i < d->slot_count; i++) {
		struct slot *slot = &d->slots[i];
		if (slot->phase != SLOT_FLYING)
			continue;
		bool left = http_call_left(slot->call) == HTTP_LEFT;
		http_cancel(slot->call);
		slot->call = NULL;
		slot->is_cut = true;
		/* An upload too slow for a command's life would begin again
		 * for ever: it counts as a try. */
		slot->answer = (struct answer){ .verdict = left
			    ? VERDICT_AMBIGUOUS
			    : uploads(slot) && !stop_wanted() ? VERDICT_RETRY
							      : VERDICT_WAIT,
			.text = "the command ended while it was being sent" };
		slot->phase = SLOT_ANSWERED;
		++d->results;
	}
	d->in_flight = d->bulk_in_flight = 0;
}

int
delivery_in_flight(const struct delivery *d)
{
	return d->in_flight;
}

const struct fault *
delivery_stopped(const struct delivery *d)
{
	return d->is_stopped ? &d->stopped : NULL;
}

enum outcome
delivery_reached(const struct delivery *d, struct fault *fault)
{
	if (d->answered || d->unanswered.what == OUT_OK)
		return OUT_OK;
	*fault = d->unanswered;
	return fault->what;
}

const struct delivery_counts *
delivery_counts(const struct delivery *d)
{
	return &d->counts;
}
