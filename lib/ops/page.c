/* SPDX-License-Identifier: MIT */
#include "ops/page.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "ops/page_chart.h"
#include "ops/page_part.h"
#include "ops/page_style.h"
#include "ops/page_text.h"
#include "ops/status_verdict.h"

/* A browser that comes a little later finds the next one. */
#define RELOAD_S 2

static const char *const verdicts[] = { [CHECK_OK] = "Everything works",
	[CHECK_UNKNOWN] = "The state is not known",
	[CHECK_WARNING] = "It works, but needs a look",
	[CHECK_CRITICAL] = "Something is broken" };

static const struct chart charts[] = {
	{ .id = "c1",
	    .title = "Messages",
	    .member = offsetof(struct status_slot, received),
	    .second = offsetof(struct status_slot, sent),
	    .names = { "received", "sent" },
	    .least = 10 },
	{ .id = "c2",
	    .title = "Slowest message",
	    .member = offsetof(struct status_slot, slowest_ms),
	    .least = 1000,
	    .spans = true },
	{ .id = "c3",
	    .title = "Queue",
	    .member = offsetof(struct status_slot, queue),
	    .least = 10 },
	{ .id = "c4",
	    .title = "Leads on their way to the CRM",
	    .member = offsetof(struct status_slot, leads),
	    .least = 5 },
};

static void
add_title(struct buf *out, const struct status *status)
{
	if (status->title != NULL)
		page_add_text(out, status->title);
	else if (status->bot_id != 0 && !status->public)
		buf_printf(out, "Bot %lld", (long long)status->bot_id);
	else
		buf_add_text(out, "Status");
}

/* What the tab of a browser shows. */
static void
add_icon(struct buf *out, enum check_state state)
{
	static const char *const icons[] = {
		[CHECK_OK] = "%231a7a49'/%3E%3Cpath d='M4 8.5l3 3 5.5-6.5",
		[CHECK_UNKNOWN] = "%23666d76'/%3E%3Cpath d='M4 8h8",
		[CHECK_WARNING] = "%23975a00'/%3E%3Cpath d='M8 3.5v5.5M8 "
				  "11.6v.9",
		[CHECK_CRITICAL] = "%23b3261e'/%3E%3Cpath d='M4.8 4.8l6.4 "
				   "6.4m0-6.4l-6.4 6.4"
	};

	buf_printf(out,
	    "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg "
	    "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%%3E%%3C"
	    "rect width='16' height='16' rx='4' fill='%s' fill='none' "
	    "stroke='%%23fff' stroke-width='2' stroke-linecap='round'/%%3E"
	    "%%3C/svg%%3E\">\n",
	    icons[state]);
}

static void
add_head(struct buf *out, const struct status *status)
{
	buf_printf(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
	    "base-uri 'none'; form-action 'none'\">\n"
	    "<meta http-equiv=\"refresh\" content=\"%lld\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s: ",
	    (long long)status->every_ms / 1000 + RELOAD_S,
	    verdicts[status->state]);
	add_title(out, status);
	buf_add_text(out, "</title>\n");
	add_icon(out, status->state);
	buf_add_text(out, "<style>\n");
	for (size_t i = 0; page_style[i] != NULL; i++)
		buf_add_text(out, page_style[i]);
	buf_add_text(out, "</style>\n</head>\n<body>\n");
}

static void
add_clock(struct buf *out, const struct status *status, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	buf_printf(out, "<time datetime=\"%s\">", clock_text(at, text));
	page_add_clock(out, status, at, true);
	buf_add_text(out, "</time>");
}

/* A page that nobody renews looks as well as one that is: it says when it is
 * too old to be believed. */
static void
add_header(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<header><h1>");
	add_title(out, status);
	buf_add_text(out, "</h1><p>Made ");
	page_add_day(out, status->today_day);
	buf_add_text(out, ", ");
	add_clock(out, status, status->now);
	buf_add_text(out, "; the next one is due ");
	add_clock(out, status, status->now + status->every_ms);
	buf_printf(out, " <span>(%s)</span></p></header>\n",
	    status->zone_name);
}

static void
add_verdict(struct buf *out, const struct status *status)
{
	buf_printf(out, "<section class=\"verdict %s\">",
	    page_state_class(status->state));
	page_add_mark(out, status->state);
	buf_printf(out, "<div><h2>%s</h2><p class=\"soft\">",
	    verdicts[status->state]);
	if (status->since != 0 && status->since <= status->now) {
		buf_add_text(out, "since ");
		page_add_time(out, status, status->since);
		buf_add_text(out, ", for ");
		page_add_span(out, (double)(status->now - status->since));
	} else if (status->state == CHECK_OK) {
		buf_add_text(out, "no trouble on record");
	} else {
		buf_add_text(out, "since when is not known");
	}
	buf_add_text(out, "</p></div></section>\n");
}

static void
add_components(struct buf *out, const struct status *status)
{
	const char *name = "";

	buf_add_text(out, "<section><h2>Parts</h2><ul class=\"parts\">");
	while ((name = status_next_component(status, name)) != NULL) {
		enum check_state state = status_component(status, name);

		buf_printf(out, "<li class=\"%s\">", page_state_class(state));
		page_add_mark(out, state);
		buf_printf(out, "%s <span class=\"word\">%s</span></li>",
		    page_component(name), page_state_word(state));
	}
	buf_add_text(out, "</ul></section>\n");
}

static void
add_charts(struct buf *out, const struct status *status)
{
	bool leads = status_number(status, "leads", -1) >= 0;

	buf_add_text(out,
	    "<section><h2>The last 24 hours</h2><div class=\"charts\">\n");
	for (size_t i = 0; i < sizeof(charts) / sizeof(*charts); i++)
		if (leads || i != 3)
			chart_add(out, status, &charts[i]);
	buf_add_text(out, "</div></section>\n");
}

static void
add_footer(struct buf *out, const struct status *status)
{
	double size = status_number(status, "db_size", -1);
	double left = status_number(status, "disk_free", -1);

	buf_add_text(out,
	    "<footer><span>leadpipe " LEADPIPE_VERSION "</span>");
	if (!status->public && size >= 0)
		buf_printf(out, "<span>database %.1f MiB</span>",
		    size / 1048576);
	if (!status->public && left >= 0)
		buf_printf(out, "<span>%.1f GiB of disk left</span>",
		    left / 1073741824);
	buf_add_text(out,
	    "<span>This page is a file: when the time above is "
	    "past, nobody renews it.</span></footer>\n");
}

void
page_write(const struct status *status, struct buf *out)
{
	bool inside = !status->public && status->known;

	add_head(out, status);
	add_header(out, status);
	buf_add_text(out, "<main>\n");
	add_verdict(out, status);
	if (!status->public)
		page_add_troubles(out, status);
	add_components(out, status);
	if (inside) {
		page_add_waiting(out, status);
		add_charts(out, status);
	}
	if (status->known) {
		buf_add_text(out, "<section>");
		chart_add_days(out, status);
		buf_add_text(out, "</section>\n");
	}
	if (inside) {
		buf_add_text(out, "<div class=\"pair\">");
		page_add_today(out, status);
		page_add_commands(out, status);
		buf_add_text(out, "</div>");
		page_add_funnels(out, status);
	}
	page_add_incidents(out, status);
	buf_add_text(out, "</main>\n");
	add_footer(out, status);
	buf_add_text(out, "</body>\n</html>\n");
}
