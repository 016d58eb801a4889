/* SPDX-License-Identifier: MIT */
#include "ops/journal_place.h"

#include "ops/backup_place.h"

enum outcome
journal_place(struct run *run, bool accepts, struct journal *journal)
{
	enum outcome out = journal_settings(run->config, backup_place_bot(run),
	    journal, &run->fault);

	if (out == OUT_OK && accepts)
		out = journal_check(journal, &run->fault);
	return out;
}
