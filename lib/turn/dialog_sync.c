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

	for (int i = 0; i < UPDATES_AT_ONCE && sync->count < DIALOGS_AT_ONCE &&
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

/* A handler works for the chat: it is looked at again some other time. */
static enum outcome
adopt_known(struct dialog_sync *sync, const struct dialog *dialog, int64_t now,
    struct fault *fault)
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
