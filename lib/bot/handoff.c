/* SPDX-License-Identifier: MIT */
#include "bot/handoff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/markup.h"
#include "bot/person.h"
#include "bot/pointer.h"
#include "bot/timer.h"

#define PAUSE_MS (60LL * 60 * 1000)
#define TIMER "handoff:end"
#define MESSAGE_MAX 4096

bool
step_paused(const struct chat *chat, int64_t now)
{
	return chat->handoff_until > now;
}

static const json_t *
handoff_of(const struct run *run)
{
	return json_object_get(run->chat->memory, "handoff");
}

static struct effect *
message_add(struct run *run, int64_t chat_id, const char *method)
{
	struct effect *message =
	    effects_add(run->effects, EFFECT_MESSAGE, chat_id);

	message->method = mem_dup(method);
	message->params = json_object();
	return message;
}

/* What a person wrote is text, whatever it looks like. */
static void
put_text(struct effect *message, const char *text)
{
	struct buf out = BUF_INIT(128U << 10);
	char *cut = mem_dup_n(text, utf8_prefix(text, MESSAGE_MAX));

	markup_escape(cut, &out);
	json_object_set_new(message->params, "text",
	    json_string(out.data ? out.data : ""));
	json_object_set_new(message->params, "parse_mode",
	    json_string("HTML"));
	message->plain = cut;
	buf_release(&out);
}

/* Sends the message MESSAGE_ID of FROM_CHAT on as it is. */
static void
put_message(struct effect *message, int64_t from_chat, int64_t message_id,
    const char *plain)
{
	json_object_set_new(message->params, "from_chat_id",
	    json_integer(from_chat));
	json_object_set_new(message->params, "message_id",
	    json_integer(message_id));
	message->plain = mem_dup(plain ? plain : "");
}

static char *
caller_name(const struct run *run)
{
	char *name = person_text(&run->chat->person, "full_name");

	if (name != NULL && name[0] != '\0')
		return name;
	free(name);
	return person_text(&run->chat->person, "id");
}

/* The first message, which operators answer to: the flow's text, or ours. */
static void
call_operators(struct run *run, const json_t *handoff, const json_t *members)
{
	const char *key = json_get_text(handoff, "text"), *id;
	json_t *send = json_pack("{ss}", "send", key ? key : ""), *value;
	const char *lang = json_string_value(
	    json_array_get(run->flow->langs, 0));
	bool russian = strncmp(lang, "ru", 2) == 0;
	char *name = caller_name(run), *text;
	struct chat about = *run->chat;

	about.reading = lang;
	text = mem_printf(russian
		? "%s просит оператора. Ответьте на это сообщение; %s "
		  "завершает разговор."
		: "%s asks for an operator. Reply to this message; %s ends "
		  "the talk.",
	    name, json_get_text(handoff_of(run), "done"));
	json_object_foreach ((json_t *)(uintptr_t)members, id, value) {
		int64_t member = strtoll(id, NULL, 10);
		struct effect *message;

		if (key == NULL) {
			message = message_add(run, member, "sendMessage");
			put_text(message, text);
		} else {
			message =
			    effects_add(run->effects, EFFECT_MESSAGE, member);
			run->outcome = render(run->flow, &about, send,
			    run->origin, message, run->fault);
		}
		message->about = run->chat->id;
	}
	free(text);
	free(name);
	json_decref(send);
}

/* The timer moves with it: while the chat is paused nothing that is due looks
 * whether it still is. */
static void
pause_from_now(struct run *run)
{
	run->chat->handoff_until = run->now +
	    json_get_int(handoff_of(run), "pause", PAUSE_MS);
	(void)timer_plan(run, TIMER, json_get_text(handoff_of(run), "end"),
	    run->chat->handoff_until);
}

void
do_handoff(struct run *run, const json_t *action)
{
	const json_t *handoff = json_object_get(action, "handoff");
	const char *role = json_get_text(handoff, "role");
	const char *done = json_get_text(handoff, "done");
	const char *pause = json_get_text(handoff, "pause");
	json_t *members = json_object_get(run->flow->roles, role);
	char *at = pointer_of(run->flow->root, handoff), *end;
	int64_t ms = PAUSE_MS;

	/* Nobody would answer: the bot goes on. */
	if (at == NULL || json_object_size(members) == 0) {
		free(at);
		return;
	}
	if (pause != NULL)
		(void)clock_parse_span(pause, &ms);
	end = mem_printf("%s/on_end", at);
	json_object_set_new(run->chat->memory, "handoff",
	    json_pack("{ss,sI,ss,ss}", "role", role, "pause", (json_int_t)ms,
		"done", done ? done : "/done", "end", end));
	pause_from_now(run);
	call_operators(run, handoff, members);
	free(end);
	free(at);
}

