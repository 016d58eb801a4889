/* SPDX-License-Identifier: MIT */
/*
 * Plan something to do at a time.  A task is accepted when its id is printed,
 * and ids are printed only after the commit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/plural.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "ops/enqueue.h"
#include "ops/journal_place.h"
#include "ops/plan_batch.h"

/* Of one transaction. */
#define BATCH 1000
#define BATCH_BYTES (1 << 20)
/* Renewed with each batch. */
#define LIFE_MS (60 * 60 * 1000)

#define LINE_MAX_BYTES (256 * 1024)
#define COMPLAINTS 100
#define PROGRESS_AFTER_MS 2000

static struct request_words words = { .in_ms = -1 };
static const char *queue;
static bool ndjson, dry_run, shared;

static const struct opt options[] = { { OPT_TEXT, 'u', "user", "USER",
					  "for whom: a chat id or @username",
					  { .text = &words.user } },
	{ OPT_TEXT, 0, "chat", "ID", "the same, for a text or a method",
	    { .text = &words.chat } },
	{ OPT_SPAN, 0, "in", "SPAN", "from now: 90, 5m, 2h, 1d",
	    { .number = &words.in_ms } },
	{ OPT_TEXT, 0, "at", "TIME", "2026-11-20T18:00:00Z, or with +03:00",
	    { .text = &words.at } },
	{ OPT_TEXT, 't', "text", "TEXT", "send this text",
	    { .text = &words.text } },
	{ OPT_TEXT, 0, "method", "METHOD", "call this method of the Bot API",
	    { .text = &words.method } },
	{ OPT_TEXT, 0, "params", "JSON", "with these parameters",
	    { .text = &words.params } },
	{ OPT_TEXT, 0, "queue", "QUEUE",
	    "add a job NAME with the data --params to this queue of BullMQ",
	    { .text = &queue } },
	{ OPT_FLAG, 0, "ndjson", NULL, "plan what stdin says, one JSON a line",
	    { .flag = &ndjson } },
	{ OPT_FLAG, 0, "shared", NULL,
	    "hand it over to Redis: who is first there does it",
	    { .flag = &shared } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "check it, change nothing",
	    { .flag = &dry_run } },
	OPT_END };

