/* SPDX-License-Identifier: MIT */
#include "turn/report_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/zone.h"
#include "bot/text.h"
#include "bot/view.h"
#include "bot/when.h"
#include "store/report.h"
#include "store/stuck.h"

/* Telegram takes 4096 characters in a message. */
#define REPORT_MAX 4000

#define WEEK_DAYS 7

struct page {
	struct buf text;
	struct db *db;
	const struct report *asked;
	bool russian;
	enum outcome out;
	struct fault *fault;
};

/* What both languages call a number. */
struct row {
	const char *ru, *en;
	int64_t value;
	bool only_if; /* not worth a line when it is 0 */
};

static void
put_title(struct page *page, const char *ru, const char *en)
{
	buf_add_text(&page->text, page->russian ? ru : en);
}

static void
put_rows(struct page *page, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].value != 0 || !rows[i].only_if)
			buf_printf(&page->text, "\n%s: %lld",
			    page->russian ? rows[i].ru : rows[i].en,
			    (long long)rows[i].value);
}

/* Midnight where the reader lives, DAYS ago. */
static int64_t
midnight(const struct page *page, int days)
{
	const struct report *asked = page->asked;
	const struct zone *zone = zone_find(
	    when_zone(asked->flow, asked->chat));

	if (zone == NULL)
		return asked->now - (days + 1) * INT64_C(86400000);
	struct zone_time time = zone_local(zone, asked->now);
	time.day -= days;
	time.hour = time.minute = time.second = 0;
	return zone_instant(zone, time);
}

static void
write_period(struct page *page, int64_t since)
{
	struct report_period n;

	page->out = report_period(page->db, since, &n, page->fault);
	if (page->out != OUT_OK)
		return;
	const struct row rows[] = {
		{ "Людей", "People", n.people, false },
		{ "из них впервые", "of them for the first time", n.newcomers,
		    false },
		{ "Заявок", "Leads", n.leads, false },
		{ "Написали они", "Messages from them", n.received, false },
		{ "Отправил бот", "Messages from the bot", n.sent, false },
		{ "из них напоминаний", "of them reminders", n.reminders,
		    false },
		{ "Ушли", "Left", n.left, true },
	};
	put_rows(page, rows, sizeof rows / sizeof *rows);
}

static void
write_today(struct page *page)
{
	put_title(page, "Сегодня", "Today");
	write_period(page, midnight(page, 0));
}

static void
write_week(struct page *page)
{
	put_title(page, "За 7 дней", "Last 7 days");
	write_period(page, midnight(page, WEEK_DAYS - 1));
}

static void
write_queue(struct page *page)
{
	struct backlog backlog;
	struct stuck n;

	page->out = stuck_count(page->db, page->asked->now, &n, page->fault);
	if (page->out == OUT_OK)
		page->out = stuck_backlog(page->db, page->asked->now, &backlog,
		    page->fault);
	if (page->out != OUT_OK)
		return;
	const struct row rows[] = {
		{ "Сообщений ждёт отправки", "Messages to be sent",
		    backlog.messages_queued, false },
		{ "Отправляется", "Being sent", n.sending, false },
		{ "Запланировано", "Planned", n.tasks_waiting, false },
		{ "из них пора", "of them due", backlog.tasks_overdue, true },
		{ "Обработчиков работает или ждёт", "Handlers at work",
		    n.execs_open, true },
		{ "Доставка неизвестна", "Delivery not known",
		    n.ambiguous + n.unknown, true },
		{ "Придержано (бот заблокирован)", "Held (bot blocked)",
		    n.held, true },
		{ "Не удалось", "Failed", n.dead_letters, false },
	};
	put_title(page, "Очередь", "Queue");
	put_rows(page, rows, sizeof rows / sizeof *rows);
}

static void
write_health(struct page *page)
{
	struct stuck n;
	char span[CLOCK_TEXT_SIZE];
	int64_t now = page->asked->now;

	page->out = stuck_count(page->db, now, &n, page->fault);
	if (page->out != OUT_OK)
		return;
	bool well = n.dead_letters == 0 && n.config_fault_at == 0 &&
	    n.poll_fault_at == 0;
	put_title(page, well ? "Всё в порядке" : "Нужен взгляд человека",
	    well ? "All is well" : "A human should look");
	if (n.poll_at != 0)
		buf_printf(&page->text,
		    page->russian ? "\nПоследний опрос: %s назад"
				  : "\nLast poll: %s ago",
		    clock_span_text(now > n.poll_at ? now - n.poll_at : 0,
			span));
	const struct row rows[] = {
		{ "Ошибок отправки за 15 мин", "Failures in 15 min",
		    n.failures, true },
		{ "Не удалось (recover-pending --list)",
		    "Failed (recover-pending --list)", n.dead_letters, true },
	};
	put_rows(page, rows, sizeof rows / sizeof *rows);
}

static void
write_step(struct page *page, const char *state, int64_t count, int64_t first)
{
	buf_printf(&page->text, "\n%s: %lld", state, (long long)count);
	if (first > 0)
		buf_printf(&page->text, " (%lld%%)",
		    (long long)(count * 100 / first));
}

static void
write_steps(struct page *page, const json_t *steps)
{
	size_t count = json_array_size(steps);
	int64_t counts[REPORT_STATES], first = 0;
	const char *states[REPORT_STATES];

	for (size_t i = 0; i < count; i++) {
		size_t at = i % REPORT_STATES;
		for (size_t k = 0; at == 0 && k < REPORT_STATES; k++)
			states[k] = json_string_value(
			    json_array_get(steps, i + k));
		if (at == 0)
			page->out = report_reached(page->db, states, counts,
			    page->fault);
		if (page->out != OUT_OK)
			return;
		write_step(page, states[at], counts[at], i == 0 ? 0 : first);
		if (i == 0)
			first = counts[0];
	}
}

static void
write_funnel(struct page *page)
{
	const json_t *funnels = view_funnels(page->asked->flow), *steps;
	const char *name;

	put_title(page, "Воронка", "Funnel");
	json_object_foreach ((json_t *)(uintptr_t)funnels, name, steps) {
		buf_printf(&page->text, "\n\n%s", name);
		write_steps(page, steps);
		if (page->out != OUT_OK)
			return;
	}
}

static const struct {
	const char *name;
	void (*write)(struct page *page);
} reports[] = {
	{ "today", write_today },
	{ "week", write_week },
	{ "queue", write_queue },
	{ "health", write_health },
	{ "funnel", write_funnel },
};

static bool
is_russian(const struct report *report)
{
	return strncmp(text_lang(report->flow, report->chat), "ru", 2) == 0;
}

enum outcome
report_text(struct db *db, const struct report *report, char **text,
    struct fault *fault)
{
	struct page page = { .text = BUF_INIT(REPORT_MAX),
		.db = db,
		.asked = report,
		.russian = is_russian(report),
		.fault = fault };

	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		if (strcmp(reports[i].name, report->name) == 0)
			reports[i].write(&page);
	*text = buf_take(&page.text);
	if (page.out == OUT_OK)
		return OUT_OK;
	free(*text);
	*text = NULL;
	return page.out;
}

char *
report_apology(const struct report *report, const struct fault *why)
{
	return mem_printf(is_russian(report)
		? "Отчёт %s не получился: %s"
		: "The report %s could not be written: %s",
	    report->name, why->text);
}
