/* SPDX-License-Identifier: MIT */
/*
 * Read and change by hand where a person is in the conversation.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"
#include "ops/run.h"
#include "turn/explain.h"
#include "turn/turn_place.h"

#define LIFE_MS 60000
#define WAIT_MS 30000

static const char *data_text;
static int64_t ttl_ms;
static bool enter, introduce, pii;

static const struct opt options[] = { { OPT_TEXT, 'd', "data", "JSON",
					  "set: variables too, an object",
					  { .text = &data_text } },
	{ OPT_SPAN, 0, "ttl", "SPAN",
	    "set: the session ends this long from now, not as the flow says",
	    { .number = &ttl_ms } },
	{ OPT_FLAG, 'e', "enter", NULL,
	    "set: do and ask what the flow does there", { .flag = &enter } },
	{ OPT_FLAG, 0, "new", NULL,
	    "set: also a person who never wrote to the bot",
	    { .flag = &introduce } },
	{ OPT_FLAG, 0, "pii", NULL,
	    "get --json: also values that the flow calls personal",
	    { .flag = &pii } },
	OPT_END };

static const struct opt_command command = {
	.name = "chat-state",
	.synopsis = "get USER | has USER [STATE] | delete USER | "
		    "set USER STATE [--data JSON] [--ttl SPAN] [--enter] "
		    "[--new]",
	.summary = "Reads and changes by hand where a person is in the "
		   "conversation.",
	.details =
	    "USER is a chat id or @username; STATE may be an alias.\n"
	    "has: exits with 0 for yes (in STATE, or in any) and 1 for no.\n"
	    "set: says nothing unless --enter. What begins and ends with a "
	    "state does so; its\nquestion is asked when the person writes "
	    "next.\n"
	    "delete: back to where it all begins, as if nothing had been "
	    "asked; tags, history\nand reminders stay.\n"
	    "Exit 75: a handler works for the chat, try again.\n\n"
	    "--json, of get, set and delete: {\"schema\":1, \"chat\", "
	    "\"state\", \"since\",\n\"expires_at\", \"vars\": {NAME: "
	    "{\"set\", \"value\", \"pii\"}}}; has prints nothing.",
	.max_operands = 3,
	.usage_exit = EXIT_USAGE,
};

enum verb { VERB_GET, VERB_HAS, VERB_SET, VERB_DELETE, VERBS };

static const struct {
	const char *name;
	int most; /* operands behind it */
} verbs[VERBS] = {
	[VERB_GET] = { "get", 1 },
	[VERB_HAS] = { "has", 2 },
	[VERB_SET] = { "set", 2 },
	[VERB_DELETE] = { "delete", 1 },
};

static enum verb
verb_find(const char *name)
{
	int verb = 0;

	if (name == NULL)
		opt_usage(&command, "what? get, has, set or delete");
	while (verb < VERBS && strcmp(verbs[verb].name, name) != 0)
		verb++;
	if (verb == VERBS)
		opt_usage(&command, "'%s' is none of get, has, set, delete",
		    name);
	return (enum verb)verb;
}

static void
check_usage(enum verb verb, char **operands)
{
	const char *user = operands[0], *state = user ? operands[1] : NULL;

	if (user == NULL)
		opt_usage(&command, "whose state? give an id or @username");
	if (state != NULL && verbs[verb].most == 1)
		opt_usage(&command, "'%s' takes no state, only a person",
		    verbs[verb].name);
	if (state == NULL && verb == VERB_SET)
		opt_usage(&command, "which state? set USER STATE");
	if (verb != VERB_SET &&
	    (data_text != NULL || ttl_ms != 0 || enter || introduce))
		opt_usage(&command,
		    "--data, --ttl, --enter and --new belong to set");
}

static void
print(const struct run *run, const json_t *chat)
{
	static const char *const members[] = { "schema", "chat", "state",
		"since", "expires_at", "vars" };
	const char *state = json_get_text(chat, "state");
	struct buf line = BUF_INIT(4096);
	json_auto_t *page = json_object();
	char *text;

	if (!run->shared.json) {
		terminal_add(&line, state ? state : "", 4000);
		printf("%s\n", line.data ? line.data : "");
		buf_release(&line);
		return;
	}
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_object_set(page, members[i],
		    json_object_get(chat, members[i]));
	text = json_text(page);
	puts(text);
	free(text);
}

static enum outcome
show(struct run *run, struct turn *turn, int64_t chat_id)
{
	json_t *chat = NULL;
	enum outcome out = explain_chat(turn, chat_id, pii, 0, clock_wall_ms(),
	    &chat, &run->fault);

	if (out == OUT_OK)
		print(run, chat);
	json_decref(chat);
	return out;
}

static enum outcome
move(struct run *run, struct turn *turn, int64_t chat_id, const char *state)
{
	json_auto_t *vars = data_text == NULL
	    ? NULL
	    : json_loads(data_text, JSON_REJECT_DUPLICATES, NULL);
	const struct place place = { .state = state,
		.vars = vars,
		.ttl_ms = ttl_ms,
		.enter = enter,
		.introduce = introduce };
	enum outcome out;

	if (data_text != NULL && !json_is_object(vars))
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "--data is not a JSON object");
	out = db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	if (out == OUT_OK)
		out = turn_place(turn, chat_id, &place, clock_wall_ms(),
		    &run->fault);
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && run->shared.json)
		out = show(run, turn, chat_id);
	return out;
}

static enum outcome
work(struct run *run, enum verb verb, char **operands, bool *has)
{
	struct turn *turn = NULL;
	int64_t chat_id;
	enum outcome out = run_user(run, operands[0], &chat_id);

	if (out == OUT_OK)
		out = turn_open(&turn, run->db, run->config, &run->fault);
	if (out == OUT_OK && verb == VERB_GET)
		out = show(run, turn, chat_id);
	else if (out == OUT_OK && verb == VERB_HAS)
		out = turn_is_in(turn, chat_id, operands[1], has, &run->fault);
	else if (out == OUT_OK)
		out = move(run, turn, chat_id,
		    verb == VERB_SET ? operands[1] : NULL);
	turn_close(turn);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	enum verb verb = verb_find(argv[first]);
	bool reads = verb == VERB_GET || verb == VERB_HAS, has = true;
	int end;

	check_usage(verb, argv + first + 1);
	if (run_begin(&run, &command, reads ? DB_READ : DB_WRITE, LIFE_MS) ==
		OUT_OK &&
	    (reads || run_work(&run, &command, false) == OUT_OK))
		(void)!work(&run, verb, argv + first + 1, &has);
	end = run_end(&run, false, NULL);
	return end == EXIT_DONE && !has ? EXIT_DEAD : end;
}
