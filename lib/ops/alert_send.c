/* SPDX-License-Identifier: MIT */
#include "ops/alert_send.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "net/retry.h"
#include "telegram/answer.h"
#include "telegram/client.h"

#define TOKEN "TELEGRAM_ALERT_BOT_TOKEN"

/* So often a letter is sent of which nobody knows whether it arrived. */
#define LOST_MOST 3

/* No id, and no name of a channel, is that long. */
#define ID_MOST 40

/* Later than this a letter says of when it is. */
#define FRESH_MS INT64_C(120000)

/* The next of a list, which begins after *AT (of *LEN); false at its end. */
static bool
next_id(const char **at, size_t *len)
{
	*at += *len;
	*at += strspn(*at, ", \t");
	*len = strcspn(*at, ", \t");
	return *len > 0;
}

void
alert_address(struct alert_letter *letter, const struct config *config)
{
	const char *at = config_get(config, "TELEGRAM_ALERT_CHAT_ID");
	size_t len = 0;

	if (at == NULL)
		at = config_get_or(config, "ADMIN_IDS", "");
	while (next_id(&at, &len))
		alert_chat_add(letter, at, len);
}

static bool
is_id(const char *id, size_t len)
{
	size_t sign = *id == '@' || *id == '-';

	for (size_t i = sign; i < len; i++)
		if (!isdigit((unsigned char)id[i]) &&
		    (*id != '@' ||
			(!isalpha((unsigned char)id[i]) && id[i] != '_')))
			return false;
	return len > sign && len < ID_MOST;
}

enum outcome
alert_check(const struct config *config, const char *name, struct fault *fault)
{
	const char *at = config_get_or(config, name, "");
	size_t len = 0;

	for (int entry = 1; next_id(&at, &len); entry++)
		if (!is_id(at, len))
			return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "entry %d of %s (%s) is no id of a person or a "
			    "chat, as 123, -1001234 or @channel",
			    entry, name, config_origin(config, name));
	return OUT_OK;
}

static const char *
token_of(const struct config *config)
{
	return config_get(config, TOKEN) != NULL ? TOKEN : "BOT_TOKEN";
}

/* No parse_mode: whatever a text holds stays text. */
static char *
params_of(const struct alert_letter *letter, const struct alert_chat *chat,
    int64_t now)
{
	const char *again =
	    chat->lost > 0 ? "(again: this may have arrived before)\n" : "";
	char at[CLOCK_TEXT_SIZE], *late = mem_dup(""), *end;

	if (now - letter->at > FRESH_MS) {
		free(late);
		late = mem_printf("(of %s)\n", clock_text(letter->at, at));
	}
	char *text = mem_printf("%s%s%s", again, late, letter->text);
	errno = 0;
	long long number = strtoll(chat->id, &end, 10);
	json_t *id = *end == '\0' && errno == 0 ? json_integer(number)
						: json_string(chat->id);
	json_auto_t *params = json_pack("{s:o, s:s, s:{s:b}}", "chat_id", id,
	    "text", text, "link_preview_options", "is_disabled", 1);
	free(text);
	free(late);
	return json_text(params);
}

static bool
is_due(const struct alert_chat *chat, int64_t now)
{
	return chat->next_at <= now;
}

/* A mark that is still there is of a process that died while it sent. */
static void
unmark(struct alert_letter *letter)
{
	for (size_t i = letter->chat_count; i-- > 0;) {
		struct alert_chat *chat = &letter->chats[i];

		if (!chat->sending)
			continue;
		chat->sending = false;
		if (++chat->lost >= LOST_MOST)
			alert_chat_drop(letter, i);
	}
}

/* How many are due. */
static size_t
mark(struct alert_state *state, int64_t now)
{
	size_t count = 0;

	for (size_t i = 0; i < state->letter_count; i++) {
		struct alert_letter *letter = &state->letters[i];

		unmark(letter);
		if (now < state->wait_until)
			continue;
		for (size_t j = 0; j < letter->chat_count; j++) {
			struct alert_chat *chat = &letter->chats[j];

			chat->sending = is_due(chat, now);
			chat->tries += chat->sending;
			count += chat->sending;
		}
	}
	return count;
}

/* It was not sent after all. */
static void
take_back(struct alert_state *state, int64_t next_at)
{
	for (size_t i = 0; i < state->letter_count; i++) {
		struct alert_letter *letter = &state->letters[i];

		for (size_t j = 0; j < letter->chat_count; j++) {
			struct alert_chat *chat = &letter->chats[j];

			if (chat->sending && chat->next_at < next_at)
				chat->next_at = next_at;
			chat->tries -= chat->sending;
			chat->sending = false;
		}
	}
}

