/* SPDX-License-Identifier: MIT */
/*
 * All that is held of a person, for that person.  Only reads.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "ops/journal_place.h"
#include "ops/output.h"
#include "store/export.h"
#include "store/forget_journal.h"

#define LIFE_MS (60 * 60 * 1000)
#define PAGE_BYTES (1u << 20)
/* A row is no longer than what Telegram or a website may send. */
#define ROW_BYTES (64u << 20)

static const struct opt options[] = { OPT_END };

static const struct opt_command command = {
	.name = "export-user",
	.synopsis = "USER",
	.summary = "Prints everything that is held of a person as one JSON "
		   "document.",
	.details =
	    "USER is a chat id, the @username of somebody who wrote to the "
	    "bot, or the +phone\nor e-mail of a lead; write -- before a "
	    "negative id. Leads of nobody's chat with\ntheir phone or e-mail "
	    "count as theirs. Times are milliseconds since 1970.\n"
	    "quoting_updates came from others and name the person: look at "
	    "them before you\ngive them away. journal_records is how many "
	    "copies the journal has of all that.\nThe mirror in Redis is "
	    "another copy; what other programs keep there is theirs.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

struct page {
	struct run *run;
	struct buf text;
	bool first, wanted;
};

static bool
add_row(void *arg, const char *row)
{
	struct page *page = arg;
	char *clean = utf8_clean(row, strlen(row));

	buf_add_text(&page->text, page->first ? "\n" : ",\n");
	buf_add_text(&page->text, clean);
	free(clean);
	page->first = false;
	if (page->text.len > PAGE_BYTES)
		page->wanted = output_flush(page->run, stdout, &page->text);
	return page->wanted;
}

static void
add_head(struct buf *text, const struct subject *subject, int64_t records)
{
	char at[CLOCK_TEXT_SIZE];
	json_auto_t *head = json_pack("{s:i s:s s:o s:o s:o s:I}", "schema", 1,
	    "exported_at", clock_text(clock_wall_ms(), at), "chat",
	    subject->chat_id ? json_integer(subject->chat_id) : json_null(),
	    "phone",
	    json_text_or_null(*subject->phone ? subject->phone : NULL),
	    "email",
	    json_text_or_null(*subject->email ? subject->email : NULL),
	    "journal_records", (json_int_t)records);
	char *object = json_text(head);

	object[strlen(object) - 1] = '\0';
	buf_add_text(text, object);
	free(object);
}

static enum outcome
print_rows(struct run *run, const struct subject *subject, int64_t records)
{
	struct page page = { .run = run,
		.text = BUF_INIT(PAGE_BYTES + ROW_BYTES),
		.wanted = true };
	enum outcome out = OUT_OK;

	add_head(&page.text, subject, records);
	for (size_t i = 0; i < export_count && out == OUT_OK && page.wanted;
	     i++) {
		buf_printf(&page.text, ",\n\"%s\":[", export_names[i]);
		page.first = true;
		out = export_rows(run->db, i, subject, add_row, &page,
		    &run->fault);
		buf_add_char(&page.text, ']');
	}
	buf_add_text(&page.text, "}\n");
	if (out == OUT_OK && page.wanted)
		output_flush(run, stdout, &page.text);
	buf_release(&page.text);
	return out;
}

static void export(struct run *run, const char *user)
{
	struct subject subject = { 0 };
	struct journal journal;
	int64_t records = 0;
	enum outcome out = export_begin(run->db, &run->fault);

	if (out == OUT_OK)
		out = subject_resolve(run->db, user, &subject, &run->fault);
	if (out == OUT_OK)
		out = subject_find(run->db, &subject, &run->fault);
	if (out == OUT_OK)
		out = journal_place(run, false, &journal);
	if (out == OUT_OK)
		out = forget_journal(&journal, run->db, &subject, true,
		    &records, &run->fault);
	if (out == OUT_OK)
		(void)!print_rows(run, &subject, records);
	subject_release(&subject);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command,
		    "whose data? give an id, @username, +phone or e-mail");
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		export(&run, argv[first]);
	return run_end(&run, false, NULL);
}
