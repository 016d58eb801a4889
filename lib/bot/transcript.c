/* SPDX-License-Identifier: MIT */
#include "bot/transcript.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/model.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"

#define FAILURES_MAX 20
#define LINE_MAX_BYTES 8192

/* 2026-01-05 12:00:00 UTC, a Monday. */
#define BEGIN_AT "2026-01-05 12:00"

static json_t *
failure_add(struct player *player, int line, const char *fmt, va_list args)
{
	json_t *failure = json_object(), *diff = json_array();
	char text[400];

	vsnprintf(text, sizeof(text), fmt, args);
	json_object_set_new(failure, "line", json_integer(line));
	json_object_set_new(failure, "text", json_string(text));
	json_object_set_new(failure, "diff", diff);
	json_array_append_new(player->result->failures, failure);
	return diff;
}

json_t *
player_fail(struct player *player, int line, const char *fmt, ...)
{
	va_list args;
	json_t *diff;

	va_start(args, fmt);
	diff = failure_add(player, line, fmt, args);
	va_end(args);
	return diff;
}

void
player_refuse(struct player *player, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	failure_add(player, player->line, fmt, args);
	va_end(args);
	player->result->broken = true;
}

struct actor *
player_actor(struct player *player, int64_t id, bool *fresh)
{
	struct actor *actor;

	for (size_t i = 0; i < player->actor_count; i++)
		if (player->actors[i]->chat.id == id)
			return player->actors[i];
	actor = mem_alloc(sizeof(*actor));
	chat_init(&actor->chat, id);
	actor->chat.person.id = id;
	actor->shown = json_array();
	actor->held = json_array();
	actor->said = json_array();
	player->actors = mem_array(player->actors, player->actor_count + 1,
	    sizeof(*player->actors));
	player->actors[player->actor_count++] = actor;
	if (fresh != NULL)
		*fresh = true;
	return actor;
}

struct actor *
player_find(struct player *player, const char *who)
{
	json_t *members = json_object_get(player->flow->roles, who);
	const char *id = json_object_iter_key(json_object_iter(members));
	char *end;
	int64_t chat_id;

	chat_id = strtoll(id ? id : who, &end, 10);
	if (end == (id ? id : who) || *end != '\0')
		return NULL;
	return player_actor(player, chat_id, NULL);
}

bool
player_join(struct player *player, const char *role, int64_t id)
{
	json_t *members = json_object_get(player->flow->roles, role);
	const char *made_up = json_string_value(
	    json_object_get(player->made_up, role));
	char key[24];

	if (members == NULL)
		return false;
	if (made_up != NULL)
		json_object_del(members, made_up);
	snprintf(key, sizeof(key), "%" PRId64, id);
	json_object_set_new(members, key, json_true());
	return true;
}

/* A role whose members only the configuration knows gets one. */
static void
roles_fill(struct player *player)
{
	json_t *value, *members;
	const char *role;
	int64_t id = 9000001;

	json_object_foreach (json_object_get(player->flow->root, "roles"),
	    role, value) {
		char key[24];

		members = json_object_get(player->flow->roles, role);
		if (json_object_size(members) > 0)
			continue;
		if (members == NULL)
			json_object_set_new(player->flow->roles, role,
			    members = json_object());
		snprintf(key, sizeof(key), "%" PRId64, id++);
		json_object_set_new(members, key, json_true());
		json_object_set_new(player->made_up, role, json_string(key));
	}
}

/* Cuts off a comment and the white space at the end. */
static void
line_trim(char *line)
{
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (line[i + 1] == ' ' || !line[i + 1]) &&
		    (i == 0 || line[i - 1] == '\t' ||
			(line[i - 1] == ' ' &&
			    (i == 1 || line[i - 2] == ' '))))
			line[len = i] = '\0';
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
}

