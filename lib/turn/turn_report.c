/* SPDX-License-Identifier: MIT */
#include "turn/turn_report.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "turn/report_text.h"
#include "turn/turn_private.h"

static void
report_release(struct turn_report *report)
{
	free(report->name);
	free(report->text);
	*report = (struct turn_report){ 0 };
}

void
turn_reports_forget(struct turn *turn)
{
	for (size_t i = 0; i < TURN_REPORTS; i++)
		report_release(&turn->reports[i]);
}

/* The one for the message ID; 0: a free place.  NULL: there is none. */
static struct turn_report *
report_find(struct turn *turn, int64_t id)
{
	for (size_t i = 0; i < TURN_REPORTS; i++)
		if (turn->reports[i].message == id)
			return &turn->reports[i];
	return NULL;
}

static void
report_want(struct turn *turn, const struct message *message, const char *name)
{
	struct turn_report *report = report_find(turn, 0);

	if (report != NULL)
		*report = (struct turn_report){ .message = message->id,
			.chat_id = message->chat_id,
			.name = mem_dup(name) };
}

bool
turn_is_report(struct turn *turn, const struct message *message, char **params,
    char **text)
{
	json_auto_t *action = json_loads(message->action, 0, NULL);
	const char *name = json_get_text(action, "report");
	struct turn_report *report = report_find(turn, message->id);

	*params = *text = NULL;
	if (name == NULL || turn->flow == NULL)
		return false;
	if (report == NULL) {
		report_want(turn, message, name);
	} else if (report->text != NULL) {
		json_auto_t *said = json_pack("{s:s}", "text", report->text);
		*params = json_text(said);
		*text = mem_dup(report->text);
		report_release(report);
	}
	return true;
}

static char *
report_write(struct turn *turn, const struct turn_report *report, int64_t now)
{
	struct turn_chat open = { 0 };
	struct fault fault;
	char *text = NULL;

	if (turn_chat_open(turn, report->chat_id, &open, &fault) == OUT_OK)
		text = report_text(turn->db, turn->flow, &open.chat,
		    report->name, now);
	turn_chat_close(&open);
	return text ? text : mem_dup(report->name);
}

bool
turn_reports(struct turn *turn, int64_t now)
{
	bool any = false;

	for (size_t i = 0; i < TURN_REPORTS && turn->flow != NULL; i++) {
		struct turn_report *report = &turn->reports[i];

		if (report->message == 0)
			continue;
		/* Nobody took it: its message went another way. */
		if (report->text != NULL) {
			report_release(report);
			continue;
		}
		report->text = report_write(turn, report, now);
		any = true;
	}
	return any;
}
