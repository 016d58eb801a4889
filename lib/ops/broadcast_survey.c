/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "bot/audience.h"
#include "bot/checker.h"
#include "bot/text.h"
#include "store/chats.h"
#include "turn/chat_io.h"

#define LOOKS 500 /* until it is told how many they are */

#define SAMPLE_MAX (64U << 10)

#define HINT_MAX 1000

static void
add_labels(struct buf *out, const json_t *params)
{
	const json_t *rows =
	    json_object_get(json_object_get(params, "reply_markup"),
		"inline_keyboard");
	const json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		buf_add_char(out, '\n');
		json_array_foreach (row, j, button)
			buf_printf(out, "%s[%s]", j > 0 ? " " : "",
			    json_get_text(button, "text"));
	}
}

static enum outcome
take_sample(const struct broadcast_draft *draft, const struct chat *chat,
    struct broadcast_survey *survey, struct fault *fault)
{
	struct buf sample = BUF_INIT(SAMPLE_MAX);
	struct effect message;
	enum outcome out =
	    broadcast_draft_render(draft, chat, &message, fault);

	if (out != OUT_OK)
		return out;
	buf_add_text(&sample, message.plain);
	add_labels(&sample, message.params);
	free(survey->sample);
	survey->sample = buf_take(&sample);
	effect_release(&message);
	return OUT_OK;
}

static enum outcome
count_reached(const struct broadcast_draft *draft, const struct chat *chat,
    struct broadcast_survey *survey, struct fault *fault)
{
	const char *lang = text_lang(draft->flow, chat);

	++survey->reached;
	json_object_set_new(survey->langs, lang,
	    json_integer(json_get_int(survey->langs, lang, 0) + 1));
	if (survey->first != 0)
		return OUT_OK;
	survey->first = chat->id;
	return take_sample(draft, chat, survey, fault);
}

static enum outcome
look_at(const struct broadcast_draft *draft, const struct chat *chat,
    int64_t seen_at, struct broadcast_survey *survey, struct fault *fault)
{
	const char *tag;
	json_t *value;
	void *next;

	++survey->looked;
	json_object_foreach_safe (draft->strange, next, tag, value)
		if (json_object_get(chat->tags, tag) != NULL)
			json_object_del(draft->strange, tag);
	if (!audience_has(draft->flow, chat, draft->audience, seen_at))
		return OUT_OK;
	++survey->chosen;
	if (chat->blocked)
		++survey->blocked;
	else if (chat->unsubscribed)
		++survey->unsubscribed;
	else
		return count_reached(draft, chat, survey, fault);
	return OUT_OK;
}

/* *CHAT_ID is the next one behind it; 0: there is none. */
static enum outcome
look_next(struct run *run, const struct broadcast_draft *draft,
    int64_t *chat_id, struct broadcast_survey *survey)
{
	struct chat_row row = { 0 };
	struct fault why;
	struct chat chat;
	enum outcome out =
	    chats_load_next(run->db, *chat_id, &row, &run->fault);

	*chat_id = out == OUT_OK && row.exists ? row.chat_id : 0;
	chat_init(&chat, *chat_id);
	if (*chat_id != 0) {
		int64_t seen_at = row.seen_at;
		chat_release(&chat);
		/* Whose row is damaged is passed over when it is sent, too. */
		if (chat_from_row(&chat, &row, &why) == OUT_OK)
			out = look_at(draft, &chat, seen_at, survey,
			    &run->fault);
	}
	chat_release(&chat);
	chat_row_release(&row);
	return out;
}

static enum outcome
check_strange(const struct broadcast_draft *draft, struct fault *fault)
{
	const char *tag = json_object_iter_key(
	    json_object_iter(draft->strange));
	json_t *known = json_object_get(draft->strange, tag);
	struct buf hint = BUF_INIT(HINT_MAX);

	if (tag == NULL)
		return OUT_OK;
	if (json_is_string(known))
		buf_printf(&hint, "; did you mean '%s'?",
		    json_string_value(known));
	else if (json_object_size(known) > 0) {
		buf_add_text(&hint, "; the flow has: ");
		check_few(&hint, known);
	}
	fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the flow gives nobody the tag '%.64s', and nobody has it%s", tag,
	    hint.len > 0 ? hint.data : "");
	buf_release(&hint);
	return OUT_NEVER;
}

static enum outcome
look_at_all(struct run *run, const struct broadcast_draft *draft,
    void (*tell)(int64_t looked), struct broadcast_survey *survey)
{
	enum outcome out;
	int64_t chat_id = 0;

	do {
		out = look_next(run, draft, &chat_id, survey);
		if (out != OUT_OK || survey->looked % LOOKS != 0)
			continue;
		tell(survey->looked);
		if (stop_wanted())
			out = fault_set(&run->fault, OUT_LATER, EXIT_LATER,
			    "stopped, nothing was sent");
	} while (out == OUT_OK && chat_id != 0);
	return out;
}

enum outcome
broadcast_survey(struct run *run, const struct broadcast_draft *draft,
    void (*tell)(int64_t looked), struct broadcast_survey *survey)
{
	struct chat anybody;
	enum outcome out;

	*survey = (struct broadcast_survey){ .langs = json_object() };
	out = look_at_all(run, draft, tell, survey);
	if (out == OUT_OK)
		out = check_strange(draft, &run->fault);
	if (out == OUT_OK && survey->first == 0) {
		chat_init(&anybody, 0);
		out = take_sample(draft, &anybody, survey, &run->fault);
		chat_release(&anybody);
	}
	return out;
}

void
broadcast_survey_release(struct broadcast_survey *survey)
{
	json_decref(survey->langs);
	free(survey->sample);
	*survey = (struct broadcast_survey){ 0 };
}
