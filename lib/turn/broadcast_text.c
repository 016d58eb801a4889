/* SPDX-License-Identifier: MIT */
#include "turn/broadcast_text.h"

#include <string.h>

#include "base/clock.h"

static const char *const states[][2] = {
	[BROADCAST_SCHEDULED] = { "scheduled", "запланирована" },
	[BROADCAST_RUNNING] = { "running", "идёт" },
	[BROADCAST_PAUSED] = { "paused", "приостановлена" },
	[BROADCAST_FINISHED] = { "finished", "завершена" },
	[BROADCAST_CANCELLED] = { "cancelled", "отменена" },
};

struct row {
	const char *words[2];
	int64_t count;
	bool always; /* a zero too */
};

static void
put_rows(struct buf *out, const struct broadcast_counts *n, bool russian)
{
	const struct row rows[] = {
		{ { "Looked at", "Просмотрено" }, n->looked, true },
		{ { "In the audience", "Получателей" }, n->chosen, true },
		{ { "Sent", "Отправлено" }, n->sent, true },
		{ { "Waiting", "Ждут отправки" }, n->waiting, false },
		{ { "Blocked the bot", "Заблокировали бота" }, n->blocked,
		    false },
		{ { "Unsubscribed", "Отписались" }, n->unsubscribed, false },
		{ { "May have arrived", "Доставка неизвестна" }, n->unknown,
		    false },
		{ { "Failed", "Не удалось" }, n->dead, false },
		{ { "Too late", "Истёк срок" }, n->expired, false },
		{ { "Cancelled", "Отменено" }, n->cancelled, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].count > 0 || rows[i].always)
			buf_printf(out, "\n%s: %lld", rows[i].words[russian],
			    (long long)rows[i].count);
}

static void
put_time(struct buf *out, const struct broadcast *b, bool russian)
{
	char text[CLOCK_TEXT_SIZE];

	if (b->state == BROADCAST_SCHEDULED && b->start_at <= clock_wall_ms())
		buf_add_text(out,
		    russian ? "\nНачало: сейчас, со следующим poll-updates "
			      "или send-due"
			    : "\nBegins: now, with the next poll-updates or "
			      "send-due");
	else if (b->state == BROADCAST_SCHEDULED)
		buf_printf(out, "\n%s: %s", russian ? "Начало" : "Begins",
		    clock_text(b->start_at, text));
	else if (b->begun_at != 0 && b->finished_at != 0)
		buf_printf(out, "\n%s: %s", russian ? "Заняла" : "Took",
		    clock_span_text(b->finished_at - b->begun_at, text));
}

void
broadcast_text_in(struct buf *out, const char *lang, const struct broadcast *b,
    const struct broadcast_counts *counts)
{
	bool russian = strncmp(lang, "ru", 2) == 0;

	buf_printf(out, "%s '%s': %s", russian ? "Рассылка" : "Broadcast",
	    b->name, states[b->state][russian]);
	if (b->state == BROADCAST_PAUSED && b->reason != NULL)
		buf_printf(out, " (%s)", b->reason);
	put_time(out, b, russian);
	put_rows(out, counts, russian);
}

void
broadcast_text(struct buf *out, const struct broadcast *broadcast,
    const struct broadcast_counts *counts)
{
	broadcast_text_in(out, "en", broadcast, counts);
}
