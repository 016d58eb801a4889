/* SPDX-License-Identifier: MIT */
#include "ops/page_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/markup.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static const struct {
	const char *class, *word, *mark;
} states[] = {
	[CHECK_OK] = { "ok", "working",
	    "<path d=\"M4 8.5l3 3 5.5-6.5\" class=\"stroke\"/>" },
	[CHECK_UNKNOWN] = { "none", "not known",
	    "<path d=\"M4 8h8\" class=\"stroke\"/>" },
	[CHECK_WARNING] = { "warn", "needs a look",
	    "<path d=\"M8 6v4M8 12.8v.2\" class=\"stroke\"/>" },
	[CHECK_CRITICAL] = { "crit", "broken",
	    "<path d=\"M4.8 4.8l6.4 6.4m0-6.4l-6.4 6.4\" class=\"stroke\"/>" },
};

/* A circle, a triangle, a square: told apart without colours as well. */
static const char *const shapes[] = {
	[CHECK_OK] = "<circle cx=\"8\" cy=\"8\" r=\"8\"/>",
	[CHECK_UNKNOWN] = "<circle cx=\"8\" cy=\"8\" r=\"8\"/>",
	[CHECK_WARNING] = "<path d=\"M8 .4l7.8 15.2H.2z\"/>",
	[CHECK_CRITICAL] = "<rect width=\"16\" height=\"16\" rx=\"2.5\"/>",
};

static const struct {
	const char *component, *name;
} names[] = {
	{ "machine", "Machine" },
	{ "database", "Database" },
	{ "telegram", "Telegram" },
	{ "runs", "Commands" },
	{ "queue", "Delivery" },
	{ "crm", "CRM" },
	{ "redis", "Redis" },
	{ "page", "Page" },
	{ "config", "Configuration" },
};

void
page_add_text(struct buf *out, const char *text)
{
	char *clean = status_clean(text);

	markup_escape(clean, out);
	free(clean);
}

/* Not the apostrophe of a word. */
static bool
opens(const char *text, const char *at)
{
	return *at == '\'' && at[1] != '\0' &&
	    (at == text || strchr(" (", at[-1]) != NULL);
}

static bool
closes(const char *at)
{
	return *at == '\'' && !isalnum((unsigned char)at[1]);
}

void
page_add_remedy(struct buf *out, const char *text)
{
	char *clean = status_clean(text);
	bool inside = false;
	char one[2] = "";

	for (const char *at = clean; *at != '\0'; at++) {
		if (!inside && opens(clean, at)) {
			buf_add_text(out, "<code>");
			inside = true;
		} else if (inside && closes(at)) {
			buf_add_text(out, "</code>");
			inside = false;
		} else {
			*one = *at;
			markup_escape(one, out);
		}
	}
	if (inside)
		buf_add_text(out, "</code>");
	free(clean);
}

void
page_add_clock(struct buf *out, const struct status *status, int64_t at,
    bool seconds)
{
	struct zone_time time = zone_local(status->zone, at);

	buf_printf(out, "%02d:%02d", time.hour, time.minute);
	if (seconds)
		buf_printf(out, ":%02d", time.second);
}

void
page_add_day(struct buf *out, int64_t number)
{
	struct zone_time time = zone_local(zone_find("UTC"), number * DAY_MS);

	buf_printf(out, "%d %s", time.day, months[time.month - 1]);
}

void
page_add_time(struct buf *out, const struct status *status, int64_t at)
{
	int64_t day = status_day(status->zone, at);
	char text[CLOCK_TEXT_SIZE];

	buf_printf(out, "<time datetime=\"%s\">", clock_text(at, text));
	if (day != status->today_day) {
		page_add_day(out, day);
		buf_add_text(out, ", ");
	}
	page_add_clock(out, status, at, false);
	buf_add_text(out, "</time>");
}

void
page_add_span(struct buf *out, double ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms < 1000)
		buf_printf(out, "%.0f ms", ms);
	else if (ms < 10000)
		buf_printf(out, "%.1f s", ms / 1000);
	else
		buf_add_text(out, check_span((int64_t)ms, text));
}

void
page_add_number(struct buf *out, int64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld",
	    (long long)(number < 0 ? 0 : number));

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_add_char(out, ',');
		buf_add_char(out, digits[i]);
	}
}

const char *
page_state_class(enum check_state state)
{
	return states[state].class;
}

const char *
page_state_word(enum check_state state)
{
	return states[state].word;
}

void
page_add_mark(struct buf *out, enum check_state state)
{
	buf_printf(out,
	    "<svg class=\"mark %s\" viewBox=\"0 0 16 16\" "
	    "aria-hidden=\"true\">%s%s</svg>",
	    states[state].class, shapes[state], states[state].mark);
}

const char *
page_component(const char *key)
{
	size_t len = strcspn(key, "/");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].component) == len &&
		    memcmp(names[i].component, key, len) == 0)
			return names[i].name;
	return "Other";
}
