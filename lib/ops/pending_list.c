/* SPDX-License-Identifier: MIT */
#include "ops/pending_list.h"

#include <unistd.h>

#include "base/terminal.h"
#include "ops/output.h"

/* What is written at a time; meanwhile no checkpoint must wait for us. */
#define PAGE_BYTES (1 << 20)
#define PAGE_MAX (64U << 20)

void
pending_list_write(struct run *run, FILE *to, const char *kind, bool *any)
{
	struct buf text = BUF_INIT(PAGE_MAX);
	struct pending_list rows = { 0 };
	struct pending row;
	int width = terminal_width(fileno(to));
	bool read = true;

	*any = false;
	while (read && pending_next(run->db, &rows, kind, 0, &row)) {
		if (run->shared.json) {
			pending_json(&text, &row);
		} else {
			if (!*any && isatty(fileno(to)))
				pending_head(&text, width);
			pending_row(&text, &row, width);
		}
		*any = true;
		if (text.len >= PAGE_BYTES) {
			pending_pause(&rows);
			read = output_flush(run, to, &text);
		}
	}
	if (read && text.len > 0)
		read = output_flush(run, to, &text);
	buf_release(&text);
	if (read)
		(void)!db_result(run->db, &run->fault);
}

enum outcome
pending_item_add(struct run *run, const struct item_name *item,
    struct buf *said)
{
	struct pending_list rows = { 0 };
	struct pending row;

	if (!pending_next(run->db, &rows, item->kind, item->id, &row) &&
	    !pending_settled(run->db, item->kind, item->id, &row)) {
		if (db_result(run->db, &run->fault) != OUT_OK)
			return run->fault.what;
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "there is no %s %lld", item->kind, (long long)item->id);
	}
	if (run->shared.json)
		pending_json(said, &row);
	else
		pending_page(said, &row);
	return OUT_OK;
}
