/* SPDX-License-Identifier: MIT */
#include "ops/journal_compare.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/journal_item.h"
#include "store/journal_read.h"
#include "store/retention.h"

/* An update is in the journal before it is in the database: what came just now
 * gets the time for that, once, as what is wrong stays so. */
#define JUST_NOW_MS 60000
#define STORE_MS 1000

struct comparison {
	struct db *db;
	struct retention retention;
	int64_t now;
	bool waited;
};

static bool
is_known(struct comparison *c, const struct journal_record *record)
{
	if (journal_known(c->db, record, &c->retention, c->now))
		return true;
	if (c->waited || record->at < c->now - JUST_NOW_MS)
		return false;
	c->waited = true;
	clock_sleep_until(clock_mono_ms() + STORE_MS);
	return journal_known(c->db, record, &c->retention, c->now);
}

enum outcome
journal_compare(struct run *run, const struct journal *journal,
    void (*tell)(void *arg, const struct journal_record *record), void *arg,
    struct journal_tally *tally)
{
	struct journal_reader reader = { 0 };
	struct comparison c = { .db = run->db, .now = clock_wall_ms() };
	struct journal_record record;
	enum outcome out =
	    retention_read(run->config, &c.retention, &run->fault);

	*tally = (struct journal_tally){ .torn = 0 };
	if (out == OUT_OK)
		out = journal_open(&reader, journal, 0, &run->fault);
	while (out == OUT_OK &&
	    journal_next(&reader, &record, &out, &run->fault)) {
		++tally->records[record.kind];
		if (!is_known(&c, &record)) {
			++tally->missing[record.kind];
			tell(arg, &record);
		}
		out = db_result(run->db, &run->fault);
	}
	tally->torn = reader.torn;
	tally->damaged = reader.damaged;
	snprintf(tally->where, sizeof(tally->where), "%s", reader.where);
	journal_close(&reader);
	return out;
}
