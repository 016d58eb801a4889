/* SPDX-License-Identifier: MIT */
/*
 * Other bots in our Redis: tasks, leads and dialogs have keys that do not tell
 * bots apart, as the programs that share them have one bot.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ops/config_note.h"
#include "shared/key_scan.h"

/* A large Redis is not searched to its end. */
#define SEARCH_MS 1000

/* Of each, the bot is the last number or the one before it. */
static const char *const marks[] = { "lp:mirror:{id}", "lp:gcra:{id}",
	"lp:chat:{id}:{bot}" };

/* The first bot in IDS that is not OURS, 0: none. */
static int64_t
stranger(const struct key_ids *ids, int64_t ours)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->ids[i] != ours && ids->ids[i] > 0)
			return ids->ids[i];
	return 0;
}

static int64_t
search(struct redis *redis, const char *mark, int64_t ours, int64_t deadline)
{
	char cursor[KEY_CURSOR_SIZE] = "0";
	int64_t found = 0;

	do {
		struct fault fault;
		struct key_ids ids;
		enum outcome out =
		    key_scan_step(redis, mark, cursor, &ids, &fault);

		if (out == OUT_OK)
			found = stranger(&ids, ours);
		key_ids_release(&ids);
		if (out != OUT_OK)
			break;
	} while (found == 0 && strcmp(cursor, "0") != 0 &&
	    clock_mono_ms() < deadline);
	return found;
}

void
note_neighbours(struct redis *redis, int64_t bot, struct config_notes *notes)
{
	int64_t deadline = clock_mono_ms() + SEARCH_MS, found = 0;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) &&
	     found == 0 && clock_mono_ms() < deadline;
	     i++)
		found = search(redis, marks[i], bot, deadline);
	if (found != 0)
		note_advice(notes, "Redis",
		    "bot %lld uses it too: each would take tasks, leads and "
		    "dialogs of the other; give each a database of its own "
		    "(redis://host/1)",
		    (long long)found);
}
