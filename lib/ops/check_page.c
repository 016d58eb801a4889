/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "store/pages.h"

struct pages {
	const struct checks *checks;
	int64_t late_ms; /* of the one that is most overdue */
	char path[192];
};

/* The file itself says when it was written.  One that somebody deleted is not
 * wanted any more: render-status would have made it again. */
static void
look_at(const struct page_row *page, void *arg)
{
	struct pages *pages = arg;
	struct stat st;

	if (stat(page->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	int64_t due = page->written_at + page->every_ms;
	int64_t late = pages->checks->now - due;
	if (late < 0)
		late = 0;
	if (*pages->path == '\0' || late > pages->late_ms) {
		pages->late_ms = late;
		strncpy(pages->path, page->path, sizeof(pages->path) - 1);
	}
}

void
check_page(struct checks *checks, struct db *db, const struct config *config)
{
	struct pages pages = { .checks = checks };
	char span[CLOCK_TEXT_SIZE];
	struct fault fault;

	(void)config;
	pages_each(db, look_at, &pages);
	if (db_result(db, &fault) != OUT_OK) {
		checks_fault(checks, "page", "page", &fault);
		return;
	}
	if (*pages.path == '\0')
		return;
	struct check *check =
	    checks_measure(checks, "page_late", (double)pages.late_ms / 1000);
	check->since = checks->now - pages.late_ms;
	if (pages.late_ms > 0)
		check_say(check, "'%s' was to be renewed %s ago", pages.path,
		    check_span(pages.late_ms, span));
	else
		check_say(check, "'%s' is up to date", pages.path);
	check_mend(check,
	    "cron needs the line: * * * * * leadpipe render-status --html "
	    "FILE; who wants no page deletes it");
}
