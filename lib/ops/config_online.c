/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "ops/config_note.h"
#include "ops/config_webhook.h"
#include "telegram/question.h"

#define CALL_MS 15000

/* The result of METHOD, or NULL with a note of what was in the way. */
static const json_t *
ask(struct telegram *telegram, enum method method, json_t **whole,
    struct config_notes *notes)
{
	struct fault fault;
	const json_t *result = telegram_ask(telegram, method, NULL,
	    clock_mono_ms() + CALL_MS, whole, &fault);

	if (result == NULL)
		note_problem(notes, "Telegram",
		    fault.what == OUT_NEVER ? fault.code : EXIT_LATER, "%s",
		    fault.text);
	return result;
}

void
config_check_online(struct run *run, struct config_notes *notes)
{
	struct telegram *telegram = NULL;
	struct fault fault;
	json_t *whole;

	/* Why not is noted already. */
	if (telegram_open(&telegram, run->config, &fault) != OUT_OK)
		return;
	const json_t *me = ask(telegram, METHOD_GET_ME, &whole, notes);
	if (me != NULL) {
		const char *name = json_get_text(me, "username");

		note_good(notes, "Telegram", "answers: @%s, bot %lld",
		    name ? name : "?", (long long)json_get_int(me, "id", 0));
		json_decref(whole);
		const json_t *info =
		    ask(telegram, METHOD_GET_WEBHOOK_INFO, &whole, notes);
		if (info != NULL)
			config_check_webhook(run, info, notes);
	}
	json_decref(whole);
	telegram_close(telegram);
}
