/* SPDX-License-Identifier: MIT */
/*
 * The lines of a transcript that say what is expected.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/text.h"
#include "bot/transcript_line.h"
#include "bot/transcript_player.h"
#include "bot/transcript_timer.h"
#include "bot/variable.h"
#include "bot/when.h"

static void
expect(struct player *player, int64_t chat_id, const char *who,
    const char *pattern)
{
	player->result->checks++;
	json_array_append_new(player->expected,
	    json_pack("[I, I, s, s]", (json_int_t)player->line,
		(json_int_t)chat_id, pattern, who));
}

void
play_said(struct player *player, const char *rest)
{
	char *who = mem_printf("user %" PRId64, player->speaker->chat.id);

	expect(player, player->speaker->chat.id, who, rest);
	free(who);
}

void
play_to(struct player *player, const char *rest)
{
	size_t len = strcspn(rest, " \t");
	const char *arrow = rest + len + strspn(rest + len, " \t");
	char *who = mem_dup_n(rest, len);
	struct actor *actor = NULL;

	if (arrow[0] == '<')
		actor = player_find(player, who);
	if (actor != NULL)
		expect(player, actor->chat.id, who,
		    arrow + 1 + strspn(arrow + 1, " \t"));
	else
		player_refuse(player,
		    "'%s' is neither a role of the flow nor a chat id; write "
		    "'to dispatcher < *text*'",
		    who);
	free(who);
}

/* Adds a failure that names what was expected and what is. */
static void
fail_with(struct player *player, const char *wanted, const char *found)
{
	char *minus = mem_printf("- %s", wanted);
	char *plus = mem_printf("+ %s", found);
	json_t *diff = player_fail(player, player->line, "after line %d '%s'",
	    player->input_line, player->input ? player->input : "");

	json_array_append_new(diff, json_string(minus));
	json_array_append_new(diff, json_string(plus));
	free(minus);
	free(plus);
}

static void
compare(struct player *player, const char *what, const char *wanted,
    const char *found)
{
	char *one, *other;

	if (pattern_stands_for(wanted, found))
		return;
	one = mem_printf("%s %s", what, wanted);
	other = mem_printf("%s %s", what, found);
	fail_with(player, one, other);
	free(one);
	free(other);
}

static void
want_state(struct player *player, const char *rest)
{
	const char *state = player->speaker->chat.state;

	if (*rest != '\0' && !flow_has_state(player->flow, rest))
		player_refuse(player, "the flow has no state '%s'", rest);
	else
		compare(player, "state", rest, state);
}

/* Names of all that is set in OBJECT, or "none". */
static char *
names_of(const json_t *object)
{
	struct buf out = BUF_INIT(4096);
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, name, value)
		buf_printf(&out, "%s%s", out.len ? " " : "", name);
	if (out.len == 0)
		buf_add_text(&out, "none");
	return buf_take(&out);
}

static void
want_tag(struct player *player, const char *rest, bool wanted)
{
	const json_t *tags = player->speaker->chat.tags;
	char *line, *names, *found;

	if ((json_object_get(tags, rest) != NULL) == wanted)
		return;
	names = names_of(tags);
	line = mem_printf("%stag %s", wanted ? "" : "no ", rest);
	found = mem_printf("tags: %s", names);
	fail_with(player, line, found);
	free(found);
	free(line);
	free(names);
}

static void
want_var(struct player *player, const char *rest)
{
	size_t len = strcspn(rest, " \t=");
	char *name = mem_dup_n(rest, len), *found, *what;

	rest += len;
	rest += strspn(rest, " \t=");
	if (strncmp(name, "user.", 5) != 0 &&
	    json_object_get(player->flow->vars, name) == NULL) {
		player_refuse(player, "the flow has no variable '%s'", name);
	} else {
		found =
		    variable_text(player->flow, &player->speaker->chat, name);
		what = mem_printf("var %s =", name);
		compare(player, what, rest, found ? found : "");
		free(what);
		free(found);
	}
	free(name);
}

