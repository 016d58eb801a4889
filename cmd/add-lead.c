/* SPDX-License-Identifier: MIT */
/* needs: base net store shared telegram crm bot ops */
/*
 * Take leads in.  A lead is accepted when `ok` is answered, and that comes
 * only after the commit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "ops/bulk.h"
#include "ops/cgi.h"
#include "ops/intake_line.h"
#include "ops/reception.h"
#include "ops/visitor.h"

/* Tilda gives up after 5 s: a 503 before that makes it ask again. */
#define CGI_WAIT_MS 3000
#define CGI_BODY_MS 30000
#define CGI_LIFE_MS 60000
#define WAIT_MS 30000
/* Renewed with each batch. */
#define LIFE_MS (60 * 60 * 1000)

#define PROGRESS_AFTER_MS 2000

static const char *source, *spool_dir;
static bool csv, ndjson, dry_run;

static const struct opt options[] = { { OPT_FLAG, 0, "csv", NULL,
					  "many: a table with a header line",
					  { .flag = &csv } },
	{ OPT_FLAG, 0, "ndjson", NULL, "many: one JSON object a line",
	    { .flag = &ndjson } },
	{ OPT_TEXT, 0, "spool", "DIR", "many: the files in DIR, one lead each",
	    { .text = &spool_dir } },
	{ OPT_TEXT, 0, "source", "NAME",
	    "where they come from, as the CRM shall see it",
	    { .text = &source } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "only say what would be stored",
	    { .flag = &dry_run } },
	OPT_END };

