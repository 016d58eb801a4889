/* SPDX-License-Identifier: MIT */
#include "callback.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* Ids of queries are long; a client must keep them as text. */
#define FIRST_ID INT64_C(4382917365019283000)
#define ANSWER_POINTS 200

int64_t
callback_open(struct sim *sim)
{
	struct callbacks *callbacks = &sim->callbacks;

	if (callbacks->len == callbacks->room) {
		size_t room = callbacks->room ? callbacks->room * 2 : 64;
		int64_t *more = text_alloc(room, sizeof(*more));

		if (callbacks->len)
			memcpy(more, callbacks->opened_ms,
			    callbacks->len * sizeof(*more));
		free(callbacks->opened_ms);
		callbacks->opened_ms = more;
		callbacks->room = room;
	}
	callbacks->opened_ms[callbacks->len] = sim_now_ms(sim);
	return FIRST_ID + (int64_t)callbacks->len++;
}

void
callback_answer(struct call *call)
{
	struct callbacks *callbacks = &call->sim->callbacks;
	int64_t now = sim_now_ms(call->sim);
	int64_t at = param_int(call, "callback_query_id", 0) - FIRST_ID;
	const char *text = param_text(call, "text");

	if (text && text_points(text) > ANSWER_POINTS) {
		call_fail(call, 400, "MESSAGE_TOO_LONG");
		return;
	}
	/* a second answer finds the query gone, like a late one */
	if (at < 0 || (size_t)at >= callbacks->len ||
	    !callbacks->opened_ms[at] ||
	    now - callbacks->opened_ms[at] >
		call->sim->settings.query_life_ms) {
		call_fail(call, 400,
		    "query is too old and response timeout "
		    "expired or query ID is invalid");
		return;
	}
	callbacks->opened_ms[at] = 0;
	call_true(call);
}

void
callback_release(struct sim *sim)
{
	free(sim->callbacks.opened_ms);
	sim->callbacks = (struct callbacks){ 0 };
}
