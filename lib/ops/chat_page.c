/* SPDX-License-Identifier: MIT */
#include "ops/chat_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"

#define TEXT_SHOWN 120

/* One look at a chat. */
struct page {
	struct buf *out;
	const json_t *chat;
	int64_t now;
};

static void
add(const struct page *page, const char *text)
{
	terminal_add(page->out, text, TEXT_SHOWN);
}

/* "2026-11-20 23:59:59 UTC (4 min ago)" */
static void
add_when(const struct page *page, const char *written, const char *past)
{
	int64_t at;

	if (written == NULL || clock_parse(written, &at) < 0) {
		buf_add_text(page->out, "an unknown time");
		return;
	}
	terminal_add_time(page->out, at);
	buf_add_text(page->out, " (");
	terminal_add_distance(page->out, at, page->now, past);
	buf_add_text(page->out, ")");
}

static void
add_json(const struct page *page, const json_t *value)
{
	char *text = json_text(value);

	if (json_is_string(value))
		add(page, json_string_value(value));
	else
		add(page, text);
	free(text);
}

static void
add_person(const struct page *page)
{
	const json_t *person = json_object_get(page->chat, "person");
	const char *const names[] = { "first_name", "last_name" };
	const char *text;

	buf_printf(page->out, "chat %lld",
	    (long long)json_get_int(page->chat, "chat", 0));
	if ((text = json_get_text(page->chat, "type")) != NULL)
		buf_printf(page->out, " (%s)", text);
	for (int i = 0; i < 2; i++)
		if ((text = json_get_text(person, names[i])) != NULL) {
			buf_add_text(page->out, " ");
			add(page, text);
		}
	if ((text = json_get_text(person, "username")) != NULL) {
		buf_add_text(page->out, " @");
		add(page, text);
	}
	buf_add_text(page->out, "\n");
}

static void
add_state(const struct page *page)
{
	const char *state = json_get_text(page->chat, "state");
	const char *since = json_get_text(page->chat, "since");

	buf_add_text(page->out, "state        ");
	add(page, state && *state ? state : "(none yet)");
	if (since != NULL) {
		buf_add_text(page->out, " since ");
		add_when(page, since, "ago");
	}
	if (json_get_text(page->chat, "flow") == NULL)
		buf_add_text(page->out,
		    "; no flow is deployed: nothing is "
		    "answered");
	else if (state && *state &&
	    !json_get_bool(page->chat, "state_known", true))
		buf_add_text(page->out,
		    "; the current flow does not have it: "
		    "the next input goes to its start");
	buf_add_text(page->out, "\n");
}

static void
add_line(const struct page *page, const char *title, const char *text)
{
	if (text == NULL)
		return;
	buf_add_text(page->out, title);
	add(page, text);
	buf_add_text(page->out, "\n");
}

static void
add_tags(const struct page *page)
{
	json_t *tag;
	size_t i;

	json_array_foreach (json_object_get(page->chat, "tags"), i, tag) {
		buf_add_text(page->out, i == 0 ? "tags         " : ", ");
		add(page, json_string_value(tag));
	}
	if (json_array_size(json_object_get(page->chat, "tags")) > 0)
		buf_add_text(page->out, "\n");
}

static void
add_vars(const struct page *page)
{
	json_t *var, *value;
	const char *name;

	json_object_foreach (json_object_get(page->chat, "vars"), name, var) {
		buf_add_text(page->out, "variable     ");
		add(page, name);
		value = json_object_get(var, "value");
		buf_add_text(page->out,
		    value ? " = "
			: json_get_bool(var, "set", false)
			? " is set (personal: --pii shows it)"
			: " is not set");
		if (value != NULL)
			add_json(page, value);
		if (json_get_bool(var, "unknown", false))
			buf_add_text(page->out,
			    "; the current flow does not "
			    "have it");
		buf_add_text(page->out, "\n");
	}
}

static void
add_flag(const struct page *page, const char *name, const char *means)
{
	const json_t *flag = json_object_get(page->chat, name);

	if (!json_is_object(flag))
		return;
	buf_printf(page->out, "%-12s since ", name);
	add_when(page, json_get_text(flag, "since"), "ago");
	if (json_get_text(flag, "reason") != NULL) {
		buf_add_text(page->out, ": ");
		add(page, json_get_text(flag, "reason"));
	}
	buf_printf(page->out, "; %s\n", means);
}

static void
add_task(const struct page *page, const json_t *task)
{
	const json_t *unless = json_object_get(task, "unless");
	const char *name = json_get_text(task, "name");
	json_t *on;
	size_t i;

	buf_printf(page->out, "  %lld ",
	    (long long)json_get_int(task, "id", 0));
	add(page, name ? name : json_get_text(task, "method"));
	if (json_get_text(task, "text") != NULL) {
		buf_add_text(page->out, ": ");
		add(page, json_get_text(task, "text"));
	}
	buf_add_text(page->out, ", due ");
	add_when(page, json_get_text(task, "due_at"), "late");
	if (json_get_bool(task, "shared", false))
		buf_add_text(page->out, ", handed over to Redis");
	if (!json_get_bool(task, "schedule_known", true))
		buf_add_text(page->out,
		    "; no version of the flow has this "
		    "schedule: it will be a dead letter");
	if (unless != NULL) {
		buf_add_text(page->out, "\n    unless ");
		add_json(page, unless);
		buf_add_text(page->out,
		    json_get_bool(task, "unless_holds", false)
			? ": holds now, it would not be sent"
			: ": does not hold now, it would be sent");
	}
	json_array_foreach (json_object_get(task, "cancel_on"), i, on) {
		buf_add_text(page->out, i == 0 ? "\n    cancelled by " : ", ");
		add(page, json_string_value(on));
	}
	buf_add_text(page->out, "\n");
}

