/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "delivery/poller_state.h"

void
poller_remember(struct poller *p, struct json_slice raw, int64_t at)
{
	struct json_slice query, id;

	if (p->press_count == POLLER_BATCH ||
	    !json_member(raw, "callback_query", &query) ||
	    !json_member(query, "id", &id) || id.len < 3 || *id.at != '"')
		return;
	p->presses[p->press_count++] = (struct press){
		.callback_id = mem_dup_n(id.at + 1, id.len - 2),
		.at = at,
	};
}

char *
poller_unanswered(struct poller *p, int64_t since)
{
	for (int i = 0; i < p->press_count; i++) {
		if (p->presses[i].at > since)
			continue;
		char *id = p->presses[i].callback_id;
		p->presses[i] = p->presses[--p->press_count];
		return id;
	}
	return NULL;
}

void
poller_answered(struct poller *p, const char *callback_id)
{
	for (int i = 0; i < p->press_count; i++) {
		if (strcmp(p->presses[i].callback_id, callback_id) != 0)
			continue;
		free(p->presses[i].callback_id);
		p->presses[i] = p->presses[--p->press_count];
		return;
	}
}
