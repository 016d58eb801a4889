/* SPDX-License-Identifier: MIT */
#include "ops/recovery_line.h"

void
recovered_add(struct buf *out, const struct recovered *found, bool json,
    bool dry_run)
{
	if (json)
		buf_printf(out,
		    "{\"schema\":1,\"workers\":%d,\"ambiguous\":%d,"
		    "\"handlers\":%d,\"leads_unknown\":%d,"
		    "\"leads_requeued\":%d,\"crashed_runs\":%d,"
		    "\"dry_run\":%s}\n",
		    found->workers, found->ambiguous, found->execs,
		    found->unknown, found->requeued, found->crashed_runs,
		    dry_run ? "true" : "false");
	if (json || found->workers == 0)
		return;
	buf_printf(out,
	    "%s of %d dead commands: %d messages that were being sent are "
	    "ambiguous, %d handlers run again\n",
	    dry_run ? "would free the work" : "freed the work", found->workers,
	    found->ambiguous, found->execs);
	if (found->unknown + found->requeued > 0)
		buf_printf(out,
		    "leads: %d may be in the CRM and are searched for, %d "
		    "are sent again\n",
		    found->unknown, found->requeued);
}

void
imported_add(struct buf *out, const struct lead_import *import, bool json,
    bool dry_run)
{
	if (json)
		buf_printf(out,
		    "{\"schema\":1,\"added\":%lld,\"joined\":%lld,"
		    "\"known\":%lld,\"refused\":%lld,\"dry_run\":%s}\n",
		    (long long)import->added, (long long)import->joined,
		    (long long)import->known, (long long)import->refused,
		    dry_run ? "true" : "false");
	else
		buf_printf(out,
		    "%lld leads %s, %lld %s, %lld are known, %lld lines are "
		    "no leads\n",
		    (long long)import->added,
		    dry_run ? "would be added" : "are added",
		    (long long)import->joined,
		    dry_run ? "would join others" : "joined others",
		    (long long)import->known, (long long)import->refused);
}

void
released_add(struct buf *out, const struct hold_counts *counts, bool json,
    bool dry_run)
{
	if (json)
		buf_printf(out,
		    "{\"schema\":1,\"messages\":%lld,\"tasks\":%lld,"
		    "\"handlers\":%lld,\"updates\":%lld,\"leads\":%lld,"
		    "\"dry_run\":%s}\n",
		    (long long)counts->messages, (long long)counts->tasks,
		    (long long)counts->execs, (long long)counts->updates,
		    (long long)counts->leads, dry_run ? "true" : "false");
	else
		buf_printf(out,
		    "%s %lld messages, %lld tasks, %lld handlers, %lld "
		    "updates, %lld leads\n",
		    dry_run ? "would release" : "released",
		    (long long)counts->messages, (long long)counts->tasks,
		    (long long)counts->execs, (long long)counts->updates,
		    (long long)counts->leads);
}

void
replayed_add(struct buf *out, const struct replayed *replayed, bool json,
    bool dry_run)
{
	const int64_t *back = replayed->back;

	if (json) {
		buf_printf(out,
		    "{\"schema\":1,\"updates\":%lld,\"leads\":%lld,"
		    "\"tasks\":%lld,\"held\":%lld,\"again\":%lld,"
		    "\"known\":%lld,\"refused\":%lld,\"dry_run\":%s}\n",
		    (long long)back[JOURNAL_UPDATE],
		    (long long)back[JOURNAL_LEAD],
		    (long long)back[JOURNAL_TASK], (long long)replayed->held,
		    (long long)replayed->again, (long long)replayed->known,
		    (long long)replayed->refused, dry_run ? "true" : "false");
		return;
	}
	buf_printf(out,
	    "%lld updates, %lld leads and %lld tasks %s back (%lld tasks "
	    "on hold),\n%lld updates %s stepped again\n",
	    (long long)back[JOURNAL_UPDATE], (long long)back[JOURNAL_LEAD],
	    (long long)back[JOURNAL_TASK], dry_run ? "would come" : "are",
	    (long long)replayed->held, (long long)replayed->again,
	    dry_run ? "would be" : "are");
	if (replayed->known > 0)
		buf_printf(out,
		    "%lld updates are done with: --again steps them once "
		    "more\n",
		    (long long)replayed->known);
}
