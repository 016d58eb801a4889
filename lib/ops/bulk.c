/* SPDX-License-Identifier: MIT */
#include "ops/bulk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/stop.h"

#define WAIT_MS 30000
#define COMPLAINTS 100

static void
complain(struct bulk *bulk, const char *file, int64_t line,
    const struct fault *fault)
{
	if (bulk->refused++ >= COMPLAINTS)
		return;
	if (file != NULL)
		log_error("file %s: %s", log_quote(file), fault->text);
	else
		log_error("line %lld: %s", (long long)line, fault->text);
}

/* What is stored is told, and its files go, before more is read. */
static enum outcome
flush(struct bulk *bulk)
{
	struct reception *r = bulk->reception;
	enum outcome out = r->count > 0 ? reception_store(r, WAIT_MS) : OUT_OK;

	if (out == OUT_OK)
		out = bulk->stored(bulk->arg);
	for (int i = 0; i < r->count && out == OUT_OK && !r->dry_run; i++)
		if (r->items[i].file != NULL && bulk->spool.dir != NULL)
			out = spool_remove(&bulk->spool, r->items[i].file,
			    &r->run->fault);
	reception_clear(r);
	return out;
}

static enum outcome
keep(struct bulk *bulk, const char *kind, const char *file)
{
	struct reception *r = bulk->reception;
	int64_t line = file == NULL ? bulk->table.line : 0;

	if (r->items[r->count].intake.converted && !bulk->told) {
		bulk->told = true;
		log_warning("it is not UTF-8: read as windows-1251");
	}
	return reception_keep(r, kind, file ? file : "", line) ? flush(bulk)
							       : OUT_OK;
}

/* The queue is stored; then what went wrong is the end. */
static enum outcome
end(struct bulk *bulk, enum exit_code code, const char *what, const char *why)
{
	enum outcome out = flush(bulk);

	return out != OUT_OK ? out
			     : fault_set(&bulk->reception->run->fault,
				   OUT_LATER, code, "%s%s", what, why);
}

static enum outcome
end_stopped(struct bulk *bulk)
{
	return end(bulk, EXIT_LATER, "stopped",
	    "; run it again: what is stored is known then");
}

static enum outcome
take_records(struct bulk *bulk, enum table_kind kind)
{
	struct reception *r = bulk->reception;
	struct table *table = &bulk->table;
	struct fault fault;
	enum outcome out = OUT_OK;

	while (out == OUT_OK) {
		struct intake *intake = reception_intake(r);

		bulk->at = table->lines.bytes;
		switch (table_next(table, r->count == 0, stop_fd(), intake,
		    &fault)) {
		case TABLE_LEAD:
			out = keep(bulk, kind == TABLE_CSV ? "csv" : "ndjson",
			    NULL);
			continue;
		case TABLE_BAD:
			complain(bulk, NULL, table->line, &fault);
			continue;
		case TABLE_LATER:
			out = flush(bulk);
			continue;
		case TABLE_REFUSED:
			r->run->fault = fault;
			return fault.what;
		case TABLE_END:
			return flush(bulk);
		case TABLE_STOPPED:
			return end_stopped(bulk);
		case TABLE_FAILED:
			return end(bulk, EXIT_IO,
			    "cannot read: ", strerror(errno));
		}
	}
	return out;
}

static void
complain_rest(const struct bulk *bulk)
{
	if (bulk->refused > COMPLAINTS)
		log_error("%lld more are refused",
		    (long long)(bulk->refused - COMPLAINTS));
}

enum outcome
bulk_take_table(struct bulk *bulk, enum table_kind kind, int fd)
{
	enum outcome out;

	table_open(&bulk->table, kind, fd);
	out = take_records(bulk, kind);
	table_close(&bulk->table);
	complain_rest(bulk);
	return out;
}

/* A bad file goes away, so that it is not read for ever; one that only we
 * cannot read now stays. */
static enum outcome
refuse(struct bulk *bulk, const char *name, const struct fault *fault)
{
	bool bad = fault->code == EXIT_INPUT || fault->code == EXIT_USAGE;

	complain(bulk, name, 0, fault);
	if (!bad || bulk->reception->dry_run)
		return OUT_OK;
	return spool_refuse(&bulk->spool, name, fault->text,
	    &bulk->reception->run->fault);
}

static enum outcome
take_file(struct bulk *bulk, const char *name)
{
	struct intake *intake = reception_intake(bulk->reception);
	struct fault fault = { .what = OUT_OK };
	enum outcome out;
	char *text;
	size_t len;

	out = spool_read(&bulk->spool, name, &text, &len, &fault);
	if (out == OUT_OK && text == NULL)
		return OUT_OK;
	if (out == OUT_OK)
		out = intake_read(intake, NULL, text, len, &fault);
	if (out == OUT_OK && !intake->filled)
		out = fault_set(&fault, OUT_NEVER, EXIT_INPUT,
		    "it is a test, no lead");
	/* It is deleted then, and may be anything that ends up in DIR. */
	if (out == OUT_OK && !intake_is_person(intake))
		out = fault_set(&fault, OUT_NEVER, EXIT_INPUT,
		    "it holds no lead: no name, phone, e-mail or Telegram "
		    "id");
	out = out == OUT_OK ? keep(bulk, reception_kind(text), name)
			    : refuse(bulk, name, &fault);
	free(text);
	return out;
}

enum outcome
bulk_take_spool(struct bulk *bulk, const char *dir)
{
	enum outcome out =
	    spool_open(&bulk->spool, dir, &bulk->reception->run->fault);

	bulk->size = (int64_t)bulk->spool.count;
	for (size_t i = 0; i < bulk->spool.count && out == OUT_OK; i++) {
		bulk->at = (int64_t)i;
		out = stop_wanted() ? end_stopped(bulk)
				    : take_file(bulk, bulk->spool.names[i]);
	}
	if (out == OUT_OK)
		out = flush(bulk);
	spool_close(&bulk->spool);
	complain_rest(bulk);
	return out;
}