static const struct opt_command command = {
	.name = "add-lead",
	.synopsis = "[FILE] | --csv [FILE] | --ndjson [FILE] | --spool DIR",
	.summary = "Takes leads in, from stdin, a file, a directory, or as "
		   "CGI of a web server.",
	.details =
	    "One lead is JSON or a form as browsers, Tilda and Contact Form 7 "
	    "send it, 1 MB\nat most: name, phone, email, comment, utm_source "
	    "... in English or Russian; what\nelse is asked becomes a note "
	    "(64 kB at most). `ok` says: stored for good.\n\n"
	    "A table has commas, semicolons or tabs, in UTF-8 or "
	    "windows-1251. A bad line is\nreported with its number, the "
	    "others are stored, and the exit code is 65. A file\n"
	    "in DIR counts when it has its name: write it as .NAME or "
	    "NAME.tmp, then rename\nit. Stored ones are removed; what "
	    "has no name, phone, e-mail or Telegram id goes\nto DIR/bad.\n\n"
	    "The same lead again is known. One of a person who left a lead "
	    "within\nLEADPIPE_LEAD_JOIN (24h; 0: never) joins it: same "
	    "phone, e-mail or Telegram id.\n\n--json: schema, id, fate "
	    "(added, joined, known), by, key, source, crm, title,\nname, "
	    "phone, phone_e164, phone_flag, email, chat, details, file, "
	    "line, dry_run.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

struct desk {
	struct run *run;
	struct reception reception;
	struct bulk bulk;
	char *next; /* where a visitor goes from here */
	int64_t started;
	bool progress;
};

/* --- one lead */

static void
print_items(const struct desk *desk)
{
	struct buf line = BUF_INIT(4 * INTAKE_MAX);

	for (int i = 0; i < desk->reception.count; i++) {
		buf_clear(&line);
		intake_line_add(&line, &desk->reception.items[i], dry_run);
		fwrite(line.data, 1, line.len, stdout);
	}
	buf_release(&line);
}

static enum outcome
read_input(struct buf *body, struct fault *fault)
{
	char piece[16384];
	ssize_t got;

	if (isatty(STDIN_FILENO))
		log_warning("one lead, please, as JSON; Ctrl-D ends it");
	while ((got = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(fault, OUT_LATER, EXIT_IO,
			    "cannot read stdin: %s", strerror(errno));
		if (!buf_add(body, piece, (size_t)got))
			return fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "it is larger than %d bytes", INTAKE_MAX);
	}
	return OUT_OK;
}

/* Parses BODY and stores it; a probe stores nothing. */
static enum outcome
take_one(struct desk *desk, const struct buf *body, const char *type,
    int64_t wait_ms)
{
	struct run *run = desk->run;
	const char *text = body->data != NULL ? body->data : "";
	struct intake *intake = reception_intake(&desk->reception);
	enum outcome out =
	    intake_read(intake, type, text, body->len, &run->fault);

	if (out != OUT_OK || (intake->test && !intake->filled))
		return out;
	if (cgi_is_asked()) {
		visitor_put(intake);
		desk->next = visitor_next(intake);
	}
	reception_keep(&desk->reception, reception_kind(text), NULL, 0);
	out = run_open_db(run, dry_run ? DB_WRITE : DB_CREATE);
	return out == OUT_OK ? reception_store(&desk->reception, wait_ms)
			     : out;
}

static void
take_stdin(struct desk *desk)
{
	struct run *run = desk->run;
	struct buf body = BUF_INIT(INTAKE_MAX);

	stop_hard_say(STDERR_FILENO,
	    "leadpipe add-lead: hard lifetime reached: the lead is not "
	    "stored\n",
	    EXIT_LATER);
	if (read_input(&body, &run->fault) == OUT_OK &&
	    take_one(desk, &body, NULL, WAIT_MS) == OUT_OK) {
		if (run->shared.json)
			print_items(desk);
		else
			puts(dry_run ? "would be stored" : "ok");
	}
	buf_release(&body);
}

/* --- a web server asks */

static void
answer(int status, const char *text, const char *next)
{
	struct buf out = BUF_INIT(1 << 16);

	visitor_answer(&out, status, text, next);
	fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
}

/* What the visitor did wrong is told to the visitor; what we did, is not. */
static void
tell_visitor(const struct fault *fault, const char *next)
{
	int status = visitor_status(fault);

	answer(status,
	    status == 200	? "ok"
		: status < 500	? fault->text
		: status == 503 ? "not stored: try again later"
				: "not stored: the server is not set up",
	    next);
}

static void
serve(struct desk *desk)
{
	struct run *run = desk->run;
	struct buf body = BUF_INIT(INTAKE_MAX);
	int status;

	stop_hard_say(STDOUT_FILENO,
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Type: text/plain\r\nRetry-After: 60\r\n\r\n"
	    "not stored: try again later\n",
	    EXIT_LATER);
	if (run_begin_bare(run, &command, CGI_LIFE_MS) != OUT_OK ||
	    reception_open(&desk->reception, run) != OUT_OK) {
		cgi_drain();
		tell_visitor(&run->fault, NULL);
		return;
	}
	desk->reception.source = source;
	status = cgi_read(&body, clock_mono_ms() + CGI_BODY_MS);
	if (status != 0) {
		fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "the request is refused: %s", cgi_reason(status));
		cgi_drain();
		answer(status, cgi_reason(status), NULL);
	} else {
		(void)!take_one(desk, &body, cgi_type(), CGI_WAIT_MS);
		tell_visitor(&run->fault, desk->next);
	}
	buf_release(&body);
}

/* --- many */

static void
show_progress(const struct desk *desk, bool last)
{
	const struct reception *r = &desk->reception;
	struct buf line = BUF_INIT(256);

	if (!desk->progress ||
	    clock_mono_ms() < desk->started + PROGRESS_AFTER_MS)
		return;
	if (last)
		buf_add_text(&line, "\r\033[K");
	else
		terminal_add_progress(&line, desk->bulk.at, desk->bulk.size,
		    reception_total(r), "leads");
	fputs(line.data, stderr);
	buf_release(&line);
}

/* What was stored is told before more is read: who asked may wait for it. */
static enum outcome
tell_stored(void *arg)
{
	struct desk *desk = arg;
	const struct reception *r = &desk->reception;

	if (desk->run->shared.json)
		print_items(desk);
	stop_hard_at(clock_mono_ms() + LIFE_MS);
	show_progress(desk, false);
	if (fflush(stdout) == 0)
		return OUT_OK;
	return fault_set(&desk->run->fault, OUT_LATER, EXIT_IO,
	    "cannot print: %s; %lld leads are stored", strerror(errno),
	    (long long)reception_total(r));
}

