/* SPDX-License-Identifier: MIT */
/*
 * The world around the engine in a transcript: what is shown to whom, what is
 * due when, what handlers answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/handler_check.h"
#include "bot/model.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"

/* A handler may lead to another; without end only by mistake. */
#define EXECS_MAX 50

static void
buttons_add(json_t *list, const json_t *rows)
{
	json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row)
		json_array_foreach (row, j, button)
			json_array_append(list, button);
}

/* What a person sees of EFFECT. */
static json_t *
message_of(const struct effect *effect)
{
	const char *html = json_get_text(effect->params, "text");
	json_t *markup = json_object_get(effect->params, "reply_markup");
	json_t *message = json_object(), *buttons = json_array(), *name;
	char *what = NULL, *more;
	size_t i;

	if (html == NULL)
		html = json_get_text(effect->params, "caption");
	if (effect->media_list != NULL)
		what = mem_dup("album");
	else if (strcmp(effect->method, "sendMessage") != 0)
		what = mem_dup(strncmp(effect->method, "send", 4) == 0
			? effect->method + 4
			: effect->method);
	if (what != NULL && what[0] >= 'A' && what[0] <= 'Z')
		what[0] = (char)(what[0] - 'A' + 'a');
	if (effect->media != NULL) {
		more = mem_printf("%s %s", what, effect->media);
		free(what);
		what = more;
	}
	json_array_foreach (effect->media_list, i, name) {
		more = mem_printf("%s %s", what, json_string_value(name));
		free(what);
		what = more;
	}
	buttons_add(buttons, json_object_get(markup, "inline_keyboard"));
	buttons_add(buttons, json_object_get(markup, "keyboard"));
	json_object_set_new(message, "text",
	    json_string(effect->plain ? effect->plain : ""));
	json_object_set_new(message, "html", json_string(html ? html : ""));
	json_object_set_new(message, "what", json_string(what ? what : ""));
	json_object_set_new(message, "about", json_integer(effect->about));
	json_object_set_new(message, "buttons", buttons);
	json_object_set_new(message, "role",
	    json_string(effect->by_operator ? "operator" : "assistant"));
	free(what);
	return message;
}

void
player_note(struct player *player, struct actor *actor, const char *role,
    const char *text)
{
	if (text != NULL)
		json_array_append_new(actor->said,
		    json_pack("[s, s, I]", role, text,
			(json_int_t)player->now));
}

void
player_show(struct player *player, struct actor *actor, json_t *message)
{
	player_note(player, actor, json_get_text(message, "role"),
	    json_get_text(message, "text"));
	json_array_append_new(actor->shown, message);
}

static void
message_add(struct player *player, int64_t chat_id, json_t *message)
{
	struct actor *actor = player_actor(player, chat_id, NULL);

	json_object_set_new(message, "id", json_integer(++player->next_id));
	if (actor->chat.blocked)
		json_array_append_new(actor->held, message);
	else
		player_show(player, actor, message);
}

static void
report_show(struct player *player, const struct effect *effect)
{
	json_t *message = json_pack("{s:s, s:s, s:[], s:s}", "text", "",
	    "html", "", "buttons", "role", "assistant");
	char *what = mem_printf("report %s", effect->text);

	json_object_set_new(message, "what", json_string(what));
	message_add(player, effect->chat_id, message);
	free(what);
}

/* What ACTOR's history had when the handler was asked for: what is said in the
 * same step is still on its way then. */
static json_t *
said_before(const struct player *player, const struct actor *actor)
{
	json_t *said = json_array();

	for (size_t i = 0; i < player->heard; i++)
		json_array_append(said, json_array_get(actor->said, i));
	return said;
}

/* What the handler of EFFECT writes, from a line of the transcript or really;
 * NULL: it failed. */
