/* SPDX-License-Identifier: MIT */
#include "ops/reception.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "ops/journal_place.h"
#include "store/journal_gate.h"
#include "store/journal_item.h"

#define JOIN_DEFAULT "24h"

static enum outcome
read_region(const struct config *config, const char **region,
    struct fault *fault)
{
	const char *name = config_get(config, "LEADPIPE_PHONE_REGION");

	*region = name;
	if (name == NULL ||
	    (strlen(name) == 2 &&
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "LEADPIPE_PHONE_REGION (%s) is a country of two letters, as RU "
	    "or KZ, not '%.40s'",
	    config_origin(config, "LEADPIPE_PHONE_REGION"), name);
}

enum outcome
reception_settings(const struct config *config, int64_t *join_ms,
    const char **region, struct fault *fault)
{
	const char *join =
	    config_get_or(config, "LEADPIPE_LEAD_JOIN", JOIN_DEFAULT);

	if (clock_parse_span(join, join_ms) < 0)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEADPIPE_LEAD_JOIN (%s) is a span such as 24h, or 0, "
		    "not '%.40s'",
		    config_origin(config, "LEADPIPE_LEAD_JOIN"), join);
	return read_region(config, region, fault);
}

enum outcome
reception_open(struct reception *reception, struct run *run)
{
	*reception = (struct reception){ .run = run };
	reception->items =
	    mem_array(NULL, RECEPTION_BATCH, sizeof *reception->items);
	reception->items[0] = (struct reception_item){ .line = 0 };
	intake_init(&reception->items[0].intake);
	enum outcome out = reception_settings(run->config, &reception->join_ms,
	    &reception->region, &run->fault);
	if (out == OUT_OK)
		out = journal_place(run, true, &reception->journal);
	return out;
}

void
reception_close(struct reception *reception)
{
	if (reception->items == NULL)
		return;
	reception_clear(reception);
	intake_release(&reception->items[0].intake);
	free(reception->items);
	reception->items = NULL;
}

struct intake *
reception_intake(struct reception *reception)
{
	struct intake *intake = &reception->items[reception->count].intake;

	intake_release(intake);
	intake_init(intake);
	return intake;
}

const char *
reception_kind(const char *text)
{
	return text[strspn(text, " \t\r\n\xef\xbb\xbf")] == '{' ? "json"
								: "form";
}

/* What is read from a file once more is the same, whenever that is. */
static char *
file_key(const struct lead_new *lead, const char *file)
{
	char digest[ID_DIGEST_SIZE];
	char *text = mem_printf("%s\n%s", file, lead->raw), *key;

	id_digest(text, strlen(text), digest);
	key = mem_printf("%s:%.32s", lead->source, digest);
	free(text);
	return key;
}

bool
reception_keep(struct reception *reception, const char *kind, const char *file,
    int64_t line)
{
	struct reception_item *item = &reception->items[reception->count];

	intake_lead(&item->intake, reception->source, kind, &item->lead);
	item->lead.region = reception->region;
	item->lead.join_ms = reception->join_ms;
	item->line = line;
	if (file != NULL && item->lead.key == NULL) {
		item->key = file_key(&item->lead, file);
		item->lead.key = item->key;
	}
	item->file = mem_dup(file);
	reception->bytes += strlen(item->lead.raw);
	if (++reception->count == RECEPTION_BATCH)
		return true;
	item[1] = (struct reception_item){ .line = 0 };
	intake_init(&item[1].intake);
	return reception->bytes > RECEPTION_BYTES;
}

static void
count_fates(struct reception *reception)
{
	for (int i = 0; i < reception->count; i++)
		switch (reception->items[i].taken.fate) {
		case LEAD_ADDED:
			reception->added++;
			break;
		case LEAD_JOINED:
			reception->joined++;
			break;
		case LEAD_KNOWN:
			reception->known++;
			break;
		}
}

static enum outcome
take(struct reception *reception, struct reception_item *item, int64_t now)
{
	struct run *run = reception->run;
	enum outcome out =
	    leads_take(run->db, &item->lead, now, &item->taken, &run->fault);

	if (out == OUT_OK && reception->journal.dir != NULL)
		item->kept =
		    journal_lead_text(run->db, &item->lead, &item->taken);
	return out;
}

/* After the commit: who repeats what was not kept is known, and kept then. */
static enum outcome
keep(struct reception *reception, int64_t now)
{
	struct journal_record *records =
	    mem_array(NULL, (size_t)reception->count + 1, sizeof(*records));
	size_t count = 0;

	for (int i = 0; i < reception->count; i++) {
		const struct reception_item *item = &reception->items[i];

		if (item->kept != NULL)
			records[count++] =
			    (struct journal_record){ .kind = JOURNAL_LEAD,
				    .at = now,
				    .id = item->taken.id,
				    .text = item->kept,
				    .len = strlen(item->kept) };
	}
	enum outcome out = journal_append(&reception->journal, records, count,
	    &reception->run->fault);
	free(records);
	return out;
}

static enum outcome
store(struct reception *reception, int64_t deadline)
{
	struct run *run = reception->run;
	int64_t now = clock_wall_ms();
	enum outcome out = db_begin(run->db, deadline, &run->fault);

	for (int i = 0; i < reception->count && out == OUT_OK; i++)
		out = take(reception, &reception->items[i], now);
	if (out == OUT_OK && !reception->dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && !reception->dry_run)
		out = keep(reception, now);
	if (out == OUT_OK)
		count_fates(reception);
	return out;
}

enum outcome
reception_store(struct reception *reception, int64_t wait_ms)
{
	struct run *run = reception->run;
	int64_t deadline = clock_mono_ms() + wait_ms;
	int gate;
	enum outcome out = journal_gate_enter(&reception->journal, run->db,
	    deadline, &gate, &run->fault);

	if (out == OUT_OK)
		out = store(reception, deadline);
	journal_gate_leave(&gate);
	return out;
}

int64_t
reception_total(const struct reception *reception)
{
	return reception->added + reception->joined + reception->known;
}

void
reception_clear(struct reception *reception)
{
	int last = reception->count < RECEPTION_BATCH ? reception->count
						      : RECEPTION_BATCH - 1;

	for (int i = 0; i <= last; i++) {
		intake_release(&reception->items[i].intake);
		free(reception->items[i].key);
		free(reception->items[i].file);
		free(reception->items[i].kept);
	}
	reception->items[0] = (struct reception_item){ .line = 0 };
	intake_init(&reception->items[0].intake);
	reception->count = 0;
	reception->bytes = 0;
}
