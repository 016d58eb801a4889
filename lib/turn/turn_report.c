/* SPDX-License-Identifier: MIT */
#include "turn/turn_report.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/report_try.h"
#include "turn/report_text.h"
#include "turn/turn_private.h"

static void
report_release(struct turn_report *report)
{
	free(report->name);
	free(report->text);
	*report = (struct turn_report){ .phase = REPORT_NONE };
}

void
turn_report_forget(struct turn *turn)
{
	report_release(&turn->report);
}

void
turn_report_committed(struct turn *turn)
{
	if (turn->report.phase == REPORT_ASKED)
		turn->report.phase = REPORT_COUNTED;
	else if (turn->report.phase == REPORT_STORED)
		report_release(&turn->report);
}

/* What is counted must not be counted again only because the next transaction
 * failed. */
void
turn_report_undone(struct turn *turn)
{
	if (turn->report.phase == REPORT_ASKED)
		report_release(&turn->report);
	else if (turn->report.phase == REPORT_STORED)
		turn->report.phase = REPORT_WRITTEN;
}

bool
turn_is_report(const struct turn *turn, const struct message *message)
{
	json_auto_t *action = json_loads(message->action, 0, NULL);

	return turn->flow != NULL && json_get_text(action, "report") != NULL;
}

enum outcome
turn_report_ask(struct turn *turn, const struct message *message,
    int64_t worker, struct fault *fault)
{
	json_auto_t *action = json_loads(message->action, 0, NULL);

	if (turn->report.phase != REPORT_NONE)
		return OUT_OK;
	/* Nothing but its being asked for counts before it is written. */
	if (message->tries >= REPORT_TRIES)
		return fault_set(fault, OUT_NEVER, EXIT_BUG,
		    "the command died each time this report was written");
	turn->report = (struct turn_report){ .phase = REPORT_ASKED,
		.message = message->id,
		.chat_id = message->chat_id,
		.worker = worker,
		.name = mem_dup(json_get_text(action, "report")) };
	return report_try(turn->db, message->id, worker, fault);
}

bool
turn_report_asked(const struct turn *turn)
{
	return turn->report.phase == REPORT_ASKED;
}

bool
turn_report_write(struct turn *turn, int64_t now)
{
	struct turn_report *report = &turn->report;
	struct turn_chat open = { 0 };
	struct fault fault;

	if (report->phase != REPORT_COUNTED)
		return report->phase == REPORT_WRITTEN;
	const struct report asked = { .flow = turn->flow,
		.chat = &open.chat,
		.name = report->name,
		.now = now };
	enum outcome out =
	    turn_chat_open(turn, report->chat_id, &open, &fault);
	if (out == OUT_OK)
		out = report_text(turn->db, &asked, &report->text, &fault);
	if (out != OUT_OK && out != OUT_LATER) {
		log_error("the report '%s' for chat %lld cannot be written: "
			  "%s",
		    report->name, (long long)report->chat_id, fault.text);
		report->text = report_apology(&asked, &fault);
	}
	turn_chat_close(&open);
	report->phase = REPORT_WRITTEN;
	return true;
}

enum outcome
turn_report_store(struct turn *turn, int64_t now, struct fault *fault)
{
	struct turn_report *report = &turn->report;
	enum outcome out;

	if (report->phase != REPORT_WRITTEN)
		return OUT_OK;
	report->phase = REPORT_STORED;
	out = report_try(turn->db, 0, report->worker, fault);
	if (out != OUT_OK)
		return out;
	if (report->text == NULL)
		return messages_postpone(turn->db, report->chat_id,
		    now + REPORT_LATER_MS, 0, fault);
	json_auto_t *said = json_pack("{s:s}", "text", report->text);
	char *params = json_text(said);
	out = messages_rewrite(turn->db, report->message, params, report->text,
	    true, fault);
	free(params);
	return out == OUT_OK
	    ? messages_tried(turn->db, report->message, 0, fault)
	    : out;
}
