/* SPDX-License-Identifier: MIT */
/*
 * The lines of a transcript that let something happen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/transcript_line.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"

static void
text_set(char **place, const char *value)
{
	free(*place);
	*place = mem_dup(value);
}

static void
user_set(struct player *player, struct actor *actor, const char *key,
    const char *value)
{
	struct person *person = &actor->chat.person;

	if (strcmp(key, "lang") == 0)
		text_set(&person->lang, value);
	else if (strcmp(key, "name") == 0)
		text_set(&person->first_name, value);
	else if (strcmp(key, "last") == 0)
		text_set(&person->last_name, value);
	else if (strcmp(key, "username") == 0)
		text_set(&person->username, value);
	else if (strcmp(key, "payload") == 0)
		text_set(&actor->payload, value);
	else if (strcmp(key, "role") != 0)
		player_refuse(player,
		    "'%s' is none of lang, name, last, username, payload, "
		    "role",
		    key);
	else if (!player_join(player, value, actor->chat.id))
		player_refuse(player, "the flow has no role '%s'", value);
	else
		player_recur(player, actor);
}

void
play_user(struct player *player, const char *rest)
{
	char *key, *value, *end;
	int64_t id = strtoll(rest, &end, 10);
	bool fresh = false;

	if (end == rest || (*end != '\0' && *end != ' ') || id == 0) {
		player_refuse(player,
		    "a user has a number: user 42 lang=en name=\"Ann\"");
		return;
	}
	player->speaker = player_actor(player, id, &fresh);
	if (fresh)
		text_set(&player->speaker->chat.person.first_name, "Test");
	rest = end;
	while (!player->result->broken && word_next(&rest, &key, &value)) {
		if (value == NULL)
			player_refuse(player, "what is '%s'? write %s=...",
			    key, key);
		else
			user_set(player, player->speaker, key, value);
		free(key);
		free(value);
	}
}

/* The button called LABEL that was shown last, or NULL. */
static const json_t *
button_find(const struct actor *actor, const char *label)
{
	size_t count = json_array_size(actor->shown), i;
	json_t *button;

	while (count-- > 0)
		json_array_foreach (json_object_get(json_array_get(actor
								       ->shown,
							count),
					"buttons"),
		    i, button)
			if (strcmp(json_get_text(button, "text"), label) == 0)
				return button;
	return NULL;
}

static char *
labels_of(const struct actor *actor)
{
	size_t count = json_array_size(actor->shown), i;
	json_t *last = json_array_get(actor->shown, count - 1), *button;
	struct buf out = BUF_INIT(2048);

	json_array_foreach (json_object_get(last, "buttons"), i, button)
		buf_printf(&out, " [%s]", json_get_text(button, "text"));
	return buf_take(&out);
}

/* The speaker says WORDS, and INPUT is what the bot hears of it. */
static void
play_as(struct player *player, const char *words, const struct input *input)
{
	player_note(player, player->speaker, "user", words);
	player_step(player, player->speaker, input);
}

static void
press(struct player *player, const char *label)
{
	struct actor *actor = player->speaker;
	const json_t *button = button_find(actor, label);
	const char *data = json_get_text(button, "callback_data");
	char *labels = labels_of(actor);
	struct input input = { .kind = data ? INPUT_BUTTON : INPUT_TEXT,
		.text = data ? data : label,
		.user_id = actor->chat.id,
		.message_id = ++player->next_id };

	if (button == NULL)
		player_refuse(player,
		    "nobody was shown a button [%s]; the last message has%s",
		    label, labels[0] ? labels : " none");
	else if (json_get_text(button, "url") != NULL)
		player_refuse(player,
		    "[%s] opens an address, the bot hears nothing of it",
		    label);
	else if (json_object_get(button, "request_contact") != NULL)
		player_refuse(player,
		    "[%s] sends a contact: write '> contact +79123456789'",
		    label);
	else
		play_as(player, label, &input);
	free(labels);
}

/* +7 912 345-67-89 from=77: a number may have spaces. */
static void
send_contact(struct player *player, const char *rest)
{
	const char *from = strstr(rest, " from=");
	char *phone =
	    mem_dup_n(rest, from ? (size_t)(from - rest) : strlen(rest));
	const struct input input = { .kind = INPUT_CONTACT,
		.text = phone,
		.user_id = from ? strtoll(from + 6, NULL, 10)
				: player->speaker->chat.id,
		.message_id = ++player->next_id };

	if (phone[0] == '\0')
		player_refuse(player, "which number? > contact +79123456789");
	else
		play_as(player, phone, &input);
	free(phone);
}

/* An operator replies to a message that is about the chat WHO. */
static void
reply_to(struct player *player, const char *who, const char *text)
{
	int64_t about = strtoll(who, NULL, 10);
	const struct input input = { .kind = INPUT_OPERATOR,
		.text = *text != '\0' ? text : NULL,
		.user_id = player->speaker->chat.id,
		.from_chat = player->speaker->chat.id,
		.message_id = ++player->next_id };
	json_t *message;
	bool told = false;
	size_t i;

	json_array_foreach (player->speaker->shown, i, message)
		if (json_get_int(message, "about", 0) == about)
			told = true;
	if (about == 0 || !told)
		player_refuse(player,
		    "no message about chat %s was sent to chat %" PRId64, who,
		    player->speaker->chat.id);
	else {
		player_note(player, player->speaker, "user", input.text);
		player_step(player, player_actor(player, about, NULL), &input);
	}
}

