/* SPDX-License-Identifier: MIT */
#include "ops/page_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ops/page_text.h"
#include "ops/status_verdict.h"

static const struct check *
find_check(const struct status *status, const char *name)
{
	for (size_t i = 0; i < status->checks->count; i++)
		if (strcmp(status->checks->list[i].name, name) == 0)
			return &status->checks->list[i];
	return NULL;
}

static void
add_trouble(struct buf *out, const struct status *status,
    const struct check *check)
{
	buf_printf(out, "<li class=\"%s\">", page_state_class(check->state));
	page_add_mark(out, check->state);
	buf_add_text(out, "<div><h3>");
	page_add_text(out, *check->text != '\0' ? check->text : check->name);
	buf_printf(out, "</h3><p class=\"small soft\">%s",
	    check_state_name(check->state));
	if (check->since != 0 && check->since <= status->now) {
		buf_add_text(out, " since ");
		page_add_time(out, status, check->since);
	}
	buf_add_text(out, "</p>");
	if (*check->remedy != '\0') {
		buf_add_text(out, "<p>");
		page_add_remedy(out, check->remedy);
		buf_add_text(out, "</p>");
	}
	buf_add_text(out, "</div></li>\n");
}

void
page_add_troubles(struct buf *out, const struct status *status)
{
	if (status->state == CHECK_OK)
		return;
	buf_add_text(out,
	    "<section><h2>What is wrong, and what mends it</h2>"
	    "<ul class=\"troubles\">\n");
	for (int state = (int)status->state; state > CHECK_OK; state--)
		for (size_t i = 0; i < status->checks->count; i++)
			if ((int)status->checks->list[i].state == state)
				add_trouble(out, status,
				    &status->checks->list[i]);
	buf_add_text(out, "</ul></section>\n");
}

struct tile {
	const char *number, *what;
	const char *age; /* of the oldest, a number in seconds; NULL: none */
	const char *calm, *late;
};

static void
add_tile(struct buf *out, const struct status *status, const struct tile *tile)
{
	double age = tile->age ? status_number(status, tile->age, 0) : 0;

	buf_printf(out, "<div><dt>%s</dt><dd class=\"big\">", tile->what);
	page_add_number(out, (int64_t)status_number(status, tile->number, 0));
	buf_add_text(out, "</dd><dd class=\"small soft\">");
	if (age > 0) {
		buf_add_text(out, tile->late);
		page_add_span(out, age * 1000);
	} else {
		buf_add_text(out, tile->calm);
	}
	buf_add_text(out, "</dd></div>");
}

/* What waits for a person, or for better times. */
static const struct {
	const char *name, *what;
	const char *mended_by; /* as this one says, NULL: itself */
} aside[] = {
	{ "leads", "Leads on their way", "lead_lag" },
	{ "leads_unknown", "Leads the CRM may have", NULL },
	{ "leads_parked", "Leads the CRM does not take", NULL },
	{ "leads_doubled", "Leads the CRM has twice", NULL },
	{ "leads_untold", "Leads whose note fails", NULL },
	{ "leads_stripped", "Leads that lost a field", NULL },
	{ "parked", "Updates put aside", NULL },
	{ "unknown", "Messages that may have arrived", NULL },
	{ "ambiguous", "Messages in doubt", NULL },
	{ "held", "Messages on hold", NULL },
	{ "dead", "Dead letters", NULL },
};

static void
add_aside(struct buf *out, const struct status *status)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(aside) / sizeof(*aside); i++) {
		const struct check *check = find_check(status, aside[i].name);
		const struct check *mend = aside[i].mended_by != NULL
		    ? find_check(status, aside[i].mended_by)
		    : check;

		if (check == NULL || !check->known || check->value <= 0)
			continue;
		if (!any)
			buf_add_text(out,
			    "<table class=\"set\"><caption>Backlog, and what "
			    "mends it</caption><thead><tr><th scope=\"col\">"
			    "What</th><th scope=\"col\" class=\"num\">Number"
			    "</th><th scope=\"col\">What to do</th></tr>"
			    "</thead><tbody>\n");
		any = true;
		buf_printf(out,
		    "<tr><th scope=\"row\">%s</th><td class=\"num\">",
		    aside[i].what);
		page_add_number(out, (int64_t)check->value);
		buf_add_text(out, "</td><td class=\"small\">");
		page_add_remedy(out, mend ? mend->remedy : "");
		buf_add_text(out, "</td></tr>\n");
	}
	if (any)
		buf_add_text(out, "</tbody></table>");
}