static void
say_refused(const struct alert_chat *chat, const struct config *config,
    const struct answer *answer, struct fault *fault)
{
	if (answer->verdict == VERDICT_CONFIG)
		fault_set(fault, OUT_NEVER, answer->code,
		    "Telegram refuses %s or its address (HTTP %d)",
		    token_of(config), answer->status);
	else if (answer->verdict == VERDICT_MIGRATE)
		fault_set(fault, OUT_LATER, EXIT_CONFIG,
		    "the group %s is %lld now: set TELEGRAM_ALERT_CHAT_ID",
		    chat->id, (long long)answer->migrate_to);
	else
		fault_set(fault, OUT_LATER, EXIT_LATER, "chat %s: %s",
		    chat->id, answer->text);
}

static void
move(struct alert_chat *chat, int64_t to)
{
	free(chat->id);
	chat->id = mem_printf("%lld", (long long)to);
	chat->next_at = 0;
}

/* True when CHAT is done with, for good or ill. */
static bool
settle(struct alert_state *state, struct alert_chat *chat,
    const struct answer *answer, int64_t now)
{
	chat->sending = false;
	chat->next_at = now + retry_wait_ms(&retry_telegram, chat->tries);
	switch (answer->verdict) {
	case VERDICT_OK:
	case VERDICT_MESSAGE:
	case VERDICT_PLAIN:
	case VERDICT_FILE:
	case VERDICT_CHAT:
		return true;
	case VERDICT_AMBIGUOUS:
		/* A server that says it failed has most likely failed. */
		chat->lost += answer->status < 500;
		return chat->lost >= LOST_MOST;
	case VERDICT_WAIT:
		chat->tries--;
		chat->next_at = state->wait_until = now + answer->retry_ms;
		return false;
	case VERDICT_MIGRATE:
		move(chat, answer->migrate_to);
		return false;
	default:
		return false;
	}
}

static void
send_one(struct telegram *telegram, struct alert_letter *letter,
    const struct alert_chat *chat, int64_t deadline, struct answer *answer)
{
	char *params = params_of(letter, chat, clock_wall_ms());
	const struct telegram_request request = { .method =
						      METHOD_SEND_MESSAGE,
		.params = params,
		.deadline = deadline };
	struct http_result result = { 0 };

	http_finish(telegram_http(telegram),
	    telegram_start(telegram, &request), &result);
	answer_read(METHOD_SEND_MESSAGE, &result, answer);
	buf_release(&result.body);
	free(params);
}

static void
send_marked(struct alert_state *state, struct telegram *telegram,
    const struct config *config, int64_t deadline, struct fault *fault)
{
	struct answer answer;

	for (size_t i = 0; i < state->letter_count; i++) {
		struct alert_letter *letter = &state->letters[i];

		for (size_t j = 0; j < letter->chat_count;) {
			struct alert_chat *chat = &letter->chats[j];

			if (!chat->sending) {
				j++;
				continue;
			}
			send_one(telegram, letter, chat, deadline, &answer);
			if (answer.verdict != VERDICT_OK)
				say_refused(chat, config, &answer, fault);
			else
				letter->heard = true;
			if (settle(state, chat, &answer, clock_wall_ms()))
				alert_chat_drop(letter, j);
			else
				j++;
			/* Nor the others before that. */
			if (answer.verdict == VERDICT_WAIT) {
				take_back(state, state->wait_until);
				return;
			}
		}
	}
}

void
alert_send(struct alert_state *state, struct alert_file *file,
    const struct config *config, int64_t deadline, struct fault *fault)
{
	struct telegram *telegram = NULL;
	struct fault why;
	char at[CLOCK_TEXT_SIZE];

	*fault = (struct fault){ .what = OUT_OK };
	size_t count = mark(state, clock_wall_ms());
	if (state->letter_count > 0 && clock_wall_ms() < state->wait_until)
		fault_set(fault, OUT_LATER, EXIT_LATER,
		    "Telegram takes nothing before %s (429)",
		    clock_text(state->wait_until, at));
	if (count == 0)
		return;
	if (telegram_open_as(&telegram, config, token_of(config), &why) !=
		OUT_OK ||
	    alert_file_save(file, state, &why) != OUT_OK) {
		*fault = why;
		take_back(state, 0);
	} else {
		send_marked(state, telegram, config, deadline, fault);
	}
	telegram_close(telegram);
}