static char *
tell_counts(const struct desk *desk)
{
	const struct reception *r = &desk->reception;

	if (!desk->run->shared.json && !desk->run->shared.quiet &&
	    (dry_run || isatty(STDOUT_FILENO)))
		printf("%lld leads%s added, %lld joined to earlier ones, %lld "
		       "known before\n",
		    (long long)r->added, dry_run ? " would be" : "",
		    (long long)r->joined, (long long)r->known);
	return mem_printf("{\"added\":%lld,\"joined\":%lld,\"known\":%lld,"
			  "\"refused\":%lld}",
	    (long long)r->added, (long long)r->joined, (long long)r->known,
	    (long long)desk->bulk.refused);
}

static char *
take_many(struct desk *desk)
{
	struct run *run = desk->run;
	struct bulk *bulk = &desk->bulk;
	struct stat about;
	enum outcome out = db_bulk(run->db, &run->fault);

	*bulk = (struct bulk){ .reception = &desk->reception,
		.stored = tell_stored,
		.arg = desk };
	if (fstat(STDIN_FILENO, &about) == 0 && S_ISREG(about.st_mode))
		bulk->size = about.st_size;
	desk->progress = isatty(STDERR_FILENO) && !run->shared.quiet &&
	    !(run->shared.json && isatty(STDOUT_FILENO));
	stop_install();
	if (out == OUT_OK && spool_dir != NULL)
		out = bulk_take_spool(bulk, spool_dir);
	else if (out == OUT_OK)
		out = bulk_take_table(bulk, csv ? TABLE_CSV : TABLE_NDJSON,
		    STDIN_FILENO);
	show_progress(desk, true);
	char *counts = tell_counts(desk);
	if (out == OUT_OK && bulk->refused > 0)
		fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld refused, %lld stored or known",
		    (long long)bulk->refused,
		    (long long)reception_total(&desk->reception));
	return counts;
}

/* --- */

/* FILE instead of stdin. */
static enum outcome
open_file(const char *path, struct fault *fault)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	struct stat about;

	if (fd >= 0 && fstat(fd, &about) == 0 && S_ISDIR(about.st_mode))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' is a directory: name a file of it, or --spool",
		    path ? path : "stdin");
	if (fd < 0 || (fd != STDIN_FILENO && dup2(fd, STDIN_FILENO) < 0))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "cannot read '%s': %s", path, strerror(errno));
	if (fd != STDIN_FILENO)
		close(fd);
	return OUT_OK;
}

static char *
take_all(struct desk *desk, const char *path)
{
	struct run *run = desk->run;
	bool many = csv || ndjson || spool_dir != NULL;

	if (!many && run_begin_bare(run, &command, LIFE_MS) != OUT_OK)
		return NULL;
	if (many &&
	    run_begin(run, &command, dry_run ? DB_WRITE : DB_CREATE,
		LIFE_MS) != OUT_OK)
		return NULL;
	if (open_file(path, &run->fault) != OUT_OK ||
	    reception_open(&desk->reception, run) != OUT_OK)
		return NULL;
	desk->reception.source = source;
	desk->reception.dry_run = dry_run;
	if (!many) {
		take_stdin(desk);
		return NULL;
	}
	if (!dry_run && run_work(run, &command, false) != OUT_OK)
		return NULL;
	return take_many(desk);
}

static void
check_usage(const char *path)
{
	int many = csv + ndjson + (spool_dir != NULL);

	if (many > 1)
		opt_usage(&command, "give one of --csv, --ndjson and --spool");
	if (spool_dir != NULL && path != NULL)
		opt_usage(&command, "--spool reads its directory, not '%s'",
		    path);
	if (source != NULL && (*source == '\0' || strlen(source) > 64))
		opt_usage(&command, "--source is a name of 1 to 64 bytes");
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	struct desk desk = { .run = &run, .started = clock_mono_ms() };
	char *counts = NULL;

	if (cgi_arguments_are_foreign(argc, argv)) {
		answer(400, "400 Bad Request", NULL);
		return EXIT_USAGE;
	}
	if (visitor_asks_leave()) {
		answer(204, NULL, NULL);
		return EXIT_DONE;
	}
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	check_usage(argv[first]);
	if (cgi_is_asked() && !csv && !ndjson && spool_dir == NULL &&
	    argv[first] == NULL)
		serve(&desk);
	else
		counts = take_all(&desk, argv[first]);
	reception_close(&desk.reception);
	int code = run_end(&run, false, counts);
	free(counts);
	free(desk.next);
	return code;
}
