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
#include "base/stop.h"
#include "base/terminal.h"
#include "ops/journal_place.h"
#include "ops/run.h"
#include "store/journal_gate.h"
#include "store/journal_item.h"
#include "turn/request.h"

/* Of one transaction, and of the longest wait for the writers before it. */
#define BATCH 1000
#define BATCH_BYTES (1 << 20)
#define WAIT_MS 30000
/* Renewed with each batch. */
#define LIFE_MS (60 * 60 * 1000)

#define LINE_MAX_BYTES (256 * 1024)
#define COMPLAINTS 100
#define PROGRESS_AFTER_MS 2000

static struct request_words words = { .in_ms = -1 };
static bool ndjson, dry_run;

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
	{ OPT_FLAG, 0, "ndjson", NULL, "plan what stdin says, one JSON a line",
	    { .flag = &ndjson } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "check it, change nothing",
	    { .flag = &dry_run } },
	OPT_END };

static const struct opt_command command = {
	.name = "schedule-task",
	.synopsis = "NAME --user USER [--in SPAN | --at TIME] | "
		    "--text TEXT --chat ID | --method M --params JSON "
		    "--chat ID | --ndjson",
	.summary = "Plans something to do at a time and prints its id: the "
		   "flow's schedule NAME, a text, or a method.",
	.details =
	    "Without --in and --at it is due at once. A line of --ndjson "
	    "is an object with\nchat or user; text, method and params, or "
	    "name; at or in. A bad line is\nreported with its number, the "
	    "others are planned, and the exit code is 65.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

/* A line that was asked for and what became of it. */
struct item {
	struct request request;
	struct request_result result;
	int64_t line;
	struct fault fault; /* OUT_NEVER: refused */
	char *kept;	    /* what the journal says of it */
};

struct planner {
	struct run *run;
	struct turn *turn; /* opened when a schedule is first asked for */
	struct journal journal;
	struct lines lines;
	struct item *items;
	int count;
	size_t bytes; /* of the lines in `items` */
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

static enum outcome
need_turn(struct planner *p, const struct request *request)
{
	struct run *run = p->run;

	if (request->kind == TASK_SEND || p->turn != NULL)
		return OUT_OK;
	return turn_open(&p->turn, run->db, run->config, &run->fault);
}

/* An id that is printed is in the journal as well. */
static enum outcome
keep_batch(struct planner *p, int64_t now)
{
	struct journal_record *records =
	    mem_array(NULL, (size_t)p->count + 1, sizeof(*records));
	size_t count = 0;

	for (int i = 0; i < p->count; i++)
		if (p->items[i].kept != NULL)
			records[count++] =
			    (struct journal_record){ .kind = JOURNAL_TASK,
				    .at = now,
				    .id = p->items[i].result.id,
				    .text = p->items[i].kept,
				    .len = strlen(p->items[i].kept) };
	enum outcome out =
	    journal_append(&p->journal, records, count, &p->run->fault);
	free(records);
	return out;
}

/* None was asked for yet when the batch did not even begin. */
static void
forget_batch(struct planner *p, int asked)
{
	for (int i = 0; i < asked; i++) {
		free(p->items[i].kept);
		p->items[i].kept = NULL;
	}
}

/* All of the batch in one transaction; a refused one writes nothing. */
static enum outcome
store_all(struct planner *p, int64_t deadline)
{
	struct run *run = p->run;
	int64_t now = clock_wall_ms();
	enum outcome out = db_begin(run->db, deadline, &run->fault);
	int asked = 0;

	int64_t id = out == OUT_OK ? tasks_ids(run->db, p->count) : 0;
	for (int i = 0; i < p->count && out == OUT_OK; i++) {
		struct item *item = &p->items[asked++];
		item->result = (struct request_result){ .id = id + i };
		item->fault = (struct fault){ .what = OUT_OK };
		item->kept = NULL;
		out = request_add(&item->request, run->db, p->turn, now,
		    &item->result, &item->fault);
		if (out == OUT_NEVER && item->fault.code == EXIT_INPUT)
			out = OUT_OK;
		else if (out != OUT_OK)
			run->fault = item->fault;
		else if (p->journal.dir != NULL && !dry_run)
			item->kept =
			    journal_task_text(run->db, item->result.id);
	}
	if (out == OUT_OK && !dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && !dry_run)
		out = keep_batch(p, now);
	forget_batch(p, asked);
	return out;
}

static enum outcome
store_batch(struct planner *p)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;
	enum outcome out = OUT_OK;
	int gate = -1;

	for (int i = 0; i < p->count && out == OUT_OK; i++)
		out = need_turn(p, &p->items[i].request);
	if (out == OUT_OK)
		out = journal_gate_enter(&p->journal, p->run->db, deadline,
		    &gate, &p->run->fault);
	if (out == OUT_OK)
		out = store_all(p, deadline);
	journal_gate_leave(&gate);
	return out;
}

static void
print_item(const struct planner *p, const struct item *item)
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
	enum outcome out = p->count == 0 ? OUT_OK : store_batch(p);

	for (int i = 0; i < p->count; i++) {
		struct item *item = &p->items[i];
		if (out == OUT_OK && item->fault.what == OUT_OK) {
			print_item(p, item);
			++p->planned;
		} else if (out == OUT_OK) {
			complain(p, item->line, &item->fault);
		}
		request_release(&item->request);
	}
	p->count = 0;
	p->bytes = 0;
	stop_hard_at(clock_mono_ms() + LIFE_MS);
	show_progress(p, false);
	if (out == OUT_OK && fflush(stdout) != 0)
		out = fault_set(&run->fault, OUT_LATER, EXIT_IO,
		    "cannot print ids: %s; %lld tasks are planned, 'leadpipe "
		    "list-tasks' shows them",
		    strerror(errno), (long long)p->planned);
	return out;
}

