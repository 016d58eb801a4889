/* SPDX-License-Identifier: MIT */
/*
 * What a person and the bot said to each other.  Only reads.
 */
#include <stdio.h>

#include "base/clock.h"
#include "ops/output.h"
#include "ops/task_line.h"
#include "store/chats.h"

#define LIFE_MS (60 * 60 * 1000)
#define PAGE_BYTES (1u << 20)

static int64_t last = INT64_MAX, since_ms;

static const struct opt options[] = { { OPT_NUMBER, 0, "last", "N",
					  "only the last N messages",
					  { .number = &last } },
	{ OPT_SPAN, 's', "since", "SPAN",
	    "only what is not older than this: 2h, 7d",
	    { .number = &since_ms } },
	OPT_END };

static const struct opt_command command = {
	.name = "show-history",
	.synopsis = "USER [--last N] [--since SPAN]",
	.summary = "Prints what a person, the bot and operators said to each "
		   "other, the oldest first.",
	.details = "USER is a chat id or the @username of somebody who wrote "
		   "to the bot;\nwrite -- before a negative id. With --json a "
		   "message is a line with role\n(user, assistant, operator), "
		   "text, message_id, at. What has not arrived yet\nis in "
		   "show-chat.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

/* False when nothing was there to be printed. */
static bool
print(struct run *run, int64_t chat_id)
{
	int64_t since = since_ms > 0 ? clock_wall_ms() - since_ms : 0;
	int64_t place = history_start(run->db, chat_id, last, since);
	struct buf page = BUF_INIT(2 * PAGE_BYTES);
	struct history_row row;
	bool wanted = true, any = false;

	while (wanted && history_next(run->db, chat_id, &place, &row)) {
		any = true;
		said_line_add(&page, &row, run->shared.json);
		if (page.len > PAGE_BYTES)
			wanted = output_flush(run, stdout, &page);
	}
	if (wanted && page.len > 0)
		output_flush(run, stdout, &page);
	buf_release(&page);
	return any;
}

static enum outcome
show(struct run *run, const char *user)
{
	int64_t chat_id;
	enum outcome out = run_user(run, user, &chat_id);

	if (out != OUT_OK)
		return out;
	/* Operators are told things without ever having written. */
	if (!print(run, chat_id) && run->fault.what == OUT_OK)
		return chats_known(run->db, chat_id, &run->fault);
	return run->fault.what != OUT_OK ? run->fault.what
					 : db_result(run->db, &run->fault);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command, "whose history? give an id or @username");
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		(void)!show(&run, argv[first]);
	return run_end(&run, false, NULL);
}
