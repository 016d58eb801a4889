/* SPDX-License-Identifier: MIT */
/*
 * What is planned, and when.  Only reads.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "ops/member_line.h"
#include "ops/output.h"
#include "ops/task_line.h"

#define LIFE_MS (60 * 60 * 1000)
#define PAGE 500
#define PAGE_BYTES (8u << 20)
#define REDIS_MS 5000

static const char *user;
static bool count, ambiguous, shared;
static int64_t limit = INT64_MAX;

static const struct opt options[] = {
	{ OPT_TEXT, 'u', "user", "USER",
	    "only of this chat: an id or @username", { .text = &user } },
	{ OPT_FLAG, 0, "count", NULL, "only say how many there are",
	    { .flag = &count } },
	{ OPT_FLAG, 0, "ambiguous", NULL,
	    "instead: messages of which nobody knows whether they arrived",
	    { .flag = &ambiguous } },
	{ OPT_FLAG, 0, "shared", NULL,
	    "instead: what is in Redis's scheduler:tasks, whoever put it there",
	    { .flag = &shared } },
	{ OPT_NUMBER, 'l', "limit", "N", "at most N lines",
	    { .number = &limit } },
	OPT_END
};

static const struct opt_command command = {
	.name = "list-tasks",
	.synopsis =
	    "[--user USER | --shared] [--count] [--ambiguous] [--limit N]",
	.summary = "Lists what is planned by due time.",
	.details = "What LEADPIPE_SHARED_TASKS has handed over to Redis is "
		   "listed by --shared alone.",
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
add_member(const struct handover_member *member, void *arg)
{
	struct page *page = arg;

	member_line_add(&page->text, member, page->now, page->json);
}

static enum outcome
list_members(struct run *run, struct redis *redis, struct page *page)
{
	int64_t from = 0, all = 0, due = 0;
	enum outcome out = OUT_OK;
	int got = PAGE;

	if (count) {
		out = handover_size(redis, &all, &due, &run->fault);
		if (out == OUT_OK && page->json)
			printf("{\"schema\":1,\"count\":%lld,\"due\":%lld}\n",
			    (long long)all, (long long)due);
		else if (out == OUT_OK)
			printf("%lld\n", (long long)all);
		return out;
	}
	if (!page->json && isatty(STDOUT_FILENO))
		fputs(member_line_head, stdout);
	while (out == OUT_OK && got > 0 && from < limit) {
		const struct handover_page wanted = {
			.limit = limit - from < PAGE ? (int)(limit - from)
						     : PAGE,
			.visit = add_member,
			.arg = page,
		};
		redis_end_by(redis, clock_mono_ms() + REDIS_MS);
		out = handover_page(redis, &wanted, from, &got, &run->fault);
		from += got;
		if (page->text.len > 0 &&
		    !output_flush(run, stdout, &page->text))
			break;
	}
	return run->fault.what != OUT_OK ? run->fault.what : out;
}

static enum outcome
list_shared(struct run *run)
{
	struct page page = { .text = BUF_INIT(PAGE_BYTES),
		.now = clock_wall_ms(),
		.json = run->shared.json };
	struct redis *redis = NULL;
	enum outcome out =
	    redis_open(&redis, NULL, run->config, REDIS_SYNC, &run->fault);

	if (out == OUT_OK && redis == NULL)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
		    "no Redis is configured: set REDIS_URL");
	if (out == OUT_OK)
		out = list_members(run, redis, &page);
	redis_close(redis);
	buf_release(&page.text);
	return out;
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
	if (shared && (ambiguous || user != NULL))
		opt_usage(&command, "--shared goes with --count and --limit");
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		(void)!(shared ? list_shared(&run) : list(&run));
	return run_end(&run, false, NULL);
}