void
page_add_waiting(struct buf *out, const struct status *status)
{
	static const struct tile tiles[] = {
		{ "ready", "to be sent", "due_lag", "nothing is late",
		    "the oldest is due for " },
		{ "updates", "to be answered", NULL, "updates received", "" },
		{ "tasks", "planned", NULL, "reminders and timers", "" },
		{ "leads", "for the CRM", "lead_lag", "no lead waits",
		    "the oldest waits for " },
	};

	buf_add_text(out, "<section><h2>Waiting now</h2><dl class=\"tiles\">");
	for (size_t i = 0; i < sizeof(tiles) / sizeof(*tiles); i++)
		if (status_number(status, tiles[i].number, -1) >= 0)
			add_tile(out, status, &tiles[i]);
	buf_add_text(out, "</dl>");
	add_aside(out, status);
	buf_add_text(out, "</section>\n");
}

static void
add_row(struct buf *out, const char *what, const int64_t numbers[3])
{
	buf_printf(out, "<tr><th scope=\"row\"%s>%s</th>",
	    *what == 'o' ? " class=\"sub\"" : "", what);
	for (int i = 0; i < 3; i++) {
		buf_add_text(out, "<td class=\"num\">");
		page_add_number(out, numbers[i]);
		buf_add_text(out, "</td>");
	}
	buf_add_text(out, "</tr>\n");
}

