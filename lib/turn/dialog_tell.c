/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/dialogs.h"
#include "turn/dialog_take.h"
#include "turn/turn_private.h"

#define BEGIN_MS 1000

/* Those that are locked are tried again after this. */
#define REST_MS 1000

/* What others are to know of a chat. */
struct description {
	bool exists;
	char *state;
	json_t *vars;
};

static void
description_release(struct description *d)
{
	free(d->state);
	json_decref(d->vars);
}

/* A name of STATE that is there already stays: its program may know no other.
 */
static const char *
name_of(const struct flow *flow, const struct dialog *dialog,
    const char *state)
{
	const char *there = dialog->state != NULL
	    ? flow_state_called(flow, dialog->state)
	    : NULL;

	return there != NULL && strcmp(there, state) == 0
	    ? dialog->state
	    : flow_state_abroad(flow, state);
}

static enum outcome
describe(struct dialog_sync *sync, const struct dialog *dialog,
    struct description *d, struct fault *fault)
{
	struct turn_chat open = { 0 };
	enum outcome out =
	    turn_chat_open(sync->turn, dialog->chat_id, &open, fault);

	*d = (struct description){ .exists = open.row.exists,
		.vars = json_object() };
	if (out == OUT_OK && open.chat.state[0] != '\0') {
		d->state = mem_dup(
		    name_of(sync->turn->flow, dialog, open.chat.state));
		json_object_update(d->vars, open.chat.vars);
	}
	turn_chat_close(&open);
	return out;
}

struct telling {
	struct mirror_row rows[DIALOGS_AT_ONCE];
	struct dialog dialogs[DIALOGS_AT_ONCE];
	bool changed[DIALOGS_AT_ONCE], written[DIALOGS_AT_ONCE];
	bool forgotten[DIALOGS_AT_ONCE];
	int count;
};

/* May what is there be replaced?  Who wrote last counts, and a state that the
 * flow does not know stays; of who was forgotten nothing does. */
static bool
may_tell(const struct dialog_sync *sync, const struct dialog *dialog,
    bool exists)
{
	if (dialog->form == DIALOG_STRANGE && !exists && !dialog->locked)
		log_warning("redis: the dialog of chat %lld, which is gone, "
			    "cannot be deleted: there is %s",
		    (long long)dialog->chat_id, dialog->strange);
	if (dialog->form == DIALOG_STRANGE || dialog->locked)
		return false;
	return !exists || !(sync->options.mode & DIALOG_IMPORT) ||
	    dialog->state == NULL ||
	    dialogs_ours(sync->turn->db, dialog->chat_id, dialog->digest);
}

/* Who was forgotten and came back begins anew, without what was there. */
static enum outcome
prepare_one(struct dialog_sync *sync, struct telling *t, int i,
    struct fault *fault)
{
	struct dialog *dialog = &t->dialogs[i];
	struct description d;
	enum outcome out = describe(sync, dialog, &d, fault);

	t->forgotten[i] = dialogs_forgotten(sync->turn->db, dialog->chat_id);
	if (t->forgotten[i]) {
		description_release(&d);
		d = (struct description){ .vars = json_object() };
	}
	t->changed[i] = out == OUT_OK && may_tell(sync, dialog, d.exists) &&
	    dialog_change(dialog, &sync->options, d.state, d.vars);
	description_release(&d);
	return out;
}

static enum outcome
prepare(struct dialog_sync *sync, struct telling *t, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < t->count && out == OUT_OK; i++)
		out = prepare_one(sync, t, i, fault);
	return out;
}

static enum outcome
write_changed(struct dialog_sync *sync, struct redis *redis, struct telling *t,
    struct fault *fault)
{
	struct dialog changed[DIALOGS_AT_ONCE];
	bool written[DIALOGS_AT_ONCE] = { false };
	int count = 0, next = 0;
	enum outcome out = OUT_OK;

	for (int i = 0; i < t->count; i++)
		if (t->changed[i])
			changed[count++] = t->dialogs[i];
	if (count > 0)
		out = dialog_write(redis, &sync->options, changed, count,
		    written, fault);
	for (int i = 0; i < t->count; i++)
		t->written[i] = t->changed[i] && written[next++];
	return out;
}

/* Somebody was faster: when the person writes next, that counts; until then it
 * is theirs. */
static enum outcome
note_one(struct dialog_sync *sync, const struct telling *t, int i,
    struct fault *fault)
{
	struct db *db = sync->turn->db;
	const struct dialog *d = &t->dialogs[i];
	bool settled = !d->locked && (t->written[i] || !t->changed[i]);
	enum outcome out = OUT_OK;

	sync->counts.told += t->written[i];
	if (d->locked)
		sync->rests_until = clock_mono_ms() + REST_MS;
	/* It is told again, of where they are now if they came back. */
	if (settled && t->forgotten[i])
		return dialogs_erased(db, d->chat_id, &t->rows[i], fault);
	if (t->written[i] && d->state != NULL)
		out = dialogs_agree(db, d->chat_id, d->digest, NULL, 0, fault);
	if (out == OUT_OK && settled)
		out = dialogs_exported(db, &t->rows[i], fault);
	return out;
}

static enum outcome
note(struct dialog_sync *sync, const struct telling *t, struct fault *fault)
{
	struct db *db = sync->turn->db;
	enum outcome out = db_begin(db, clock_mono_ms() + BEGIN_MS, fault);

	for (int i = 0; i < t->count && out == OUT_OK; i++)
		out = note_one(sync, t, i, fault);
	return db_end(db, out, fault);
}

static enum outcome
tell(struct dialog_sync *sync, struct redis *redis, struct telling *t,
    struct fault *fault)
{
	enum outcome out;

	for (int i = 0; i < t->count; i++)
		t->dialogs[i].chat_id = t->rows[i].chat_id;
	out = dialog_read(redis, &sync->options, t->dialogs, t->count, fault);
	if (out == OUT_OK)
		out = prepare(sync, t, fault);
	if (out == OUT_OK)
		out = write_changed(sync, redis, t, fault);
	if (out == OUT_OK)
		out = note(sync, t, fault);
	for (int i = 0; i < t->count; i++)
		dialog_release(&t->dialogs[i]);
	return out;
}

/* Without a flow nobody is anywhere, and all would be told so. */
static bool
may_begin(const struct dialog_sync *sync, struct redis *redis)
{
	return sync != NULL && (sync->options.mode & DIALOG_EXPORT) &&
	    sync->turn->flow != NULL && redis_usable(redis) &&
	    (sync->told_to != 0 || clock_mono_ms() >= sync->rests_until);
}

enum outcome
dialog_sync_tell(struct dialog_sync *sync, struct redis *redis, int limit,
    bool *more, struct fault *fault)
{
	struct telling *t;
	enum outcome out = OUT_OK;

	*more = false;
	if (!may_begin(sync, redis))
		return OUT_OK;
	t = mem_alloc(sizeof(*t));
	if (limit > DIALOGS_AT_ONCE)
		limit = DIALOGS_AT_ONCE;
	t->count =
	    dialogs_unexported(sync->turn->db, sync->told_to, limit, t->rows);
	*more = t->count == limit;
	sync->told_to = *more ? t->rows[limit - 1].chat_id : 0;
	if (t->count > 0)
		out = tell(sync, redis, t, fault);
	free(t);
	if (out != OUT_OK) {
		*more = false;
		sync->told_to = 0;
	}
	return out;
}
