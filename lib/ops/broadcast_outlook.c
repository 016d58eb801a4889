/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/plural.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "ops/broadcast_survey.h"

/* Telegram takes 30 messages a second of a bot, 1000 of one that pays;
 * broadcasts leave 5 of the 30 to everything else. */
#define PER_SECOND 30
#define PAID_PER_SECOND 1000
#define RESERVE 5

/* What is shown of the words before they go to a hundred thousand. */
#define SAMPLE_SHOWN 600

/* How long it takes to reach PEOPLE. */
static int64_t
takes_ms(const struct run *run, const struct broadcast_draft *draft,
    int64_t people)
{
	int64_t limit = PER_SECOND, rate = draft->rate;
	struct fault unread;

	if (config_int(run->config, "LEADPIPE_LIMIT_PER_SECOND", 0, 1000,
		PER_SECOND, &limit, &unread) != OUT_OK)
		limit = PER_SECOND;
	limit = limit > RESERVE ? limit - RESERVE : limit;
	if (draft->paid || limit == 0)
		limit = PAID_PER_SECOND;
	if (rate == 0 || rate > limit)
		rate = limit;
	return people * 1000 / rate;
}

static void
add_words(struct buf *out, const struct broadcast_draft *draft,
    const struct broadcast_survey *survey)
{
	size_t shown = utf8_prefix(survey->sample, SAMPLE_SHOWN);
	const json_t *media = json_object_get(draft->action, "media");
	size_t files = json_is_array(media) ? json_array_size(media)
					    : media != NULL;
	char *lines = utf8_clean(survey->sample, shown);

	if (files > 0)
		buf_printf(out, "(%zu file%s)\n", files, plural(files));
	buf_printf(out, "%s%s\n\n", lines,
	    survey->sample[shown] != '\0' ? "..." : "");
	free(lines);
}

static void
add_reached(struct buf *out, const struct broadcast_survey *survey, int64_t ms)
{
	char span[CLOCK_TEXT_SIZE];
	const char *lang;
	json_t *count;

	buf_printf(out, "will get it: %lld", (long long)survey->reached);
	if (json_object_size(survey->langs) > 1)
		json_object_foreach (survey->langs, lang, count)
			buf_printf(out, ", %s %lld", lang,
			    (long long)json_integer_value(count));
	if (survey->reached > 0)
		buf_printf(out, ", within %s",
		    clock_span_text(ms < 1000 ? 1000 : ms, span));
	buf_add_char(out, '\n');
}

/* Who took the wrong time zone finds it out before everybody has it. */
static void
add_begin(struct buf *out, const struct broadcast_draft *draft)
{
	int64_t now = clock_wall_ms();
	char span[CLOCK_TEXT_SIZE];

	if (draft->start_at <= now && !draft->late)
		return;
	buf_add_text(out, draft->late ? "begins: at once, as " : "begins: ");
	terminal_add_time(out, draft->start_at);
	if (draft->late)
		buf_printf(out, " was %s ago",
		    clock_span_text(now - draft->start_at, span));
	buf_add_char(out, '\n');
}

void
broadcast_survey_add(struct buf *out, const struct run *run,
    const struct broadcast_draft *draft, const struct broadcast_survey *survey)
{
	add_words(out, draft, survey);
	buf_printf(out, "in its audience: %lld of %lld %s\n",
	    (long long)survey->chosen, (long long)survey->looked,
	    survey->looked == 1 ? "person" : "people");
	if (survey->blocked > 0)
		buf_printf(out, "blocked the bot: %lld\n",
		    (long long)survey->blocked);
	if (survey->unsubscribed > 0)
		buf_printf(out, "unsubscribed: %lld\n",
		    (long long)survey->unsubscribed);
	add_reached(out, survey, takes_ms(run, draft, survey->reached));
	add_begin(out, draft);
	if (draft->paid)
		buf_printf(out,
		    "may cost: up to %.1f Stars, 0.1 for each message above "
		    "30 a second; the\nbot needs 10,000 Stars and 10,000 "
		    "users a month\n",
		    (double)survey->reached / 10);
}

void
broadcast_survey_add_json(struct buf *out, const struct run *run,
    const struct broadcast_draft *draft, const struct broadcast_survey *survey)
{
	int64_t ms = takes_ms(run, draft, survey->reached);
	json_t *line = json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:I,"
				 " s:O, s:I, s:o, s:o}",
	    "schema", 1, "dry_run", 1, "looked", (json_int_t)survey->looked,
	    "chosen", (json_int_t)survey->chosen, "blocked",
	    (json_int_t)survey->blocked, "unsubscribed",
	    (json_int_t)survey->unsubscribed, "reached",
	    (json_int_t)survey->reached, "languages", survey->langs, "seconds",
	    (json_int_t)((ms + 999) / 1000), "start_at",
	    json_time_or_null(draft->start_at), "sample",
	    json_text_or_null(survey->sample));

	json_line_add(out, line);
}

enum outcome
broadcast_survey_check(const struct broadcast_draft *draft,
    const struct broadcast_survey *survey, struct fault *fault)
{
	if (survey->reached > 0 || draft->start_at > clock_wall_ms())
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "nobody would get it: %lld of %lld are in its audience, %lld of "
	    "them blocked the bot, %lld unsubscribed",
	    (long long)survey->chosen, (long long)survey->looked,
	    (long long)survey->blocked, (long long)survey->unsubscribed);
}
