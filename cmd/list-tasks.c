/* SPDX-License-Identifier: MIT */
/*
 * What is planned, and when.  Only reads.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "ops/output.h"
#include "ops/task_line.h"

#define LIFE_MS (60 * 60 * 1000)
#define PAGE 500
#define PAGE_BYTES (8u << 20)

static const char *user;
static bool count, ambiguous;
static int64_t limit = INT64_MAX;

static const struct opt options[] = {
	{ OPT_TEXT, 'u', "user", "USER",
	    "only of this chat: an id or @username", { .text = &user } },
	{ OPT_FLAG, 0, "count", NULL, "only say how many there are",
	    { .flag = &count } },
	{ OPT_FLAG, 0, "ambiguous", NULL,
	    "instead: messages of which nobody knows whether they arrived",
	    { .flag = &ambiguous } },
	{ OPT_NUMBER, 'l', "limit", "N", "at most N lines",
	    { .number = &limit } },
	OPT_END
};

static const struct opt_command command = {
	.name = "list-tasks",
	.synopsis = "[--user USER] [--count] [--ambiguous] [--limit N]",
	.summary = "Lists what is planned by due time.",
	.usage_exit = EXIT_USAGE,
};

/* A page of lines; nothing is printed while the database is read. */
struct page {
	struct buf text;
	int64_t now;
	bool json;
};

static void
add_task(const struct task *task, void *arg)
{
	struct page *page = arg;

	task_line_add(&page->text, task, page->now, page->json);
}

static void
list_tasks(struct run *run, int64_t chat_id, struct page *page)
{
	struct task_place place = TASK_PLACE_FIRST;
	int got = PAGE;

	for (int64_t left = limit; left > 0 && got == PAGE; left -= got) {
		got = tasks_list(run->db, chat_id, &place,
		    left < PAGE ? (int)left : PAGE, add_task, page);
		if (page->text.len > 0 &&
		    !output_flush(run, stdout, &page->text))
			return;
	}
}

static void
list_unclear(struct run *run, int64_t chat_id, struct page *page)
{
	struct history_row row;
	int64_t after = 0;

	for (int64_t left = limit;
	     left > 0 && history_unclear(run->db, chat_id, &after, &row);
	     left--) {
		message_line_add(&page->text, &row, page->now, page->json);
		if (page->text.len > PAGE_BYTES / 2 &&
		    !output_flush(run, stdout, &page->text))
			return;
	}
	if (page->text.len > 0)
		output_flush(run, stdout, &page->text);
}

static void
print_count(struct run *run, int64_t chat_id)
{
	int64_t found = ambiguous ? history_unclear_count(run->db, chat_id)
				  : tasks_count(run->db, chat_id);

	printf(run->shared.json ? "{\"schema\":1,\"count\":%lld}\n" : "%lld\n",
	    (long long)found);
}

static enum outcome
list(struct run *run)
{
	struct page page = { .text = BUF_INIT(PAGE_BYTES),
		.now = clock_wall_ms(),
		.json = run->shared.json };
	int64_t chat_id = 0;
	enum outcome out = OUT_OK;

	if (user != NULL)
		out = run_user(run, user, &chat_id);
	if (out != OUT_OK)
		return out;
	if (count) {
		print_count(run, chat_id);
	} else {
		/* A program that cuts columns wants no heading. */
		if (!page.json && isatty(STDOUT_FILENO))
			fputs(ambiguous ? message_line_head : task_line_head,
			    stdout);
		if (ambiguous)
			list_unclear(run, chat_id, &page);
		else
			list_tasks(run, chat_id, &page);
	}
	buf_release(&page.text);
	return run->fault.what != OUT_OK ? run->fault.what
					 : db_result(run->db, &run->fault);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;

	opt_parse(&command, options, &run.shared, argc, argv);
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		(void)!list(&run);
	return run_end(&run, false, NULL);
}