/* The hand-off is over; returns what the flow has for that. */
static const json_t *
handoff_end(struct run *run, bool planned)
{
	const char *end = json_get_text(handoff_of(run), "end");
	const json_t *actions = end ? pointer_find(run->flow->root, end)
				    : NULL;

	run->chat->handoff_until = 0;
	json_object_del(run->chat->memory, "handoff");
	if (planned)
		effects_add(run->effects, EFFECT_CANCEL, run->chat->id)->text =
		    mem_dup(TIMER);
	return actions;
}

void
handoff_leave(struct run *run)
{
	(void)handoff_end(run, true);
}

void
handoff_timer(struct run *run)
{
	if (handoff_of(run) != NULL && !step_paused(run->chat, run->now))
		run_actions(run, handoff_end(run, false));
}

void
handoff_overdue(struct run *run)
{
	if (handoff_of(run) == NULL || step_paused(run->chat, run->now))
		return;
	run_actions(run, handoff_end(run, true));
	run->origin = run->chat->state;
}

/* "Name: text"; NULL when it is too long for one message.  The caller frees
 * it. */
static char *
words_of(const struct run *run)
{
	const struct input *input = run->input;
	const char *text = input->text ? input->text : "";
	char *name = caller_name(run), *clean = utf8_clean(text, strlen(text));
	char *words = mem_printf("%s:\n%s", name, clean);

	free(clean);
	free(name);
	if (input->message_id == 0 ||
	    (input->kind == INPUT_TEXT && utf8_length(words) <= MESSAGE_MAX))
		return words;
	free(words);
	return NULL;
}

/* What is no text, or too long, is sent on as it is. */
void
handoff_relay(struct run *run)
{
	const struct input *input = run->input;
	json_t *members = json_object_get(run->flow->roles,
	    json_get_text(handoff_of(run), "role"));
	json_t *value;
	char *words = words_of(run);
	const char *id;

	json_object_foreach (members, id, value) {
		struct effect *message = message_add(run,
		    strtoll(id, NULL, 10),
		    words ? "sendMessage" : "forwardMessage");

		message->about = run->chat->id;
		if (words != NULL)
			put_text(message, words);
		else
			put_message(message, run->chat->id, input->message_id,
			    input->caption ? input->caption : input->text);
	}
	free(words);
}

static bool
is_done(const struct run *run)
{
	const char *done = json_get_text(handoff_of(run), "done");
	char *text = run->input->text ? utf8_trim(run->input->text) : NULL;
	bool is = text != NULL && done != NULL && strcasecmp(text, done) == 0;

	free(text);
	return is;
}

/* Who was told of the talk may have left the role since.  A member may be a
 * group of people. */
static bool
is_operator(const struct run *run)
{
	const char *role = json_get_text(handoff_of(run), "role");

	return flow_in_role(run->flow, role, run->input->user_id) ||
	    flow_in_role(run->flow, role, run->input->from_chat);
}

/* An answer that came when it was over goes to nobody. */
static void
tell_closed(struct run *run)
{
	const char *lang = json_string_value(
	    json_array_get(run->flow->langs, 0));

	put_text(message_add(run, run->input->from_chat, "sendMessage"),
	    strncmp(lang, "ru", 2) == 0
		? "Разговор завершён, сообщение не отправлено."
		: "This talk is over, the message was not sent.");
}

void
handoff_operator(struct run *run)
{
	const struct input *input = run->input;
	struct effect *message;
	char *clean;

	if (handoff_of(run) == NULL || !step_paused(run->chat, run->now) ||
	    !is_operator(run)) {
		tell_closed(run);
		return;
	}
	if (is_done(run)) {
		run_actions(run, handoff_end(run, true));
		return;
	}
	pause_from_now(run);
	if (input->text != NULL) {
		clean = utf8_clean(input->text, strlen(input->text));
		message = message_add(run, run->chat->id, "sendMessage");
		put_text(message, clean);
		free(clean);
	} else {
		message = message_add(run, run->chat->id, "copyMessage");
		put_message(message, input->from_chat, input->message_id,
		    NULL);
	}
	message->by_operator = true;
}