static const struct opt_command command = {
	.name = "schedule-task",
	.synopsis = "[--shared] NAME --user USER [--in SPAN | --at TIME] | "
		    "--text TEXT --chat ID | --method M --params JSON "
		    "--chat ID | --ndjson | "
		    "NAME --queue QUEUE --params JSON",
	.summary = "Plans something to do at a time and prints its id: the "
		   "flow's schedule NAME, a text, or a method.",
	.details =
	    "Without --in and --at it is due at once. A line of --ndjson "
	    "is an object with\nchat or user; text, method and params, or "
	    "name; at or in. A bad line is\nreported with its number, the "
	    "others are planned, and the exit code is 65.\n\n"
	    "A job is stored, then brought to Redis at once, or by sync-redis "
	    "when it cannot\nbe reached now; its id is the one that its "
	    "workers see. Once, also when this\nends in the middle.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

struct planner {
	struct run *run;
	struct plan_batch batch;
	struct lines lines;
	size_t bytes; /* of the lines in the batch */
	int64_t planned, refused;
	int64_t started, size; /* of stdin, 0: not known */
	bool progress;
};

static void
complain(struct planner *p, int64_t line, const struct fault *fault)
{
	if (p->refused++ < COMPLAINTS)
		log_error("line %lld: %s", (long long)line, fault->text);
}

static void
print_item(const struct planner *p, const struct plan_item *item)
{
	char due[CLOCK_TEXT_SIZE];
	const struct request_result *result = &item->result;

	clock_text(result->due_at, due);
	if (p->run->shared.json)
		printf("{\"schema\":1,\"line\":%lld,\"id\":%lld,"
		       "\"chat\":%lld,\"due_at\":\"%s\",\"added\":%s,"
		       "\"dry_run\":%s}\n",
		    (long long)item->line, dry_run ? 0 : (long long)result->id,
		    (long long)result->chat_id, due,
		    result->added ? "true" : "false",
		    dry_run ? "true" : "false");
	else if (!dry_run)
		printf("%lld\n", (long long)result->id);
	else if (!ndjson && result->added)
		printf("would be planned for chat %lld at %s\n",
		    (long long)result->chat_id, due);
}

static void
show_progress(const struct planner *p, bool last)
{
	struct buf line = BUF_INIT(256);

	if (!p->progress || clock_mono_ms() < p->started + PROGRESS_AFTER_MS)
		return;
	if (last)
		buf_add_text(&line, "\r\033[K");
	else
		terminal_add_progress(&line, p->lines.bytes, p->size,
		    p->planned, "tasks");
	fputs(line.data, stderr);
	buf_release(&line);
}

/* What was accepted is told before more is read: who asked may wait for it. */
static enum outcome
flush(struct planner *p)
{
	struct run *run = p->run;
	enum outcome out = p->batch.count == 0 ? OUT_OK
					       : plan_batch_store(&p->batch);

	for (int i = 0; i < p->batch.count; i++) {
		struct plan_item *item = &p->batch.items[i];
		if (out == OUT_OK && item->fault.what == OUT_OK) {
			print_item(p, item);
			++p->planned;
		} else if (out == OUT_OK) {
			complain(p, item->line, &item->fault);
		}
		request_release(&item->request);
	}
	if (out == OUT_OK && p->batch.sharing.handover != NULL)
		out = sharing_tell(&p->batch.sharing, run, false);
	p->batch.count = 0;
	p->bytes = 0;
	stop_hard_at(clock_mono_ms() + LIFE_MS);
	show_progress(p, false);
	if (out == OUT_OK && fflush(stdout) != 0)
		out = fault_set(&run->fault, OUT_LATER, EXIT_IO,
		    "cannot print ids: %s; planned are %lld, 'leadpipe "
		    "list-tasks' shows them",
		    strerror(errno), (long long)p->planned);
	return out;
}

static enum outcome
take_line(struct planner *p, char *line, size_t len)
{
	struct plan_item *item = &p->batch.items[p->batch.count];
	struct fault fault;

	if (len == 0)
		return OUT_OK;
	item->line = p->lines.number;
	if (request_parse(&item->request, line, len, clock_wall_ms(),
		&fault) != OUT_OK) {
		request_release(&item->request);
		complain(p, item->line, &fault);
		return OUT_OK;
	}
	++p->batch.count;
	p->bytes += len;
	return p->batch.count == BATCH || p->bytes > BATCH_BYTES ? flush(p)
								 : OUT_OK;
}

static enum outcome
plan_lines(struct planner *p)
{
	static const struct fault too_long = { .text = "it is too long" };
	struct run *run = p->run;
	enum outcome out = OUT_OK;
	char *line;
	size_t len;

	while (out == OUT_OK) {
		switch (lines_next(&p->lines, p->batch.count == 0, stop_fd(),
		    &line, &len)) {
		case LINES_LINE:
			out = take_line(p, line, len);
			continue;
		case LINES_TOO_LONG:
			complain(p, p->lines.number, &too_long);
			continue;
		case LINES_LATER:
			out = flush(p);
			continue;
		case LINES_END:
			return flush(p);
		case LINES_STOPPED:
			out = flush(p);
			return out != OUT_OK
			    ? out
			    : fault_set(&run->fault, OUT_LATER, EXIT_LATER,
				  "stopped after line %lld",
				  (long long)p->lines.number);
		case LINES_FAILED:
			out = flush(p);
			return out != OUT_OK
			    ? out
			    : fault_set(&run->fault, OUT_LATER, EXIT_IO,
				  "cannot read stdin: %s", strerror(errno));
		}
	}
	return out;
}

static enum outcome
plan_all(struct planner *p)
{
	struct run *run = p->run;
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		p->size = st.st_size;
	p->progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) &&
	    !run->shared.quiet;
	p->batch.items = mem_array(NULL, BATCH, sizeof *p->batch.items);
	lines_init(&p->lines, STDIN_FILENO, LINE_MAX_BYTES);
	stop_install();
	enum outcome out = db_bulk(run->db, &run->fault);
	if (out == OUT_OK)
		out = plan_lines(p);
	show_progress(p, true);
	if (p->refused > COMPLAINTS)
		log_error("%lld more refused",
		    (long long)(p->refused - COMPLAINTS));
	if (out == OUT_OK && dry_run && !run->shared.json)
		printf("%lld task%s would be planned\n", (long long)p->planned,
		    plural(p->planned));
	if (out == OUT_OK && p->refused > 0)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld line%s refused, %lld task%s %s",
		    (long long)p->refused, plural(p->refused),
		    (long long)p->planned, plural(p->planned),
		    dry_run ? "would be planned" : "planned");
	lines_release(&p->lines);
	return out;
}