void
page_add_today(struct buf *out, const struct status *status)
{
	const struct status_period *now = &status->today,
				   *then = &status->by_now,
				   *day = &status->yesterday;
	const struct {
		const char *what;
		int64_t numbers[3];
	} rows[] = {
		{ "New people", { now->people, then->people, day->people } },
		{ "Messages received",
		    { now->received, then->received, day->received } },
		{ "Messages sent", { now->sent, then->sent, day->sent } },
		{ "of them reminders",
		    { now->reminders, then->reminders, day->reminders } },
		{ "Failed", { now->failed, then->failed, day->failed } },
		{ "Leads", { now->leads, then->leads, day->leads } },
		{ "Leads in the CRM",
		    { now->created, then->created, day->created } },
	};

	buf_add_text(out,
	    "<section><h2>Today</h2><table><thead><tr>"
	    "<td></td>"
	    "<th scope=\"col\" class=\"num\">Today</th>"
	    "<th scope=\"col\" class=\"num\">Yesterday by now"
	    "</th><th scope=\"col\" class=\"num\">Yesterday</th>"
	    "</tr></thead><tbody>\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		add_row(out, rows[i].what, rows[i].numbers);
	buf_add_text(out, "</tbody></table></section>\n");
}

static enum check_state
run_state(const struct status_run *run)
{
	if (run->crashed)
		return CHECK_CRITICAL;
	if (run->ended_at != 0 && run->exit_code == EXIT_LATER)
		return CHECK_UNKNOWN;
	return run->ended_at == 0 || run->exit_code <= EXIT_DEAD
	    ? CHECK_OK
	    : CHECK_WARNING;
}

static void
add_run(struct buf *out, const struct status *status,
    const struct status_run *run)
{
	int64_t at = run->ended_at != 0 ? run->ended_at : run->started_at;

	buf_add_text(out, "<tr><th scope=\"row\">");
	page_add_text(out, run->command);
	buf_add_text(out, "</th><td>");
	if (run->ended_at == 0) {
		buf_add_text(out, "runs for ");
		page_add_span(out, (double)(status->now - at));
	} else {
		page_add_span(out, (double)(status->now - at));
		buf_add_text(out, " ago");
	}
	buf_printf(out, "</td><td class=\"num %s\"><span class=\"word\">",
	    page_state_class(run_state(run)));
	if (run->crashed)
		buf_add_text(out, "crashed");
	else if (run->ended_at == 0)
		buf_add_text(out, "at work");
	else if (run->exit_code == 0)
		buf_add_text(out, "done");
	else if (run->exit_code == EXIT_LATER)
		buf_add_text(out, "tries again");
	else
		buf_printf(out, "exit %lld", (long long)run->exit_code);
	buf_add_text(out, "</span></td></tr>\n");
}

void
page_add_commands(struct buf *out, const struct status *status)
{
	if (status->run_count == 0)
		return;
	buf_add_text(out,
	    "<section><h2>Commands</h2><table><thead><tr>"
	    "<th scope=\"col\">Command</th><th scope=\"col\">"
	    "Last run</th><th scope=\"col\" class=\"num\">End"
	    "</th></tr></thead><tbody>\n");
	for (int i = 0; i < status->run_count; i++)
		add_run(out, status, &status->runs[i]);
	buf_add_text(out, "</tbody></table></section>\n");
}

/* A page is no report: show-funnel has the rest. */
#define FUNNELS_MOST 6
#define STEPS_MOST 12

static void
add_step(struct buf *out, const json_t *step)
{
	double share = json_number_value(json_object_get(step, "of_first"));
	int64_t span = json_get_int(step, "median_ms", -1);

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	buf_add_text(out, "<tr><th scope=\"row\">");
	page_add_text(out, json_get_text(step, "state"));
	buf_add_text(out, "</th><td class=\"num\">");
	page_add_number(out, json_get_int(step, "people", 0));
	buf_printf(out,
	    "</td><td class=\"num\">%.0f %%</td><td class=\"num\">",
	    100 * share);
	if (span >= 0)
		page_add_span(out, (double)span);
	buf_printf(out,
	    "</td><td class=\"bar\"><span style=\"width:%.1f%%\"></span></td>"
	    "</tr>\n",
	    100 * share);
}

void
page_add_funnels(struct buf *out, const struct status *status)
{
	json_t *steps, *step;
	const char *name;
	size_t i, shown = 0;

	if (json_object_size(status->funnels) == 0)
		return;
	buf_add_text(out,
	    "<section><h2>How far people come</h2>"
	    "<div class=\"charts\">");
	json_object_foreach (status->funnels, name, steps) {
		if (shown++ >= FUNNELS_MOST)
			break;
		buf_add_text(out, "<table><caption>");
		page_add_text(out, name);
		buf_add_text(out,
		    ": who came first in the last 30 days, "
		    "counted at ");
		page_add_clock(out, status, status->funnels_at, false);
		buf_add_text(out,
		    "</caption><thead><tr><th scope=\"col\">Step</th>"
		    "<th scope=\"col\" class=\"num\">People</th>"
		    "<th scope=\"col\" class=\"num\">Of first</th>"
		    "<th scope=\"col\" class=\"num\">Took</th>"
		    "<td></td></tr></thead><tbody>\n");
		json_array_foreach (steps, i, step)
			if (i < STEPS_MOST)
				add_step(out, step);
		buf_add_text(out, "</tbody></table>\n");
	}
	buf_add_text(out, "</div></section>\n");
}

static bool
lasts(const struct status_incident *incident)
{
	return incident->ended_at == 0;
}

static void
add_incident(struct buf *out, const struct status *status,
    const struct status_incident *incident)
{
	buf_add_text(out, "<tr><td>");
	page_add_time(out, status, incident->began_at);
	buf_printf(out, "</td><td class=\"num\">");
	page_add_span(out, (double)(incident->ended_at - incident->began_at));
	buf_printf(out,
	    "</td><td class=\"%s\"><b>%s</b> <span class=\"word small\">%s"
	    "</span>",
	    page_state_class(incident->state), page_component(incident->key),
	    page_state_word(incident->state));
	if (!status->public && *incident->text != '\0') {
		buf_add_text(out, "<br><span class=\"small\">");
		page_add_text(out, incident->text);
		buf_add_text(out, "</span>");
	}
	buf_add_text(out, "</td></tr>\n");
}

void
page_add_incidents(struct buf *out, const struct status *status)
{
	int over = 0;

	for (int i = 0; i < status->incident_count; i++)
		over += !lasts(&status->incidents[i]);
	if (!status->known)
		return;
	buf_add_text(out, "<section><h2>Incidents</h2>");
	if (over == 0) {
		buf_add_text(out,
		    "<p class=\"soft\">None that is over is on "
		    "record.</p></section>\n");
		return;
	}
	buf_add_text(out,
	    "<table class=\"past\"><thead><tr>"
	    "<th scope=\"col\">Began</th>"
	    "<th scope=\"col\" class=\"num\">Lasted</th>"
	    "<th scope=\"col\">What</th></tr></thead><tbody>\n");
	for (int i = 0; i < status->incident_count; i++)
		if (!lasts(&status->incidents[i]))
			add_incident(out, status, &status->incidents[i]);
	buf_add_text(out, "</tbody></table></section>\n");
}