static char *
exec_run(struct player *player, const struct effect *effect)
{
	json_t *run = json_object_get(effect->data, "run");
	const char *program = json_string_value(json_array_get(run, 0));
	json_t *stub = json_object_get(player->stubs, program);
	struct fault fault = { .text = "" };
	json_t *said;
	char *text;

	if (stub != NULL)
		return json_is_null(stub) ? NULL : json_text(stub);
	if (player->host == NULL || player->host->exec == NULL) {
		player_fail(player, player->line,
		    "nothing says what the handler '%s' answers: write "
		    "'exec %s => {\"set\": {}}' above",
		    program, program);
		return NULL;
	}
	said =
	    said_before(player, player_actor(player, effect->chat_id, NULL));
	text = player->host->exec(player->host->arg, player->flow,
	    effect->data, said, &fault);
	json_decref(said);
	if (text == NULL && fault.what != OUT_OK)
		player_fail(player, player->line, "%s", fault.text);
	/* The host hands out memory of its own, not of the fault's. */
	/* cppcheck-suppress returnDanglingLifetime */
	return text;
}

/* What a handler wrote, as the engine takes it. */
static json_t *
exec_answer(struct player *player, const struct effect *effect)
{
	char *text = exec_run(player, effect);
	struct findings findings = { 0 };
	struct fault fault = { .text = "" };
	json_t *output = NULL;

	if (text != NULL &&
	    flow_actions_check(player->flow, text, strlen(text), &output,
		&findings, &fault) != OUT_OK)
		player_fail(player, player->line,
		    "the flow cannot use what the handler wrote: %s",
		    fault.text);
	findings_release(&findings);
	if (output == NULL)
		output = json_pack("{s:b}", "ok", 0);
	else
		json_object_set_new(output, "ok", json_true());
	free(text);
	return output;
}

/* Does what one effect says; the suspension, if it is one, is kept. */
static void
effect_apply(struct player *player, struct effect *effect, json_t **answer,
    char **resume)
{
	switch (effect->kind) {
	case EFFECT_MESSAGE:
		message_add(player, effect->chat_id, message_of(effect));
		return;
	case EFFECT_TASK:
		player_add_timer(player, effect);
		return;
	case EFFECT_CANCEL:
		player_cancel_timer(player, effect);
		return;
	case EFFECT_NOTICE:
		json_array_append_new(player->notices,
		    json_string(effect->text));
		return;
	case EFFECT_LEAD:
		json_array_append(player->leads, effect->data);
		return;
	case EFFECT_REPORT:
		report_show(player, effect);
		return;
	case EFFECT_EXEC:
		*answer = exec_answer(player, effect);
		*resume = json_text(effect->resume);
		return;
	case EFFECT_ENTERED:
		return;
	}
}

/* Steps once; true when a handler's answer is to be stepped next. */
static bool
step_once(struct player *player, struct actor *actor,
    const struct input *input, json_t **answer, char **resume)
{
	struct effects effects = { 0 };
	struct fault fault = { .text = "" };
	enum outcome out;

	*answer = NULL;
	*resume = NULL;
	player->heard = json_array_size(actor->said);
	out = step(player->flow, &actor->chat, input, player->now, &effects,
	    &fault);
	if (out != OUT_OK)
		player_refuse(player, "the flow cannot go on: %s", fault.text);
	for (size_t i = 0; out == OUT_OK && i < effects.count; i++)
		effect_apply(player, &effects.list[i], answer, resume);
	effects_release(&effects);
	return *answer != NULL;
}

void
player_step(struct player *player, struct actor *actor,
    const struct input *input)
{
	struct input next = *input;
	json_t *answer = NULL, *used = NULL;
	char *resume = NULL, *place = NULL;
	bool paused = step_paused(&actor->chat, player->now);
	int execs = 0;

	while (step_once(player, actor, &next, &answer, &resume)) {
		json_decref(used);
		free(place);
		used = answer;
		place = resume;
		next = (struct input){ .kind = INPUT_EXEC,
			.text = place,
			.data = used };
		if (++execs == EXECS_MAX) {
			player_refuse(player,
			    "handlers led to handlers %d times", EXECS_MAX);
			break;
		}
	}
	json_decref(used);
	free(place);
	if (paused && !step_paused(&actor->chat, player->now))
		player_release_timers(player, actor);
}