static const struct directive {
	const char *word;
	void (*play)(struct player *, const char *rest);
	bool anonymous; /* needs nobody who speaks */
	bool happens;	/* something happens: the exchange before it is over */
} directives[] = {
	{ ">", play_input, false, true },
	{ "<", play_said, false, false },
	{ "=", play_check, false, false },
	{ "+", play_span, true, true },
	{ "at", play_until, true, true },
	{ "user", play_user, true, false },
	{ "to", play_to, true, false },
	{ "event", play_event, false, true },
	{ "exec", play_exec, true, false },
	{ "lead", play_lead, true, false },
	{ "notice", play_notice, true, false },
	{ "outage", play_outage, false, true },
	{ "block", play_block, false, true },
	{ "unblock", play_unblock, false, true },
	{ "state", play_check, false, false },
	{ "tag", play_check, false, false },
	{ "var", play_check, false, false },
	{ "task", play_check, false, false },
	{ "no", play_check, true, false },
};

static const struct directive *
directive_find(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (strncmp(directives[i].word, word, len) == 0 &&
		    directives[i].word[len] == '\0')
			return &directives[i];
	return NULL;
}

static void
play_line(struct player *player, const char *line)
{
	const struct directive *directive;
	size_t len;

	line += strspn(line, " \t");
	if (*line == '\0')
		return;
	len = strchr("><=+", *line) != NULL ? 1 : strcspn(line, " \t");
	/* The flow that it is for is the business of whoever plays it. */
	if (strncmp(line, "flow", len) == 0 && len == 4)
		return;
	directive = directive_find(line, len);
	if (directive == NULL) {
		player_refuse(player,
		    "no line of a transcript begins with '%.*s'; a person "
		    "writes '> text', the bot says '< text'",
		    (int)len, line);
		return;
	}
	if (player->speaker == NULL && !directive->anonymous) {
		player_refuse(player, "who is this? write 'user 42' first");
		return;
	}
	if (directive->happens) {
		exchange_end(player);
		free(player->input);
		player->input = mem_dup(line);
		player->input_line = player->line;
		player->result->inputs++;
	}
	/* What is checked may need its own first word. */
	if (directive->play != play_check || len == 1)
		line += len;
	directive->play(player, line + strspn(line, " \t"));
}

static void
play_text(struct player *player, const char *text)
{
	while (*text != '\0' && !player->result->broken &&
	    json_array_size(player->result->failures) < FAILURES_MAX) {
		size_t len = strcspn(text, "\n");
		char *line;

		player->line++;
		if (len > LINE_MAX_BYTES) {
			player_refuse(player, "the line is too long");
			return;
		}
		line = mem_dup_n(text, len);
		line_trim(line);
		play_line(player, line);
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void
player_release(struct player *player)
{
	for (size_t i = 0; i < player->actor_count; i++) {
		chat_release(&player->actors[i]->chat);
		free(player->actors[i]->payload);
		json_decref(player->actors[i]->shown);
		json_decref(player->actors[i]->held);
		json_decref(player->actors[i]->said);
		free(player->actors[i]);
	}
	for (size_t i = 0; i < player->timer_count; i++) {
		free(player->timers[i].name);
		free(player->timers[i].pointer);
	}
	free(player->actors);
	free(player->timers);
	free(player->input);
	json_decref(player->leads);
	json_decref(player->notices);
	json_decref(player->stubs);
	json_decref(player->expected);
	json_decref(player->made_up);
}

void
transcript_play(struct flow *flow, const char *text,
    const struct transcript_host *host, struct transcript_result *result)
{
	struct player player = { .flow = flow,
		.host = host,
		.result = result,
		.leads = json_array(),
		.notices = json_array(),
		.stubs = json_object(),
		.expected = json_array(),
		.made_up = json_object() };

	*result = (struct transcript_result){ .failures = json_array() };
	roles_fill(&player);
	play_until(&player, BEGIN_AT);
	play_text(&player, text);
	if (!result->broken)
		exchange_end(&player);
	if (!result->broken && result->checks == 0)
		player_refuse(&player,
		    "nothing is checked: write what the bot says, '< text'");
	player_release(&player);
}

void
transcript_release(struct transcript_result *result)
{
	json_decref(result->failures);
	result->failures = NULL;
}
