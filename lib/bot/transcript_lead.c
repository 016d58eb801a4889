/* SPDX-License-Identifier: MIT */
/*
 * Leads in a transcript: lead phone=+7* name="Order*" tags=telegram,*
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/transcript_line.h"
#include "bot/transcript_player.h"

/* VALUE as text: those of an array with commas between; the caller frees it.
 */
static char *
value_text(const json_t *value)
{
	struct buf out = BUF_INIT(64U << 10);
	json_t *element;
	size_t i;

	if (json_is_string(value))
		buf_add_text(&out, json_string_value(value));
	else if (json_is_integer(value))
		buf_printf(&out, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	json_array_foreach (value, i, element)
		buf_printf(&out, "%s%s", i > 0 ? "," : "",
		    json_string_value(element));
	return buf_take(&out);
}

/* What the lead says under KEY as the flow writes it: `name` is the lead's,
 * `contact` the person's; anything else may also be a field or of the UTM. */
static const json_t *
member_find(const json_t *lead, const char *key)
{
	const json_t *contact = json_object_get(lead, "contact");
	const json_t *found = NULL;

	if (strcmp(key, "name") == 0)
		return json_object_get(lead, "title");
	if (strcmp(key, "contact") == 0)
		return json_object_get(contact, "name");
	if (strcmp(key, "phone") == 0 || strcmp(key, "email") == 0)
		return json_object_get(contact, key);
	found = json_object_get(lead, key);
	if (found == NULL)
		found = json_object_get(json_object_get(lead, "fields"), key);
	return found ? found
		     : json_object_get(json_object_get(lead, "utm"), key);
}

/* True when LEAD is all that REST says. */
static bool
lead_matches(const json_t *lead, const char *rest)
{
	char *key, *value, *found;
	bool same = true;

	while (word_next(&rest, &key, &value)) {
		found = value_text(member_find(lead, key));
		if (value == NULL || !pattern_stands_for(value, found))
			same = false;
		free(found);
		free(key);
		free(value);
	}
	return same;
}

/* LEAD in the words of REST, so that both can be compared by eye. */
static char *
lead_line(const json_t *lead, const char *rest)
{
	struct buf out = BUF_INIT(64U << 10);
	char *key, *value, *found;

	buf_add_text(&out, "+ lead");
	while (word_next(&rest, &key, &value)) {
		found = value_text(member_find(lead, key));
		buf_printf(&out,
		    strpbrk(found, " \t\n") != NULL ? " %s=\"%s\"" : " %s=%s",
		    key, found);
		free(found);
		free(key);
		free(value);
	}
	return buf_take(&out);
}

void
play_lead(struct player *player, const char *rest)
{
	char *wanted = mem_printf("- lead %s", rest), *line;
	json_t *lead, *diff;
	size_t i;

	player->result->checks++;
	json_array_foreach (player->leads, i, lead)
		if (lead_matches(lead, rest)) {
			json_array_remove(player->leads, i);
			free(wanted);
			return;
		}
	diff = player_fail(player, player->line, "after line %d '%s' %s",
	    player->input_line, player->input ? player->input : "",
	    json_array_size(player->leads) == 0 ? "there is no lead"
						: "the lead is another");
	json_array_append_new(diff, json_string(wanted));
	json_array_foreach (player->leads, i, lead) {
		line = lead_line(lead, rest);
		json_array_append_new(diff, json_string(line));
		free(line);
	}
	free(wanted);
}