static char *
timers_of(const struct player *player)
{
	struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < player->timer_count; i++) {
		const struct timer *timer = &player->timers[i];
		char *due;

		if (timer->chat_id != player->speaker->chat.id)
			continue;
		due = time_text(player, timer->due_at);
		buf_printf(&out, "%stask %s at %s", out.len ? ", " : "",
		    timer->name, due);
		free(due);
	}
	if (out.len == 0)
		buf_add_text(&out, "no task");
	return buf_take(&out);
}

static void
want_task(struct player *player, const char *rest, bool wanted)
{
	size_t len = strcspn(rest, " \t");
	const char *when = rest + len + strspn(rest + len, " \t");
	char *name = mem_dup_n(rest, len), *line, *found;
	const struct timer *timer =
	    player_timer(player, player->speaker->chat.id, name);
	bool there = timer != NULL && timer_is_due(player, timer, when);

	if (there != wanted) {
		line = mem_printf("%stask %s", wanted ? "" : "no ", rest);
		found = timers_of(player);
		fail_with(player, line, found);
		free(found);
		free(line);
	}
	free(name);
}

static void
want_flag(struct player *player, const char *name, bool holds)
{
	char *negated;

	if (holds)
		return;
	negated = mem_printf("not %s", name);
	fail_with(player, name, negated);
	free(negated);
}

static void
want_silent(struct player *player)
{
	const struct actor *actor = player->speaker;
	char *line;

	if (json_array_size(actor->shown) == actor->read)
		return;
	line = message_line(json_array_get(actor->shown, actor->read));
	fail_with(player, "silent", line);
	free(line);
}

/* `no` WHAT. */
static void
want_none(struct player *player, const char *rest)
{
	if (strcmp(rest, "lead") == 0)
		want_flag(player, "no lead",
		    json_array_size(player->leads) == 0);
	else if (strcmp(rest, "notice") == 0)
		want_flag(player, "no notice",
		    json_array_size(player->notices) == 0);
	else if (player->speaker == NULL)
		player_refuse(player, "who? write 'user 42' first");
	else if (strncmp(rest, "tag ", 4) == 0)
		want_tag(player, rest + 4, false);
	else if (strncmp(rest, "task ", 5) == 0)
		want_task(player, rest + 5, false);
	else if (strcmp(rest, "handoff") == 0)
		want_flag(player, "no handoff",
		    !step_paused(&player->speaker->chat, player->now));
	else
		player_refuse(player,
		    "'no %s': of lead, notice, handoff, tag NAME and task "
		    "NAME there can be none",
		    rest);
}

void
play_check(struct player *player, const char *rest)
{
	size_t len = strcspn(rest, " \t");
	const char *more = rest + len + strspn(rest + len, " \t");
	const struct chat *chat;
	char *word = mem_dup_n(rest, len);

	player->result->checks++;
	if (strcmp(word, "no") == 0) {
		want_none(player, more);
		free(word);
		return;
	}
	chat = &player->speaker->chat;
	if (strcmp(word, "state") == 0)
		want_state(player, more);
	else if (strcmp(word, "tag") == 0)
		want_tag(player, more, true);
	else if (strcmp(word, "var") == 0)
		want_var(player, more);
	else if (strcmp(word, "task") == 0)
		want_task(player, more, true);
	else if (strcmp(word, "lang") == 0)
		compare(player, "lang", more, text_lang(player->flow, chat));
	else if (strcmp(word, "tz") == 0)
		compare(player, "tz", more, when_zone(player->flow, chat));
	else if (strcmp(word, "silent") == 0)
		want_silent(player);
	else if (strcmp(word, "unsubscribed") == 0)
		want_flag(player, word, chat->unsubscribed);
	else if (strcmp(word, "subscribed") == 0)
		want_flag(player, word, !chat->unsubscribed);
	else if (strcmp(word, "handoff") == 0)
		want_flag(player, word, step_paused(chat, player->now));
	else
		player_refuse(player,
		    "'= %s': what can be checked is state, tag, var, task, "
		    "lang, tz, silent, subscribed, unsubscribed, handoff",
		    word);
	free(word);
}

void
play_notice(struct player *player, const char *rest)
{
	json_t *notice = json_array_get(player->notices, 0);

	player->result->checks++;
	compare(player, "notice", rest,
	    notice ? json_string_value(notice) : "");
	if (notice != NULL)
		json_array_remove(player->notices, 0);
}