/* Who asks for another time must not take the id for its acceptance. */
static void
tell_planned(const struct request_result *result)
{
	char due[CLOCK_TEXT_SIZE];

	log_warning("already planned as task %lld for %s; 'leadpipe "
		    "cancel-task %lld' first to change it",
	    (long long)result->id, clock_text(result->due_at, due),
	    (long long)result->id);
}

static enum outcome
plan_one(struct planner *p)
{
	struct run *run = p->run;
	struct plan_item *item = mem_alloc(sizeof *item);
	enum outcome out =
	    request_make(&item->request, &words, clock_wall_ms(), &run->fault);

	p->batch.items = item;
	p->batch.count = 1;
	if (out == OUT_OK)
		out = plan_batch_store(&p->batch);
	if (out == OUT_OK && item->fault.what != OUT_OK) {
		run->fault = item->fault;
		out = item->fault.what;
	}
	if (out == OUT_OK && !item->result.added)
		tell_planned(&item->result);
	if (out == OUT_OK)
		print_item(p, item);
	if (out == OUT_OK && p->batch.sharing.handover != NULL)
		out = sharing_tell(&p->batch.sharing, run, true);
	request_release(&item->request);
	return out;
}

/* For the workers of another program. */
static enum outcome
plan_job(struct run *run)
{
	struct enqueued job;
	char due[CLOCK_TEXT_SIZE];
	enum outcome out = enqueue_accept(run, queue, &words, dry_run, &job);

	if (out != OUT_OK)
		return out;
	clock_text(job.due_at, due);
	if (run->shared.json)
		printf("{\"schema\":1,\"id\":\"%s\",\"due_at\":\"%s\","
		       "\"dry_run\":%s}\n",
		    job.job, due, dry_run ? "true" : "false");
	else if (!dry_run)
		puts(job.job);
	else
		printf("would be added at %s\n", due);
	fflush(stdout);
	if (!dry_run)
		enqueue_try(run);
	return OUT_OK;
}

static void
check_job(const char *name)
{
	if (name == NULL || words.params == NULL)
		opt_usage(&command, "--queue needs NAME and --params");
	if (ndjson || words.text != NULL || words.method != NULL ||
	    words.user != NULL || words.chat != NULL)
		opt_usage(&command,
		    "--queue goes with NAME, --params, --in and --at alone");
}

static void
check_usage(const char *name)
{
	bool single = name != NULL || words.text != NULL ||
	    words.method != NULL || words.params != NULL ||
	    words.user != NULL || words.chat != NULL || words.at != NULL ||
	    words.in_ms >= 0;

	if (ndjson && single)
		opt_usage(&command, "--ndjson takes everything from stdin");
	if (words.at != NULL && words.in_ms >= 0)
		opt_usage(&command, "give one of --in and --at");
	if (shared && queue != NULL)
		opt_usage(&command, "--shared and --queue are two ways");
	if (queue != NULL)
		check_job(name);
	if (ndjson || queue != NULL)
		return;
	if ((name != NULL) + (words.text != NULL) + (words.method != NULL) !=
	    1)
		opt_usage(&command, "give one of NAME, --text and --method");
	if ((words.method != NULL) != (words.params != NULL))
		opt_usage(&command, "--method and --params go together");
	if ((words.user != NULL) == (words.chat != NULL))
		opt_usage(&command, "for whom? give one of --user and --chat");
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	struct planner planner = { .run = &run, .started = clock_mono_ms() };
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	check_usage(argv[first]);
	words.name = argv[first];
	planner.batch.run = &run;
	planner.batch.dry_run = dry_run;
	if (run_begin(&run, &command, dry_run ? DB_WRITE : DB_CREATE,
		LIFE_MS) == OUT_OK &&
	    journal_place(&run, !dry_run, &planner.batch.journal) == OUT_OK &&
	    (dry_run || run_work(&run, &command, false) == OUT_OK) &&
	    (!shared || dry_run ||
		sharing_open(&planner.batch.sharing, &run) == OUT_OK))
		(void)!(queue	 ? plan_job(&run)
			: ndjson ? plan_all(&planner)
				 : plan_one(&planner));
	turn_close(planner.batch.turn);
	sharing_close(&planner.batch.sharing);
	free(planner.batch.items);
	return run_end(&run, false, NULL);
}
