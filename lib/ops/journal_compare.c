/* SPDX-License-Identifier: MIT */
#include "ops/journal_compare.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/journal_item.h"
#include "store/journal_read.h"
#include "store/retention.h"

enum outcome
journal_compare(struct run *run, const struct journal *journal,
    void (*tell)(void *arg, const struct journal_record *record), void *arg,
    struct journal_tally *tally)
{
	struct journal_reader reader = { 0 };
	int64_t now = clock_wall_ms();
	struct retention retention;
	struct journal_record record;
	enum outcome out =
	    retention_read(run->config, &retention, &run->fault);

	*tally = (struct journal_tally){ .torn = 0 };
	if (out == OUT_OK)
		out = journal_open(&reader, journal, 0, &run->fault);
	while (out == OUT_OK &&
	    journal_next(&reader, &record, &out, &run->fault)) {
		++tally->records[record.kind];
		if (!journal_known(run->db, &record, &retention, now)) {
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
