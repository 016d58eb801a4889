/* SPDX-License-Identifier: MIT */
#include "ops/check_component.h"
#include "store/journal.h"

/* One that cannot be written keeps everything out. */
void
check_journal(struct checks *checks, const struct config *config)
{
	struct journal journal;
	struct check *check;
	struct fault fault;
	enum outcome out = journal_settings(config, 0, &journal, &fault);

	if (out == OUT_OK && journal.dir == NULL)
		return;
	check = checks_add(checks, "database", "journal");
	if (out == OUT_OK)
		out = journal_check(&journal, &fault);
	if (out == OUT_OK)
		return;
	check_fault(check, &fault);
	check->state = CHECK_CRITICAL;
	check_mend(check, "'leadpipe check-config' says what it needs");
}
