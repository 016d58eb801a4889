/* SPDX-License-Identifier: MIT */
#include "load.h"
#include "say.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define FOLLOWED \
	((int)(sizeof(((struct chat *)0)->asked_us) / sizeof(int64_t)))

static void
load_say(void *arg)
{
	struct sim *sim = arg;
	struct load *load = &sim->load;

	while (load->said < load->messages) {
		int64_t due = load->started_us +
		    load->span_us / load->messages * load->said;
		struct chat *chat;

		if (due > mono_us()) {
			timer_set(&sim->timers, &load->timer, due);
			return;
		}
		chat = chat_open(&sim->chats,
		    load->first_chat + load->said % load->chats);
		if (chat->asked < FOLLOWED)
			chat->asked_us[chat->asked++] = mono_us();
		else
			load->lost++;
		load->said++;
		say_text(sim, chat, chat->id, load->text, 0, sim_now_ms(sim));
	}
}

static int64_t
plan_int(const json_t *plan, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(plan, name);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

void
load_start(struct sim *sim, const json_t *plan)
{
	struct load *load = &sim->load;
	const char *text = json_string_value(json_object_get(plan, "text"));
	const json_t *seconds = json_object_get(plan, "seconds");

	load_release(sim);
	load->text = text_copy(text ? text : "/start");
	load->messages = plan_int(plan, "messages", 1000);
	load->chats = plan_int(plan, "chats", load->messages);
	if (load->chats < 1)
		load->chats = 1;
	load->first_chat = plan_int(plan, "first_chat", 1000000);
	load->span_us = (int64_t)(json_number_value(seconds) * 1e6);
	load->started_us = mono_us();
	load->room = load->messages > 0 ? load->messages : 1;
	load->waited_us = text_alloc((size_t)load->room, sizeof(int64_t));
	load->timer.fire = load_say;
	load->timer.arg = sim;
	timer_set(&sim->timers, &load->timer, load->started_us);
}

void
load_answered(struct sim *sim, struct chat *chat)
{
	struct load *load = &sim->load;

	if (!chat->asked || load->answered >= load->room)
		return;
	load->waited_us[load->answered++] = mono_us() - chat->asked_us[0];
	memmove(chat->asked_us, chat->asked_us + 1,
	    sizeof(chat->asked_us) - sizeof(chat->asked_us[0]));
	chat->asked--;
}

static int
compare_us(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static double
rank_ms(const int64_t *sorted, int64_t count, int64_t hundredths)
{
	int64_t at = count * hundredths / 100;

	if (!count)
		return 0;
	return (double)sorted[at < count ? at : count - 1] / 1000;
}

json_t *
load_view(const struct load *load)
{
	int64_t count = load->answered;
	int64_t *sorted = text_alloc((size_t)count, sizeof(*sorted));
	json_t *seen;

	if (count)
		memcpy(sorted, load->waited_us,
		    (size_t)count * sizeof(*sorted));
	qsort(sorted, (size_t)count, sizeof(*sorted), compare_us);
	seen = json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "said",
	    (json_int_t)load->said, "answered", (json_int_t)count,
	    "unanswered", (json_int_t)(load->said - count), "not_followed",
	    (json_int_t)load->lost, "median_ms", rank_ms(sorted, count, 50),
	    "p99_ms", rank_ms(sorted, count, 99), "max_ms",
	    rank_ms(sorted, count, 100));
	free(sorted);
	return seen;
}

void
load_release(struct sim *sim)
{
	timer_stop(&sim->timers, &sim->load.timer);
	free(sim->load.text);
	free(sim->load.waited_us);
	sim->load = (struct load){ 0 };
}