static enum outcome
take_line(struct planner *p, char *line, size_t len)
{
	struct item *item = &p->items[p->count];
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
	++p->count;
	p->bytes += len;
	return p->count == BATCH || p->bytes > BATCH_BYTES ? flush(p) : OUT_OK;
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
		switch (lines_next(&p->lines, p->count == 0, stop_fd(), &line,
		    &len)) {
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
	p->items = mem_array(NULL, BATCH, sizeof *p->items);
	lines_init(&p->lines, STDIN_FILENO, LINE_MAX_BYTES);
	stop_install();
	enum outcome out = db_bulk(run->db, &run->fault);
	if (out == OUT_OK)
		out = plan_lines(p);
	show_progress(p, true);
	if (p->refused > COMPLAINTS)
		log_error("%lld more lines are refused",
		    (long long)(p->refused - COMPLAINTS));
	if (out == OUT_OK && dry_run && !run->shared.json)
		printf("%lld tasks would be planned\n", (long long)p->planned);
	if (out == OUT_OK && p->refused > 0)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld lines are refused, %lld tasks %s",
		    (long long)p->refused, (long long)p->planned,
		    dry_run ? "would be planned" : "are planned");
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
	struct item *item = mem_alloc(sizeof *item);
	enum outcome out =
	    request_make(&item->request, &words, clock_wall_ms(), &run->fault);

	p->items = item;
	p->count = 1;
	if (out == OUT_OK)
		out = store_batch(p);
	if (out == OUT_OK && item->fault.what != OUT_OK) {
		run->fault = item->fault;
		out = item->fault.what;
	}
	if (out == OUT_OK && !item->result.added)
		tell_planned(&item->result);
	if (out == OUT_OK)
		print_item(p, item);
	request_release(&item->request);
	return out;
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
	if (ndjson)
		return;
	if ((name != NULL) + (words.text != NULL) + (words.method != NULL) !=
	    1)
		opt_usage(&command, "give one of NAME, --text and --method");
	if ((words.method != NULL) != (words.params != NULL))
		opt_usage(&command, "--method and --params go together");
	if ((words.user != NULL) == (words.chat != NULL))
		opt_usage(&command, "for whom? give one of --user and --chat");
	if (words.at != NULL && words.in_ms >= 0)
		opt_usage(&command, "give one of --in and --at");
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	struct planner planner = { .run = &run, .started = clock_mono_ms() };
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	check_usage(argv[first]);
	words.name = argv[first];
	if (run_begin(&run, &command, dry_run ? DB_WRITE : DB_CREATE,
		LIFE_MS) == OUT_OK &&
	    journal_place(&run, !dry_run, &planner.journal) == OUT_OK &&
	    (dry_run || run_work(&run, &command, false) == OUT_OK))
		(void)!(ndjson ? plan_all(&planner) : plan_one(&planner));
	turn_close(planner.turn);
	free(planner.items);
	return run_end(&run, false, NULL);
}
