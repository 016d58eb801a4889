/* SPDX-License-Identifier: MIT */
#include "delivery/press.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"

/* A pressed button spins in the person's hand. */
#define PRESS_PATIENCE_MS 1000

#define DEADLINE_MS 10000

#define PRESS_TAG 101

static void
answer_one(struct loop *l, const char *callback_id, const char *text)
{
	json_t *params = json_pack("{s:s}", "callback_query_id", callback_id);

	if (text != NULL)
		json_object_set_new(params, "text", json_string(text));
	char *body = json_text(params);
	const struct telegram_request request = {
		.method = METHOD_ANSWER_CALLBACK_QUERY,
		.params = body,
		.deadline = clock_mono_ms() + DEADLINE_MS,
		.tag = PRESS_TAG,
	};
	telegram_start(l->telegram, &request);
	free(body);
	json_decref(params);
}

void
press_answer(struct loop *l)
{
	struct turn_notice notice;
	char *late;

	while (turn_notice_next(l->turn, &notice)) {
		if (l->poller != NULL)
			poller_answered(l->poller, notice.callback_id);
		answer_one(l, notice.callback_id, notice.text);
		free(notice.callback_id);
		free(notice.text);
	}
	while (l->poller != NULL &&
	    (late = poller_unanswered(l->poller,
		 clock_mono_ms() - PRESS_PATIENCE_MS)) != NULL) {
		answer_one(l, late, NULL);
		free(late);
	}
}
