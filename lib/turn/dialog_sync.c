/* SPDX-License-Identifier: MIT */
#include "turn/dialog_sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "shared/key_scan.h"
#include "store/dialogs.h"
#include "store/execs.h"
#include "store/updates.h"
#include "telegram/update.h"
#include "turn/dialog_take.h"
#include "turn/turn_private.h"

#define BEGIN_MS 1000

/* Somebody works on a dialog: it is looked at once more after this, but not
 * again and again by a process whose answers others wait for. */
#define LOCK_MS 40
#define LOCKS_MS 160

/* Those that are locked are tried again after this. */
#define REST_MS 1000

/* Updates that are looked through for people; there are no more in one
 * transaction. */
#define UPDATES_AT_ONCE 100

enum outcome
dialog_sync_open(struct dialog_sync **sync, struct turn *turn,
    const struct config *config, int64_t bot, struct fault *fault)
{
	struct dialog_sync *s = mem_alloc(sizeof(*s));
	enum outcome out =
	    dialog_options_read(config, bot, &s->options, fault);

	s->turn = turn;
	*sync = s;
	if (out == OUT_OK)
		out = dialogs_want(turn->db, s->options.mode & DIALOG_EXPORT,
		    clock_mono_ms() + BEGIN_MS, fault);
	if (out == OUT_OK && s->options.mode != DIALOG_OFF) {
		turn->dialogs = s;
		return OUT_OK;
	}
	dialog_sync_close(s);
	*sync = NULL;
	return out;
}

static void
forget_asked(struct dialog_sync *sync)
{
	for (int i = 0; i < sync->count; i++)
		dialog_release(&sync->asked[i]);
	sync->count = 0;
}

void
dialog_sync_close(struct dialog_sync *sync)
{
	if (sync == NULL)
		return;
	if (sync->turn->dialogs == sync)
		sync->turn->dialogs = NULL;
	forget_asked(sync);
	dialog_options_release(&sync->options);
	free(sync);
}

static bool
is_asked(const struct dialog_sync *sync, int64_t chat_id)
{
	for (int i = 0; i < sync->count; i++)
		if (sync->asked[i].chat_id == chat_id)
			return true;
	return false;
}

/* Whose updates wait; other programs know people, not groups. */
static void
gather(struct dialog_sync *sync)
{
	struct update_row row = { 0 };
	struct update update;
	struct fault ignored;

	for (int i = 0; i < UPDATES_AT_ONCE &&
	     sync->count < DIALOGS_AT_ONCE &&
	     updates_next(sync->turn->db, row.id, &row);
	     i++) {
		if (row.event != NULL ||
		    update_parse(row.raw, row.raw_len, &update, &ignored) !=
			OUT_OK)
			continue;
		if (update.chat_id > 0 && !is_asked(sync, update.chat_id))
			sync->asked[sync->count++] =
			    (struct dialog){ .chat_id = update.chat_id };
		update_release(&update);
	}
}

static bool
any_locked(const struct dialog_sync *sync)
{
	for (int i = 0; i < sync->count; i++)
		if (sync->asked[i].locked)
			return true;
	return false;
}

static enum outcome
ask(struct dialog_sync *sync, struct redis *redis, struct fault *fault)
{
	for (int i = 0; i < sync->count; i++) {
		int64_t chat_id = sync->asked[i].chat_id;
		dialog_release(&sync->asked[i]);
		sync->asked[i] = (struct dialog){ .chat_id = chat_id };
	}
	return dialog_read(redis, &sync->options, sync->asked, sync->count,
	    fault);
}

void
dialog_sync_ask(struct dialog_sync *sync, struct redis *redis)
{
	struct fault ignored;

	if (sync == NULL)
		return;
	forget_asked(sync);
	if (!(sync->options.mode & DIALOG_IMPORT) || !redis_usable(redis))
		return;
	gather(sync);
	if (sync->count == 0)
		return;
	enum outcome out = ask(sync, redis, &ignored);
	if (out == OUT_OK && any_locked(sync) && sync->waited_ms < LOCKS_MS) {
		sync->waited_ms += LOCK_MS;
		clock_sleep_until(clock_mono_ms() + LOCK_MS);
		out = ask(sync, redis, &ignored);
	}
	if (out != OUT_OK)
		forget_asked(sync);
}

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

