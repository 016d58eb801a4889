/* SPDX-License-Identifier: MIT */
#include "turn/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/execs.h"
#include "store/flows.h"
#include "store/meta.h"
#include "store/updates.h"
#include "turn/chat_io.h"
#include "turn/turn_private.h"

/* A stored bundle was checked when it was deployed; that it fails now means
 * that this program knows less than the one that deployed it. */
static enum outcome
load_flow(struct turn *turn, const char *hash, struct flow **flow,
    struct fault *fault)
{
	struct findings findings = { 0 };
	const struct finding *first;
	char *bundle = flows_bundle(turn->db, hash);

	*flow = NULL;
	if (bundle == NULL)
		return OUT_OK;
	enum outcome out = flow_open(bundle, strlen(bundle), turn->config,
	    flow, &findings, fault);
	if (out != OUT_OK && findings_errors(&findings, &first) > 0)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the deployed flow cannot be run: %s: %s; deploy it again "
		    "with 'leadpipe deploy-flow FILE'",
		    first->where, first->text);
	findings_release(&findings);
	free(bundle);
	return out;
}

enum outcome
turn_open(struct turn **turn, struct db *db, const struct config *config,
    struct fault *fault)
{
	*turn = mem_alloc(sizeof **turn);
	(*turn)->db = db;
	(*turn)->config = config;
	enum outcome out = load_flow(*turn, NULL, &(*turn)->flow, fault);
	if (out != OUT_OK) {
		turn_close(*turn);
		*turn = NULL;
	}
	return out;
}

void
turn_close(struct turn *turn)
{
	if (turn == NULL)
		return;
	flow_close(turn->flow);
	for (size_t i = 0; i < TURN_OLD_FLOWS; i++)
		flow_close(turn->old[i]);
	turn_undone(turn);
	turn_report_forget(turn);
	json_decref(turn->unfit);
	free(turn->notices);
	free(turn);
}

enum outcome
turn_has_flow(const struct turn *turn, struct fault *fault)
{
	if (turn->flow != NULL)
		return OUT_OK;
	if (config_get(turn->config, "FLOW_FILE") != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "FLOW_FILE cannot be used and there is no older flow: what "
		    "people write is stored and waits; mend the flow");
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "there is no flow: what people write is stored and waits; set "
	    "FLOW_FILE or use 'leadpipe deploy-flow FILE'");
}

enum outcome
turn_refresh(struct turn *turn, struct fault *fault)
{
	enum outcome out = OUT_OK;
	char *hash = meta_text(turn->db, META_FLOW);
	struct flow *fresh = NULL;

	if (hash != NULL &&
	    (turn->flow == NULL || strcmp(hash, flow_hash(turn->flow)) != 0))
		out = load_flow(turn, hash, &fresh, fault);
	if (out == OUT_OK && fresh != NULL) {
		flow_close(turn->flow);
		turn->flow = fresh;
		turn->planned = false;
	}
	free(hash);
	return out;
}

const struct flow *
turn_old_flow(struct turn *turn, const char *hash)
{
	struct fault fault;
	struct flow *flow;

	if (hash == NULL)
		return NULL;
	for (size_t i = 0; i < TURN_OLD_FLOWS; i++)
		if (turn->old[i] != NULL &&
		    strcmp(flow_hash(turn->old[i]), hash) == 0)
			return turn->old[i];
	if (load_flow(turn, hash, &flow, &fault) != OUT_OK || flow == NULL)
		return NULL;
	size_t place = turn->old_next++ % TURN_OLD_FLOWS;
	flow_close(turn->old[place]);
	turn->old[place] = flow;
	return flow;
}

bool
turn_blames_item(const struct turn *turn, enum outcome out)
{
	return (out == OUT_NEVER || out == OUT_BUG) && !db_broken(turn->db);
}

enum outcome
turn_chat_open(struct turn *turn, int64_t chat_id, struct turn_chat *open,
    struct fault *fault)
{
	enum outcome out = chats_load(turn->db, chat_id, &open->row, fault);

