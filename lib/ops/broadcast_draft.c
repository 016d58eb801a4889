/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/broadcast_bundle.h"
#include "store/flows.h"

static enum outcome
open_current(struct run *run, struct flow **flow)
{
	struct findings findings = { 0 };
	char *bundle = flows_bundle(run->db, NULL);
	enum outcome out = db_result(run->db, &run->fault);

	if (out != OUT_OK || bundle == NULL) {
		free(bundle);
		return out != OUT_OK
		    ? out
		    : fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
			  "there is no flow, so nobody could answer to what "
			  "people reply: 'leadpipe deploy-flow FILE' first");
	}
	out = flow_open(bundle, strlen(bundle), run->config, flow, &findings,
	    &run->fault);
	findings_release(&findings);
	free(bundle);
	return out;
}

/* What is wrong is said of what people wrote, not of the version made of
 * it. */
static enum outcome
open_words(struct run *run, struct broadcast_draft *draft)
{
	struct findings findings = { 0 };
	struct buf part = BUF_INIT(400);
	const struct finding *first = NULL;
	enum outcome out = flow_open(draft->bundle, strlen(draft->bundle),
	    run->config, &draft->flow, &findings, &run->fault);

	if (out == OUT_NEVER && findings_errors(&findings, &first) > 0) {
		broadcast_part(&part, first->where);
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT, "%s: %s",
		    part.data, first->text);
	}
	buf_release(&part);
	findings_release(&findings);
	return out;
}

enum outcome
broadcast_draft_make(struct run *run, const struct broadcast_words *words,
    const struct audience_words *audience, bool unsubscribe,
    struct broadcast_draft *draft)
{
	struct broadcast_content content = { .unsubscribe = unsubscribe };
	struct flow *current = NULL;
	json_t *message = NULL;
	char *path = NULL;
	enum outcome out =
	    broadcast_words_read(words, &message, &path, &run->fault);

	if (out == OUT_OK)
		out = open_current(run, &current);
	if (out == OUT_OK)
		out = audience_make(current, audience, draft->start_at,
		    &draft->audience, &draft->strange, &run->fault);
	if (out == OUT_OK) {
		content.message = message;
		content.path = path;
		content.langs = json_object_get(draft->audience, "lang");
		content.guard = json_object_get(draft->audience, "guard");
		out = broadcast_bundle(current, &content, &draft->bundle,
		    &draft->action, &run->fault);
	}
	if (out == OUT_OK)
		out = open_words(run, draft);
	flow_close(current);
	json_decref(message);
	free(path);
	return out;
}

void
broadcast_draft_release(struct broadcast_draft *draft)
{
	flow_close(draft->flow);
	free(draft->bundle);
	json_decref(draft->action);
	json_decref(draft->audience);
	json_decref(draft->strange);
	*draft = (struct broadcast_draft){ 0 };
}

enum outcome
broadcast_draft_render(const struct broadcast_draft *draft,
    const struct chat *chat, struct effect *message, struct fault *fault)
{
	return step_render(draft->flow, chat, draft->action, message, fault);
}