static enum outcome
describe(struct dialog_sync *sync, int64_t chat_id, struct description *d,
    struct fault *fault)
{
	struct turn_chat open = { 0 };
	enum outcome out = turn_chat_open(sync->turn, chat_id, &open, fault);

	*d = (struct description){ .exists = open.row.exists,
		.vars = json_object() };
	if (out == OUT_OK && open.chat.state[0] != '\0') {
		d->state = mem_dup(
		    flow_state_abroad(sync->turn->flow, open.chat.state));
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
	enum outcome out = describe(sync, dialog->chat_id, &d, fault);

	t->forgotten[i] =
	    dialogs_forgotten(sync->turn->db, dialog->chat_id);
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
write_changed(struct dialog_sync *sync, struct redis *redis,
    struct telling *t, struct fault *fault)
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
	out =
	    dialog_read(redis, &sync->options, t->dialogs, t->count, fault);
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
	t->count = dialogs_unexported(sync->turn->db, sync->told_to, limit,
	    t->rows);
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

/* A handler works for the chat: it is looked at again some other time. */
static enum outcome
adopt_known(struct dialog_sync *sync, const struct dialog *dialog,
    int64_t now, struct fault *fault)
{
	struct db *db = sync->turn->db;

	if (chats_seen_at(db, dialog->chat_id) == 0 ||
	    execs_open(db, dialog->chat_id) || dialog->locked)
		return db_result(db, fault);
	return dialog_adopt(sync, dialog, now, fault);
}

static enum outcome
adopt_all(struct dialog_sync *sync, const struct dialog *dialogs, int count,
    struct fault *fault)
{
	struct db *db = sync->turn->db;
	enum outcome out = db_begin(db, clock_mono_ms() + BEGIN_MS, fault);

	for (int i = 0; i < count && out == OUT_OK; i++)
		out = adopt_known(sync, &dialogs[i], clock_wall_ms(), fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	db_rollback(db);
	if (out == OUT_OK)
		turn_committed(sync->turn);
	else
		turn_undone(sync->turn);
	return out;
}

static enum outcome
look_at(struct dialog_sync *sync, struct redis *redis,
    const struct key_ids *ids, size_t from, struct fault *fault)
{
	struct dialog dialogs[DIALOGS_AT_ONCE] = { { .chat_id = 0 } };
	int count = 0;

	/* Groups have none. */
	for (size_t i = from; i < ids->count && i < from + DIALOGS_AT_ONCE;
	     i++)
		if (ids->ids[i] > 0)
			dialogs[count++].chat_id = ids->ids[i];
	enum outcome out =
	    dialog_read(redis, &sync->options, dialogs, count, fault);
	if (out == OUT_OK && count > 0)
		out = adopt_all(sync, dialogs, count, fault);
	for (int i = 0; i < count; i++)
		dialog_release(&dialogs[i]);
	return out;
}

enum outcome
dialog_sync_look(struct dialog_sync *sync, struct redis *redis,
    char cursor[KEY_CURSOR_SIZE], struct fault *fault)
{
	struct key_ids ids;

	if (sync == NULL || !(sync->options.mode & DIALOG_IMPORT) ||
	    !redis_usable(redis))
		return OUT_OK;
	enum outcome out =
	    key_scan_step(redis, sync->options.key, cursor, &ids, fault);
	for (size_t i = 0; i < ids.count && out == OUT_OK;
	     i += DIALOGS_AT_ONCE)
		out = look_at(sync, redis, &ids, i, fault);
	key_ids_release(&ids);
	return out;
}

const struct dialog_counts *
dialog_sync_counts(const struct dialog_sync *sync)
{
	static const struct dialog_counts none = { 0 };

	return sync != NULL ? &sync->counts : &none;
}
