/* SPDX-License-Identifier: MIT */
#include "ops/funnel_count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "store/funnel.h"

#define BAR_WIDTH 14
#define STATE_WIDTH 22

struct walker {
	int64_t chat_id;
	int64_t first_at; /* came to the first step */
	int64_t last_at;  /* came to the last step that they reached */
};

/* The people, by chat id, and how they come to one more step. */
struct crowd {
	struct walker *list;
	size_t count, size, next;
	int64_t since;
	int64_t *spans; /* how long those who reached the step took */
	size_t reached;
};

static void
add_walker(const struct funnel_visit *visit, void *arg)
{
	struct crowd *crowd = arg;

	if (visit->first_at < crowd->since)
		return;
	if (crowd->count == crowd->size) {
		crowd->size = 2 * crowd->size + 64;
		crowd->list =
		    mem_array(crowd->list, crowd->size, sizeof(*crowd->list));
	}
	crowd->list[crowd->count++] = (struct walker){ visit->chat_id,
		visit->first_at, visit->first_at };
}

/* Both lists are in the order of the ids. */
static void
move_walker(const struct funnel_visit *visit, void *arg)
{
	struct crowd *crowd = arg;
	struct walker *walker;
	int64_t at = visit->first_at;

	while (crowd->next < crowd->count &&
	    crowd->list[crowd->next].chat_id < visit->chat_id)
		crowd->next++;
	if (crowd->next == crowd->count ||
	    crowd->list[crowd->next].chat_id != visit->chat_id)
		return;
	walker = &crowd->list[crowd->next];
	/* Who was there before the funnel began may have come again. */
	if (at < walker->first_at)
		at = visit->last_at;
	if (at < walker->first_at)
		return;
	crowd->spans[crowd->reached++] =
	    at > walker->last_at ? at - walker->last_at : 0;
	walker->last_at = at > walker->last_at ? at : walker->last_at;
}

static int
span_compare(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return one < other ? -1 : one > other;
}

/* The middle one, or the mean of the two in the middle. */
static int64_t
median(int64_t *spans, size_t count)
{
	qsort(spans, count, sizeof(*spans), span_compare);
	return count % 2 == 1 ? spans[count / 2]
			      : spans[count / 2 - 1] +
		(spans[count / 2] - spans[count / 2 - 1]) / 2;
}

static json_t *
share(size_t part, size_t whole)
{
	return whole > 0 ? json_real((double)part / (double)whole)
			 : json_null();
}

static void
step_add(json_t *steps, const char *state, struct crowd *crowd, size_t people)
{
	const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
	size_t before = last != NULL ? (size_t)json_get_int(last, "people", 0)
				     : people;

	json_array_append_new(steps,
	    json_pack("{s:s, s:I, s:o, s:o, s:o}", "state", state, "people",
		(json_int_t)people, "of_previous", share(people, before),
		"of_first", share(people, crowd->count), "median_ms",
		crowd->reached > 0
		    ? json_integer(median(crowd->spans, crowd->reached))
		    : json_null()));
}

enum outcome
funnel_count(struct db *db, const json_t *states, int64_t since,
    json_t **steps, struct fault *fault)
{
	struct crowd crowd = { .since = since };
	const char *state = json_string_value(json_array_get(states, 0));
	enum outcome out =
	    funnel_visits(db, state ? state : "", add_walker, &crowd, fault);

	*steps = json_array();
	if (out == OUT_OK && state != NULL)
		step_add(*steps, state, &crowd, crowd.count);
	crowd.spans = mem_alloc((crowd.count + 1) * sizeof(*crowd.spans));
	for (size_t i = 1; out == OUT_OK && i < json_array_size(states); i++) {
		state = json_string_value(json_array_get(states, i));
		crowd.next = crowd.reached = 0;
		out = funnel_visits(db, state, move_walker, &crowd, fault);
		if (out == OUT_OK)
			step_add(*steps, state, &crowd, crowd.reached);
	}
	free(crowd.spans);
	free(crowd.list);
	return out;
}

/* "100 %", "0.5 %"; a dash where there is nothing to compare with. */
static void
share_text(const json_t *value, char text[16])
{
	double percent = 100 * json_number_value(value);

	if (!json_is_number(value))
		strcpy(text, "-");
	else if (percent >= 10 || percent <= 0)
		snprintf(text, 16, "%.0f %%", percent);
	else
		snprintf(text, 16, "%.1f %%", percent);
}

static void
row_add(struct buf *out, const json_t *step, bool first)
{
	const char *state = json_get_text(step, "state");
	const json_t *of_first = json_object_get(step, "of_first");
	int64_t span = json_get_int(step, "median_ms", -1);
	char previous[16], whole[16], time[CLOCK_TEXT_SIZE] = "-";
	int width = (int)utf8_length(state);
	int bar = (int)(BAR_WIDTH * json_number_value(of_first) + 0.5);

	share_text(json_object_get(step, "of_previous"), previous);
	share_text(of_first, whole);
	if (span >= 0)
		clock_span_text(span, time);
	terminal_add(out, state, 64);
	buf_printf(out, "%*s %7lld  %7s  %8s  %11s  ",
	    width < STATE_WIDTH ? STATE_WIDTH - width : 0, "",
	    (long long)json_get_int(step, "people", 0), first ? "" : previous,
	    whole, first ? "" : time);
	for (bar = bar > BAR_WIDTH ? BAR_WIDTH : bar; bar > 0; bar--)
		buf_add_text(out, "█");
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_add_char(out, '\n');
}

void
funnel_table_add(struct buf *out, const json_t *steps)
{
	json_t *step;
	size_t i;

	buf_printf(out, "%-*s %7s  %7s  %8s  %11s\n", STATE_WIDTH, "STEP",
	    "PEOPLE", "OF LAST", "OF FIRST", "MEDIAN TIME");
	json_array_foreach (steps, i, step)
		row_add(out, step, i == 0);
}
