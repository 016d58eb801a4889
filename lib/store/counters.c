/* SPDX-License-Identifier: MIT */
#include "store/counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/connection.h"
#include "store/statement.h"

/* Today and yesterday, wherever on earth. */
#define SLOTS_KEPT_MS (INT64_C(74) * 60 * 60 * 1000)

const int64_t counter_bounds[COUNTER_BOUNDS] = { 100, 250, 500, 1000, 2500,
	5000, 15000, 60000, 300000, 3600000 };

/* How it is kept; names stay what they are once they are in a database. */
static const struct {
	const char *name;
	bool charted; /* also by quarters of an hour */
	bool highest; /* the highest one counts */
} kinds[COUNT_KINDS] = {
	[COUNT_UPDATES] = { "updates", false, false },
	[COUNT_RECEIVED] = { "received", true, false },
	[COUNT_PEOPLE] = { "people", true, false },
	[COUNT_SETTLED] = { "settled", true, false },
	[COUNT_RETRIES] = { "retries", false, false },
	[COUNT_AMBIGUOUS] = { "ambiguous", false, false },
	[COUNT_FLOODED] = { "flooded", false, false },
	[COUNT_TASKS] = { "tasks", false, false },
	[COUNT_REMINDERS] = { "reminders", true, false },
	[COUNT_BROADCASTS] = { "broadcasts", true, false },
	[COUNT_STATES] = { "states", false, false },
	[COUNT_LEADS] = { "leads", true, false },
	[COUNT_SYNCED] = { "synced", true, false },
	[COUNT_CRM_FAILURES] = { "crm_failures", true, false },
	[COUNT_RUNS] = { "runs", false, false },
	[COUNT_FAILURES] = { "failures", false, false },
	[COUNT_CRASHES] = { "crashes", false, false },
	[COUNT_LATENESS] = { "lateness", false, false },
	[COUNT_LATENESS_MS] = { "lateness_ms", false, false },
	[COUNT_DELAY] = { "delay", false, false },
	[COUNT_DELAY_MS] = { "delay_ms", false, false },
	[COUNT_SLOWEST_MS] = { "slowest_ms", true, true },
};

struct counted {
	enum counter what;
	char *label;
	int64_t n;
};

static void
counted_raise(struct counted *counted, int64_t n)
{
	if (!kinds[counted->what].highest)
		counted->n += n;
	else if (n > counted->n)
		counted->n = n;
}

/* What came before the mark stays as it was there. */
static struct counted *
counted_find(const struct counting *all, enum counter what, const char *label)
{
	for (size_t i = all->marked; i < all->count; i++)
		if (all->list[i].what == what &&
		    strcmp(all->list[i].label, label) == 0)
			return &all->list[i];
	return NULL;
}

void
counter_add(struct db *db, enum counter what, const char *label, int64_t n)
{
	struct counting *all = &db->counting;
	struct counted *same = counted_find(all, what, label);

	if (same != NULL) {
		counted_raise(same, n);
		return;
	}
	if (all->count == all->size) {
		all->size = 2 * all->size + 16;
		all->list =
		    mem_array(all->list, all->size, sizeof(*all->list));
	}
	all->list[all->count++] = (struct counted){ what, mem_dup(label), n };
}

void
counter_observe(struct db *db, enum counter what, int64_t ms)
{
	char label[24] = "inf";
	int64_t value = ms > 0 ? ms : 0;

	for (size_t i = 0; i < COUNTER_BOUNDS; i++)
		if (value <= counter_bounds[i]) {
			snprintf(label, sizeof(label), "%lld",
			    (long long)counter_bounds[i]);
			break;
		}
	counter_add(db, what, label, 1);
	if (what == COUNT_LATENESS) {
		counter_add(db, COUNT_LATENESS_MS, "", value);
		return;
	}
	counter_add(db, COUNT_DELAY_MS, "", value);
	counter_add(db, COUNT_SLOWEST_MS, "", value);
}

