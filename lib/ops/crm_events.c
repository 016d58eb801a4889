/* SPDX-License-Identifier: MIT */
#include "ops/crm_events.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "store/hold.h"
#include "store/lead.h"
#include "store/meta.h"

static json_t *
data_of(const char *crm, int64_t lead, const struct crm_change *change)
{
	return json_pack("{s:I s:s s:s s:s s:s s:s s:b s:b}", "lead",
	    (json_int_t)lead, "crm", crm, "remote_id", change->remote_id,
	    "status", change->status, "status_id", change->status_id,
	    "pipeline_id", change->pipeline_id, "won", change->won, "lost",
	    change->lost);
}

/* The flow can hear the event; of what happened AT a time before a restore it
 * may have heard: that is undone and waits to be asked for. */
static enum outcome
keep(struct crm_events *events, int64_t chat_id, const char *event,
    const json_t *data, int64_t at, int64_t now, struct fault *fault)
{
	char *text = json_text(data);
	enum outcome out;

	if (at <= meta_int(events->db, META_UNHEARD, 0)) {
		db_return(events->db);
		out = hold_event(events->db, chat_id, event, text, now, fault);
	} else {
		out = db_unmark(events->db, fault);
	}
	free(text);
	return out;
}

/* *KNOWN: the flow has such an event, and the person is somebody we know. */
static enum outcome
fire(struct crm_events *events, int64_t chat_id, const char *event,
    const json_t *data, int64_t at, int64_t now, bool *known,
    struct fault *fault)
{
	struct fault why;
	enum outcome out = db_mark(events->db, fault);

	*known = false;
	if (out != OUT_OK)
		return out;
	out = turn_event(events->turn, chat_id, event, data, now, &why);
	if (out == OUT_OK) {
		*known = true;
		return keep(events, chat_id, event, data, at, now, fault);
	}
	db_return(events->db);
	if (out != OUT_NEVER) {
		*fault = why;
		return out;
	}
	/* What a flow makes of one event must not keep the next from being
	 * heard. */
	if (why.code != EXIT_INPUT)
		log_warning("%s of chat %lld: %s", event, (long long)chat_id,
		    why.text);
	return OUT_OK;
}

enum outcome
crm_events_hear(void *arg, const char *crm, int64_t lead,
    const struct crm_change *change, int64_t now, struct fault *fault)
{
	struct crm_events *events = arg;
	int64_t chat_id = lead_chat(events->db, lead);
	bool known = false;
	enum outcome out = OUT_OK;
	json_t *data;

	if (chat_id == 0)
		return OUT_OK;
	data = data_of(crm, lead, change);
	if (change->won || change->lost)
		out = fire(events, chat_id,
		    change->won ? "crm_won" : "crm_lost", data, change->at,
		    now, &known, fault);
	if (out == OUT_OK && !known)
		out = fire(events, chat_id, "crm_status", data, change->at,
		    now, &known, fault);
	json_decref(data);
	return out;
}
