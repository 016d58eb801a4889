/* SPDX-License-Identifier: MIT */
#include "ops/recovery_line.h"

#include "base/plural.h"

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
	    "%s of %d dead command%s: %d message%s being sent then %s "
	    "ambiguous, %d handler%s to run again\n",
	    dry_run ? "would free the work" : "freed the work", found->workers,
	    plural(found->workers), found->ambiguous, plural(found->ambiguous),
	    found->ambiguous == 1 ? "is" : "are", found->execs,
	    plural(found->execs));
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
		    "%lld lead%s %s, %lld %s, %lld known, %lld line%s "
		    "refused\n",
		    (long long)import->added, plural(import->added),
		    dry_run ? "would be added" : "added",
		    (long long)import->joined,
		    dry_run ? "would join others" : "joined others",
		    (long long)import->known, (long long)import->refused,
		    plural(import->refused));
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
		    "%s %lld message%s, %lld task%s, %lld handler%s, %lld "
		    "update%s, %lld lead%s\n",
		    dry_run ? "would release" : "released",
		    (long long)counts->messages, plural(counts->messages),
		    (long long)counts->tasks, plural(counts->tasks),
		    (long long)counts->execs, plural(counts->execs),
		    (long long)counts->updates, plural(counts->updates),
		    (long long)counts->leads, plural(counts->leads));
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
	    "%lld update%s, %lld lead%s and %lld task%s %s back (%lld task%s "
	    "on hold),\n%lld update%s %sstepped again\n",
	    (long long)back[JOURNAL_UPDATE], plural(back[JOURNAL_UPDATE]),
	    (long long)back[JOURNAL_LEAD], plural(back[JOURNAL_LEAD]),
	    (long long)back[JOURNAL_TASK], plural(back[JOURNAL_TASK]),
	    dry_run ? "would come" : "came", (long long)replayed->held,
	    plural(replayed->held), (long long)replayed->again,
	    plural(replayed->again), dry_run ? "would be " : "");
	if (replayed->known > 0)
		buf_printf(out,
		    "%lld update%s done with before: --again steps %s once "
		    "more\n",
		    (long long)replayed->known, plural(replayed->known),
		    replayed->known == 1 ? "it" : "them");
}
