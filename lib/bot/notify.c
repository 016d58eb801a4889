/* SPDX-License-Identifier: MIT */
/*
 * Messages to the members of a role about this chat.
 */
#include "bot/step_run.h"

#include <stdlib.h>

#include "base/json.h"

void
do_notify(struct run *run, const json_t *action)
{
	const char *lang = json_get_text(action, "lang");
	json_t *members =
	    json_object_get(run->flow->roles, json_get_text(action, "notify"));
	json_t *send = json_copy((json_t *)(uintptr_t)action), *value;
	struct chat about = *run->chat;
	const char *id;
	void *next;

	/* What they read is in their language, of which we know nothing but
	 * what the flow says. */
	about.reading = lang
	    ? lang
	    : json_string_value(json_array_get(run->flow->langs, 0));
	json_object_set(send, "send", json_object_get(action, "text"));
	json_object_foreach_safe (members, next, id, value) {
		struct effect *message = effects_add(run->effects,
		    EFFECT_MESSAGE, strtoll(id, NULL, 10));

		run->outcome = render(run->flow, &about, send, run->origin,
		    message, run->fault);
		if (run->outcome != OUT_OK)
			break;
	}
	json_decref(send);
}
