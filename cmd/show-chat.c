/* SPDX-License-Identifier: MIT */
/*
 * Explain where a person is, and why.  Only reads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "ops/chat_page.h"
#include "ops/run.h"
#include "turn/explain.h"

#define LIFE_MS 60000
#define PAGE_BYTES (8u << 20)

static bool pii;
static int64_t last = 10;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "pii", NULL,
	    "show the values of variables that the flow calls personal",
	    { .flag = &pii } },
	{ OPT_NUMBER, 0, "last", "N", "show the last N messages (10)",
	    { .number = &last } },
	OPT_END
};

static const struct opt_command command = {
	.name = "show-chat",
	.synopsis = "USER [--pii] [--last N]",
	.summary = "Explains where a person is in the conversation: state, "
		   "variables, what waits, what has not arrived and why.",
	.details = "USER is a chat id or the @username of somebody who wrote "
		   "to the bot;\nwrite -- before a negative id.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static void
print(const json_t *chat, bool json)
{
	struct buf page = BUF_INIT(PAGE_BYTES);
	char *text = NULL;

	if (json) {
		text = json_text(chat);
		puts(text);
	} else {
		chat_page_add(&page, chat);
		fwrite(page.data, 1, page.len, stdout);
	}
	free(text);
	buf_release(&page);
}

static enum outcome
show(struct run *run, const char *user)
{
	struct turn *turn = NULL;
	json_t *chat = NULL;
	int64_t chat_id;
	int said = last < 1000 ? (int)last : 1000;
	enum outcome out = run_user(run, user, &chat_id);

	if (out == OUT_OK)
		out = turn_open(&turn, run->db, run->config, &run->fault);
	if (out == OUT_OK)
		out = explain_chat(turn, chat_id, pii, said, clock_wall_ms(),
		    &chat, &run->fault);
	if (out == OUT_OK)
		print(chat, run->shared.json);
	json_decref(chat);
	turn_close(turn);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command, "whose chat? give an id or @username");
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		(void)!show(&run, argv[first]);
	return run_end(&run, false, NULL);
}