static void
add_unsent(const struct page *page, const json_t *row)
{
	const char *text = json_get_text(row, "text");

	buf_printf(page->out, "  %lld %s since ",
	    (long long)json_get_int(row, "id", 0),
	    json_get_text(row, "state"));
	add_when(page, json_get_text(row, "at"), "ago");
	buf_add_text(page->out, ": ");
	add(page, text ? text : json_get_text(row, "method"));
	if (json_get_text(row, "reason") != NULL) {
		buf_add_text(page->out, "\n    because ");
		add(page, json_get_text(row, "reason"));
	}
	buf_add_text(page->out, "\n    remedy: ");
	add(page, json_get_text(row, "remedy"));
	buf_add_text(page->out, "\n");
}

static void
add_said(const struct page *page, const json_t *row)
{
	const char *text = json_get_text(row, "text");
	const char *role = json_get_text(row, "role");
	int64_t at;

	buf_add_text(page->out, "  ");
	if (clock_parse(json_get_text(row, "at"), &at) == 0)
		terminal_add_time(page->out, at);
	buf_add_text(page->out,
	    role != NULL && strcmp(role, "user") == 0 ? "  <- " : "  -> ");
	add(page, text ? text : json_get_text(row, "method"));
	if (json_get_bool(row, "maybe_duplicate", false))
		buf_add_text(page->out, " (may have arrived twice)");
	buf_add_text(page->out, "\n");
}

static void
add_update(const struct page *page, const json_t *row)
{
	buf_printf(page->out, "  %lld %s, received ",
	    (long long)json_get_int(row, "id", 0),
	    json_get_text(row, "state"));
	add_when(page, json_get_text(row, "received_at"), "ago");
	if (json_get_text(row, "reason") != NULL) {
		buf_printf(page->out, ", %lld tries: ",
		    (long long)json_get_int(row, "tries", 0));
		add(page, json_get_text(row, "reason"));
	}
	if (json_get_text(row, "remedy") != NULL) {
		buf_add_text(page->out, "\n    remedy: ");
		add(page, json_get_text(row, "remedy"));
	}
	buf_add_text(page->out, "\n");
}

static void
add_list(const struct page *page, const char *key, const char *title,
    void (*add_row)(const struct page *, const json_t *))
{
	const json_t *list = json_object_get(page->chat, key);
	json_t *row;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	buf_printf(page->out, "\n%s\n", title);
	json_array_foreach (list, i, row)
		add_row(page, row);
}

void
chat_page_add(struct buf *out, const json_t *chat)
{
	struct page page = { out, chat, 0 };
	int64_t held = json_get_int(chat, "tasks_held", 0);
	int64_t waiting = json_get_int(chat, "tasks_waiting", 0);
	size_t shown = json_array_size(json_object_get(chat, "tasks"));

	if (clock_parse(json_get_text(chat, "now"), &page.now) < 0)
		page.now = clock_wall_ms();
	add_person(&page);
	if (!json_get_bool(chat, "known", true))
		buf_add_text(out, "has never written to the bot\n");
	add_state(&page);
	add_line(&page, "in Redis     a state that the flow does not know: ",
	    json_get_text(page.chat, "foreign_state"));
	add_line(&page, "language     ", json_get_text(chat, "language"));
	add_line(&page, "client's     ",
	    json_get_text(json_object_get(chat, "person"), "language"));
	add_line(&page, "time zone    ", json_get_text(chat, "time_zone"));
	add_tags(&page);
	add_vars(&page);
	add_flag(&page, "blocked",
	    "messages and tasks are held until the person writes or unblocks");
	add_flag(&page, "unsubscribed",
	    "gets direct answers only, until /start");
	add_line(&page, "hand-off     until ",
	    json_get_text(chat, "handoff_until"));
	add_line(&page, "handler      works for ",
	    json_get_text(json_object_get(chat, "handler"), "place"));
	add_list(&page, "tasks", "What waits for its time:", add_task);
	if (waiting > (int64_t)shown)
		buf_printf(out,
		    "  %lld more: leadpipe list-tasks --user "
		    "%lld\n",
		    (long long)(waiting - (int64_t)shown),
		    (long long)json_get_int(chat, "chat", 0));
	if (held > 0)
		buf_printf(out, "\n%lld due tasks are held %s\n",
		    (long long)held,
		    json_is_object(json_object_get(chat, "blocked"))
			? "because the chat is blocked"
			: "until the operator or the handler is through");
	add_list(&page, "unsent", "What has not arrived:", add_unsent);
	add_list(&page, "said", "What was said last:", add_said);
	add_list(&page, "updates", "Updates last received:", add_update);
}
