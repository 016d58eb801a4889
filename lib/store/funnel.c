/* SPDX-License-Identifier: MIT */
#include "store/funnel.h"

#include "store/counters.h"
#include "store/statement.h"

enum outcome
funnel_arrived(struct db *db, int64_t chat_id, const char *from,
    const char *state, int64_t now, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO arrivals(chat_id, state, came_from, first_at,"
	    " last_at) VALUES(?1, ?2, ?3, ?4, ?4) ON CONFLICT DO UPDATE SET"
	    " times = times + 1, last_at = excluded.last_at");

	db_bind_int(add, 1, chat_id);
	db_lend_text(add, 2, state);
	db_lend_text(add, 3, from);
	db_bind_int(add, 4, now);
	db_run(db, add);
	counter_add(db, COUNT_STATES, state, 1);
	return db_result(db, fault);
}

enum outcome
funnel_arrows(struct db *db,
    void (*visit)(const struct funnel_arrow *arrow, void *arg), void *arg,
    struct fault *fault)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT came_from, state, count(*), sum(times) FROM arrivals"
	    " GROUP BY came_from, state");

	while (db_row(db, all)) {
		const struct funnel_arrow arrow = { .from = db_text(all, 0),
			.state = db_text(all, 1),
			.people = db_int(all, 2),
			.times = db_int(all, 3) };

		visit(&arrow, arg);
	}
	return db_result(db, fault);
}

enum outcome
funnel_visits(struct db *db, const char *state,
    void (*visit)(const struct funnel_visit *visit, void *arg), void *arg,
    struct fault *fault)
{
	/* The key begins with the chat, so these come in order as they lie. */
	sqlite3_stmt *all = db_use(db,
	    "SELECT chat_id, min(first_at), max(last_at) FROM arrivals"
	    " WHERE state = ?1 GROUP BY chat_id ORDER BY chat_id");

	db_bind_text(all, 1, state);
	while (db_row(db, all)) {
		const struct funnel_visit row = { .chat_id = db_int(all, 0),
			.first_at = db_int(all, 1),
			.last_at = db_int(all, 2) };

		visit(&row, arg);
	}
	return db_result(db, fault);
}
