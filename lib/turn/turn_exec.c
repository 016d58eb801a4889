/* SPDX-License-Identifier: MIT */
#include "turn/turn_exec.h"

#include <stdlib.h>

#include "base/log.h"
#include "store/updates.h"
#include "turn/turn_private.h"

static enum outcome
let_go(struct turn *turn, int64_t chat_id, struct fault *fault)
{
	enum outcome out;

	if (execs_open(turn->db, chat_id))
		return db_result(turn->db, fault);
	out = updates_release(turn->db, chat_id, fault);
	return out == OUT_OK ? turn_let_go(turn, chat_id, fault) : out;
}

/* Only the version that was suspended knows the place. */
static const struct flow *
flow_of(struct turn *turn, const struct exec *exec)
{
	if (turn->flow != NULL && step_can_resume(turn->flow, exec->resume))
		return turn->flow;
	return turn_old_flow(turn, exec->flow);
}

static enum outcome
go_on(struct turn *turn, const struct flow *flow, const struct exec *exec,
    const struct handler_end *end, int64_t now, struct fault *fault)
{
	const struct task task = { .id = exec->task_id,
		.name = exec->task_name,
		.expire_at = exec->expire_at };
	const struct effects_origin origin = {
		.task = exec->task_id != 0 ? &task : NULL,
	};
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };
	bool said = end->verdict == HANDLER_SAID;
	json_auto_t *data = said
	    ? json_pack("{s:b}", "ok", 1)
	    : json_pack("{s:b, s:s}", "ok", 0, "error", end->why);
	const struct input input = { .kind = INPUT_EXEC,
		.text = exec->resume,
		.data = data };

	if (said)
		json_object_update(data, end->output);
	enum outcome out = turn_chat_open(turn, exec->chat_id, &open, fault);
	if (out == OUT_OK)
		out = turn_step(turn, flow, &open, &input, &origin, now,
		    &result, fault);
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

/* The flow cannot go on: that is for a human, and the chat must not wait for
 * one. */
static enum outcome
bury(struct turn *turn, const struct exec *exec, int64_t worker,
    const char *reason, int64_t now, struct fault *fault)
{
	bool lost;
	enum outcome out = execs_end(turn->db, exec, worker, EXEC_DEAD, 0,
	    reason, now, &lost, fault);

	++turn->counts.buried;
	log_error("exec %lld at %s of chat %lld is dead: %s; mend it, then "
		  "'leadpipe recover-pending --retry exec:%lld'",
	    (long long)exec->id, exec->place ? exec->place : "?",
	    (long long)exec->chat_id, reason, (long long)exec->id);
	return out == OUT_OK ? turn_leave_circle(turn, now, fault) : out;
}

static enum outcome
resume(struct turn *turn, const struct flow *flow, const struct exec *exec,
    int64_t worker, const struct handler_end *end, int64_t now,
    struct fault *fault)
{
	bool said = end->verdict == HANDLER_SAID, lost;
	struct fault why;
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	turn->looped = 0;
	out = execs_end(turn->db, exec, worker, said ? EXEC_DONE : EXEC_FAILED,
	    0, said ? NULL : end->why, now, &lost, &why);
	if (out == OUT_OK && !lost)
		out = go_on(turn, flow, exec, end, now, &why);
	if (out == OUT_OK) {
		if (!lost)
			++*(said ? &turn->counts.handled
				 : &turn->counts.unhandled);
		return db_unmark(turn->db, fault);
	}
	db_return(turn->db);
	if (turn_blames_item(turn, out))
		return bury(turn, exec, worker, why.text, now, fault);
	*fault = why;
	return out;
}

static void
tell(const struct exec *exec, const struct handler_end *end)
{
	const char *place = exec->place ? exec->place : "?";

	if (end->verdict == HANDLER_FAILED)
		log_warning("the handler at %s failed for chat %lld: %s",
		    place, (long long)exec->chat_id, end->why);
	else if (log_wants(LOG_INFO))
		log_event(LOG_INFO,
		    end->verdict == HANDLER_SAID ? "handler_answered"
						 : "handler_again",
		    "exec=%lld chat=%lld place=%s attempt=%d",
		    (long long)exec->id, (long long)exec->chat_id,
		    log_quote(place), exec->attempt);
}

static enum outcome
end_it(struct turn *turn, const struct exec *exec, int64_t worker,
    const struct child_result *result, struct handler_end *end, int64_t now,
    struct fault *fault)
{
	const struct flow *flow = flow_of(turn, exec);
	bool lost;

	if (end->verdict == HANDLER_DEADLY)
		return bury(turn, exec, worker, end->why, now, fault);
	if (flow == NULL)
		return bury(turn, exec, worker,
		    "no version of the flow can go on there", now, fault);
	if (result != NULL)
		handler_judge(flow, exec, result, now, end);
	tell(exec, end);
	if (end->verdict == HANDLER_BACK || end->verdict == HANDLER_AGAIN)
		return execs_end(turn->db, exec, worker,
		    end->verdict == HANDLER_BACK ? EXEC_BACK : EXEC_AGAIN,
		    end->not_before, end->why, now, &lost, fault);
	return resume(turn, flow, exec, worker, end, now, fault);
}

enum outcome
turn_exec_end(struct turn *turn, const struct exec *exec, int64_t worker,
    const struct child_result *result, struct handler_end *end, int64_t now,
    struct fault *fault)
{
	struct exec row;
	enum outcome out;

	if (!execs_load(turn->db, exec->id, &row) ||
	    row.generation != exec->generation)
		return db_result(turn->db, fault);
	int64_t chat_id = row.chat_id;
	out = end_it(turn, &row, worker, result, end, now, fault);
	json_decref(end->output);
	end->output = NULL;
	return out == OUT_OK ? let_go(turn, chat_id, fault) : out;
}
