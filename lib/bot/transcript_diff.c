/* SPDX-License-Identifier: MIT */
/*
 * An exchange: what the bot said to each of those that the transcript
 * mentions, line by line beside what was expected.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/transcript_line.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"

/* What is compared for one chat. */
struct exchange {
	const json_t *expected; /* array: [line, chat, pattern, who] */
	const struct actor *actor;
	size_t wanted, said; /* how many of each */
	size_t *cost;	     /* (wanted + 1) * (said + 1) */
};

static const char *
pattern_at(const struct exchange *exchange, size_t index)
{
	return json_string_value(
	    json_array_get(json_array_get(exchange->expected, index), 2));
}

static const json_t *
message_at(const struct exchange *exchange, size_t index)
{
	return json_array_get(exchange->actor->shown,
	    exchange->actor->read + index);
}

static bool
is_rest(const char *pattern)
{
	return strcmp(pattern, "...") == 0 || strcmp(pattern, "…") == 0;
}

static size_t *
cost_at(const struct exchange *exchange, size_t wanted, size_t said)
{
	return &exchange->cost[wanted * (exchange->said + 1) + said];
}

/* The least number of lines too few or too many from here to the end. */
static size_t
cost_of(const struct exchange *exchange, size_t i, size_t j)
{
	size_t best, other;
	bool rest;

	if (i == exchange->wanted)
		return exchange->said - j;
	rest = is_rest(pattern_at(exchange, i));
	best = *cost_at(exchange, i + 1, j) + (rest ? 0 : 1);
	if (j == exchange->said)
		return best;
	other = *cost_at(exchange, i, j + 1) + (rest ? 0 : 1);
	best = other < best ? other : best;
	if (!rest &&
	    pattern_is_message(pattern_at(exchange, i),
		message_at(exchange, j))) {
		other = *cost_at(exchange, i + 1, j + 1);
		best = other < best ? other : best;
	}
	return best;
}

static void
costs_fill(struct exchange *exchange)
{
	for (size_t i = exchange->wanted + 1; i-- > 0;)
		for (size_t j = exchange->said + 1; j-- > 0;)
			*cost_at(exchange, i, j) = cost_of(exchange, i, j);
}

static void
diff_add(json_t *diff, const char *mark, const char *line)
{
	char *text = mem_printf("%s< %s", mark, line);

	json_array_append_new(diff, json_string(text));
	free(text);
}

/* Points at where the line said leaves the one expected. */
static void
point_at(json_t *diff, const char *wanted, const char *said)
{
	struct buf out = BUF_INIT(8192);
	size_t same = 0, column;
	char *prefix;

	while (wanted[same] != '\0' && wanted[same] == said[same])
		same++;
	prefix = mem_dup_n(said, utf8_prefix_bytes(said, same));
	column = utf8_length(prefix);
	free(prefix);
	if (column == 0 || column > 200)
		return;
	buf_add_text(&out, "?   ");
	while (column-- > 0)
		buf_add_char(&out, ' ');
	buf_add_char(&out, '^');
	json_array_append_new(diff, json_string(out.data));
	buf_release(&out);
}

/* Writes the lines of both sides, the shortest way through.  Returns the first
 * expectation that is not met, or how many there are. */
static size_t
diff_fill(const struct exchange *exchange, json_t *diff)
{
	size_t i = 0, j = 0, first = exchange->wanted;
	const char *lacking = NULL;

	while (i < exchange->wanted || j < exchange->said) {
		const char *pattern =
		    i < exchange->wanted ? pattern_at(exchange, i) : NULL;
		bool rest = pattern != NULL && is_rest(pattern);
		size_t here = *cost_at(exchange, i, j);
		char *line = j < exchange->said
		    ? message_line(message_at(exchange, j))
		    : NULL;

		if (pattern != NULL && line != NULL && !rest &&
		    pattern_is_message(pattern, message_at(exchange, j)) &&
		    *cost_at(exchange, i + 1, j + 1) == here) {
			diff_add(diff, "  ", line);
			lacking = NULL;
			i++;
			j++;
		} else if (pattern != NULL &&
		    *cost_at(exchange, i + 1, j) + (rest ? 0 : 1) == here) {
			if (!rest)
				diff_add(diff, "- ", pattern);
			if (!rest && i < first)
				first = i;
			lacking = rest ? NULL : pattern;
			i++;
		} else {
			diff_add(diff, rest ? "  " : "+ ", line);
			if (lacking != NULL)
				point_at(diff, lacking, line);
			lacking = NULL;
			j++;
		}
		free(line);
	}
	return first;
}

/* The line of the expectation INDEX, or of the last one. */
static int
line_of(const struct exchange *exchange, size_t index)
{
	if (index >= exchange->wanted)
		index = exchange->wanted - 1;
	return (int)json_integer_value(
	    json_array_get(json_array_get(exchange->expected, index), 0));
}

static void
exchange_compare(struct player *player, int64_t chat_id,
    const json_t *expected)
{
	struct exchange exchange = { .expected = expected,
		.actor = player_actor(player, chat_id, NULL),
		.wanted = json_array_size(expected) };

	exchange.said = json_array_size(exchange.actor->shown) -
	    exchange.actor->read;
	exchange.cost = mem_alloc((exchange.wanted + 1) * (exchange.said + 1) *
	    sizeof(*exchange.cost));
	costs_fill(&exchange);
	if (*cost_at(&exchange, 0, 0) > 0) {
		char *now = time_text(player, player->now);
		json_t *diff = json_array();
		size_t first = diff_fill(&exchange, diff);

		json_array_extend(
		    player_fail(player, line_of(&exchange, first),
			"%s, %s, after line %d '%s'",
			json_string_value(
			    json_array_get(json_array_get(expected, 0), 3)),
			now, player->input_line,
			player->input ? player->input : ""),
		    diff);
		json_decref(diff);
		free(now);
	}
	free(exchange.cost);
}

/* The expectations of one chat after the other. */
static void
expected_split(struct player *player)
{
	json_t *seen = json_object(), *entry;
	size_t i, j;

	json_array_foreach (player->expected, i, entry) {
		int64_t chat_id = json_integer_value(json_array_get(entry, 1));
		json_t *mine = json_array(), *other;
		char key[24];

		snprintf(key, sizeof(key), "%" PRId64, chat_id);
		if (json_object_get(seen, key) == NULL) {
			json_object_set_new(seen, key, json_true());
			json_array_foreach (player->expected, j, other)
				if (json_integer_value(
					json_array_get(other, 1)) == chat_id)
					json_array_append(mine, other);
			exchange_compare(player, chat_id, mine);
		}
		json_decref(mine);
	}
	json_decref(seen);
}

void
exchange_end(struct player *player)
{
	expected_split(player);
	json_array_clear(player->expected);
	json_array_clear(player->notices);
	for (size_t i = 0; i < player->actor_count; i++)
		player->actors[i]->read = json_array_size(
		    player->actors[i]->shown);
}