/* (photo) caption, (reply 42) text */
static void
send_other(struct player *player, const char *rest)
{
	size_t len = strcspn(rest, ")");
	char *kind = mem_dup_n(rest, len);
	const char *text = rest + len + (rest[len] == ')');
	struct input input = { .kind = INPUT_MEDIA,
		.text = kind,
		.user_id = player->speaker->chat.id,
		.message_id = ++player->next_id };

	text += strspn(text, " \t");
	if (strncmp(kind, "reply ", 6) == 0) {
		reply_to(player, kind + 6, text);
	} else {
		input.caption = *text != '\0' ? text : NULL;
		play_as(player, input.caption ? input.caption : kind, &input);
	}
	free(kind);
}

static void
send_text(struct player *player, const char *text)
{
	struct actor *actor = player->speaker;
	char *whole = strcmp(text, "/start") == 0 && actor->payload != NULL
	    ? mem_printf("/start %s", actor->payload)
	    : mem_dup(text);
	const struct input input = { .kind = INPUT_TEXT,
		.text = whole,
		.user_id = actor->chat.id,
		.message_id = ++player->next_id };

	play_as(player, whole, &input);
	free(whole);
}

void
play_input(struct player *player, const char *rest)
{
	size_t len = strlen(rest);
	char *label;

	if (player->speaker->chat.blocked)
		play_unblock(player, "");
	if (rest[0] == '[' && len > 2 && rest[len - 1] == ']') {
		label = mem_dup_n(rest + 1, len - 2);
		press(player, label);
		free(label);
	} else if (strncmp(rest, "contact ", 8) == 0) {
		send_contact(player, rest + 8);
	} else if (rest[0] == '(' && strchr(rest, ')') != NULL) {
		send_other(player, rest + 1);
	} else {
		send_text(player, rest);
	}
}

void
play_event(struct player *player, const char *rest)
{
	size_t len = strcspn(rest, " \t");
	const char *json = rest + len + strspn(rest + len, " \t");
	char *name = mem_dup_n(rest, len);
	json_error_t error;
	json_t *data = *json != '\0'
	    ? json_loads(json, JSON_REJECT_DUPLICATES, &error)
	    : json_object();
	const struct input input = { .kind = INPUT_EVENT,
		.text = name,
		.data = data };

	if (!flow_has_event(player->flow, name))
		player_refuse(player, "the flow has no event '%s'", name);
	else if (!json_is_object(data))
		player_refuse(player,
		    "what comes with an event is a JSON object: event %s "
		    "{\"sum\": 5}",
		    name);
	else
		player_step(player, player->speaker, &input);
	json_decref(data);
	free(name);
}

/* True when somewhere in VALUE the handler PROGRAM is run. */
static bool
runs(const json_t *value, const char *program)
{
	const json_t *run = json_object_get(value, "run");
	const char *name = json_string_value(json_array_get(run, 0)), *key;
	bool found = name != NULL && strcmp(name, program) == 0;
	json_t *child;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		found = found || runs(child, program);
	json_array_foreach (value, i, child)
		found = found || runs(child, program);
	return found;
}

void
play_exec(struct player *player, const char *rest)
{
	const char *arrow = strstr(rest, "=>");
	json_error_t error;
	json_t *output;
	char *name;

	if (arrow == NULL) {
		player_refuse(player,
		    "what does the handler answer? exec price.py => {\"set\": "
		    "{\"price\": 5}}, or => fail");
		return;
	}
	name = mem_dup_n(rest, strcspn(rest, " \t="));
	arrow += 2 + strspn(arrow + 2, " \t");
	output = strcmp(arrow, "fail") == 0
	    ? json_null()
	    : json_loads(arrow, JSON_REJECT_DUPLICATES, &error);
	if (output == NULL)
		player_refuse(player, "not JSON: %s", error.text);
	else if (!runs(player->flow->root, name))
		player_refuse(player, "the flow runs no '%s'", name);
	else
		json_object_set(player->stubs, name, output);
	json_decref(output);
	free(name);
}

void
play_span(struct player *player, const char *rest)
{
	int64_t total = 0, ms;
	char *word, *value;

	while (!player->result->broken && word_next(&rest, &word, &value)) {
		if (value != NULL || clock_parse_span(word, &ms) != 0)
			player_refuse(player,
			    "'%s' is no span of time such as 90s, 5m, 2h, 1d",
			    word);
		else
			total += ms;
		free(word);
		free(value);
	}
	if (!player->result->broken)
		player_wait(player, player->now + total);
}

void
play_outage(struct player *player, const char *rest)
{
	const struct input input = { .kind = INPUT_LOST, .text = "" };

	(void)rest;
	player_step(player, player->speaker, &input);
}

void
play_block(struct player *player, const char *rest)
{
	(void)rest;
	player->speaker->chat.blocked = true;
}

/* What was held comes now. */
void
play_unblock(struct player *player, const char *rest)
{
	struct actor *actor = player->speaker;
	json_t *message;
	size_t i;

	(void)rest;
	actor->chat.blocked = false;
	json_array_foreach (actor->held, i, message)
		player_show(player, actor, json_incref(message));
	json_array_clear(actor->held);
	player_release_timers(player, actor);
}