	chat_init(&open->chat, chat_id);
	if (out != OUT_OK)
		return out;
	chat_release(&open->chat);
	return chat_from_row(&open->chat, &open->row, fault);
}

void
turn_chat_close(struct turn_chat *open)
{
	chat_release(&open->chat);
	chat_row_release(&open->row);
}

enum outcome
turn_step(struct turn *turn, const struct flow *flow, struct turn_chat *open,
    const struct input *input, const struct effects_origin *origin,
    int64_t now, struct effects_result *result, struct fault *fault)
{
	struct effects effects = { 0 };
	struct effects_origin from = *origin;
	char *state = mem_dup(open->chat.state);
	bool paused = open->chat.handoff_until != 0;
	enum outcome out =
	    step(flow, &open->chat, input, now, &effects, fault);

	from.state = state;
	turn->looped = effects.looped ? open->row.chat_id : 0;
	json_decref(turn->unfit);
	turn->unfit = effects.unfit;
	effects.unfit = NULL;
	if (out == OUT_OK)
		out = effects_write(turn->db, flow, &open->chat, &effects,
		    &from, now, result, fault);
	if (out == OUT_OK) {
		for (size_t i = 0; i < effects.count; i++)
			if (effects.list[i].kind == EFFECT_ENTERED)
				open->row.entered_at = now;
		chat_to_row(&open->chat, &open->row, now);
		/* What an operator says makes nobody known. */
		if (open->row.exists || input->kind != INPUT_OPERATOR)
			out = chats_save(turn->db, &open->row, fault);
	}
	/* The operator is through: what was due meanwhile is due now. */
	if (out == OUT_OK && paused && open->row.handoff_until <= now)
		out = tasks_unhold(turn->db, open->row.chat_id, fault);
	turn->counts.cancelled += result->cancelled;
	effects_release(&effects);
	free(state);
	return out;
}

enum outcome
turn_leave_circle(struct turn *turn, int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	const struct input input = { .kind = INPUT_PLACE, .text = "" };
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };

	if (turn->looped == 0 || turn->flow == NULL)
		return OUT_OK;
	enum outcome out = turn_chat_open(turn, turn->looped, &open, fault);
	if (out == OUT_OK && open.row.exists)
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, fault);
	turn->looped = 0;
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

enum outcome
turn_let_go(struct turn *turn, int64_t chat_id, struct fault *fault)
{
	if (execs_open(turn->db, chat_id) || updates_kept(turn->db, chat_id))
		return db_result(turn->db, fault);
	return tasks_unhold(turn->db, chat_id, fault);
}

void
turn_notice_add(struct turn *turn, int64_t update_row, const char *callback_id,
    char *text)
{
	if (turn->notice_next == turn->notice_count)
		turn->notice_next = turn->notice_count = 0;
	if (turn->notice_count == turn->notice_size) {
		turn->notice_size = turn->notice_size * 2 + 8;
		turn->notices = mem_array(turn->notices, turn->notice_size,
		    sizeof *turn->notices);
	}
	turn->notices[turn->notice_count++] = (struct turn_notice){
		.update_row = update_row,
		.callback_id = mem_dup(callback_id),
		.text = text,
	};
}

bool
turn_notice_next(struct turn *turn, struct turn_notice *notice)
{
	if (turn->notice_next == turn->notice_count)
		return false;
	*notice = turn->notices[turn->notice_next++];
	return true;
}

void
turn_committed(struct turn *turn)
{
	turn->committed = turn->counts;
	turn_report_committed(turn);
}

void
turn_undone(struct turn *turn)
{
	struct turn_notice notice;

	turn->counts = turn->committed;
	turn->planned = false;
	turn_report_undone(turn);
	while (turn_notice_next(turn, &notice)) {
		free(notice.callback_id);
		free(notice.text);
	}
}

const struct turn_counts *
turn_counts(const struct turn *turn)
{
	return &turn->counts;
}