static void
counted_write(struct db *db, const struct counted *counted, int64_t slot)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO counters(name, label, slot, value)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
	    " value = value + excluded.value");
	sqlite3_stmt *raise = db_use(db,
	    "INSERT INTO counters(name, label, slot, value)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
	    " value = max(value, excluded.value)");
	sqlite3_stmt *write = kinds[counted->what].highest ? raise : add;

	db_lend_text(write, 1, kinds[counted->what].name);
	db_lend_text(write, 2, counted->label);
	db_bind_int(write, 3, slot);
	db_bind_int(write, 4, counted->n);
	db_run(db, write);
}

void
counting_write(struct db *db)
{
	int64_t now = db->counting.count > 0 ? clock_wall_ms() : 0;

	for (size_t i = 0; i < db->counting.count; i++) {
		const struct counted *counted = &db->counting.list[i];

		counted_write(db, counted, 0);
		if (kinds[counted->what].charted)
			counted_write(db, counted,
			    now - now % COUNTER_SLOT_MS);
	}
}

static void
counting_cut(struct counting *counting, size_t count)
{
	while (counting->count > count)
		free(counting->list[--counting->count].label);
}

void
counting_clear(struct counting *counting)
{
	counting_cut(counting, 0);
	counting->marked = 0;
}

void
counting_mark(struct counting *counting)
{
	counting->marked = counting->count;
}

void
counting_return(struct counting *counting)
{
	counting_cut(counting, counting->marked);
	counting->marked = 0;
}

void
counting_unmark(struct counting *counting)
{
	size_t kept = counting->marked, end = counting->count;

	counting->count = kept;
	counting->marked = 0;
	for (size_t i = kept; i < end; i++) {
		struct counted *later = &counting->list[i];
		struct counted *same =
		    counted_find(counting, later->what, later->label);

		if (same != NULL) {
			counted_raise(same, later->n);
			free(later->label);
		} else {
			counting->list[counting->count++] = *later;
		}
	}
}

void
counting_release(struct counting *counting)
{
	counting_clear(counting);
	free(counting->list);
	*counting = (struct counting){ 0 };
}

void
counters_prune(struct db *db, int64_t now)
{
	sqlite3_stmt *old =
	    db_use(db, "DELETE FROM counters WHERE slot > 0 AND slot < ?1");

	db_bind_int(old, 1, now - SLOTS_KEPT_MS);
	db_run(db, old);
}

int64_t
counter_sum(struct db *db, enum counter what)
{
	int64_t sum = 0;
	sqlite3_stmt *all = db_use(db,
	    "SELECT coalesce(sum(value), 0) FROM counters"
	    " WHERE name = ?1 AND slot = 0");

	db_lend_text(all, 1, kinds[what].name);
	while (db_row(db, all))
		sum = db_int(all, 0);
	return sum;
}

void
counter_each(struct db *db, enum counter what,
    void (*visit)(const char *label, int64_t value, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT label, value FROM counters"
	    " WHERE name = ?1 AND slot = 0 ORDER BY label");

	db_lend_text(all, 1, kinds[what].name);
	while (db_row(db, all))
		visit(db_text(all, 0), db_int(all, 1), arg);
}

void
counter_slots(struct db *db, const struct counter_span *span,
    void (*visit)(int64_t at, int64_t value, void *arg), void *arg)
{
	sqlite3_stmt *slots = db_use(db,
	    "SELECT slot, sum(value) FROM counters WHERE slot >= ?3"
	    " AND slot < ?4 AND slot > 0 AND name = ?1"
	    " AND (?2 IS NULL OR label = ?2) GROUP BY slot ORDER BY slot");

	db_lend_text(slots, 1, kinds[span->what].name);
	db_lend_text(slots, 2, span->label);
	db_bind_int(slots, 3, span->from);
	db_bind_int(slots, 4, span->until);
	while (db_row(db, slots))
		visit(db_int(slots, 0), db_int(slots, 1), arg);
}
