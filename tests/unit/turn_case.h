/* SPDX-License-Identifier: MIT */
/*
 * A flow in a database of its own for each test, and what people write to it.
 */
#ifndef LEADPIPE_TURN_CASE_H
#define LEADPIPE_TURN_CASE_H

#include "state_db.h"

#include "base/mem.h"
#include "store/updates.h"
#include "turn/deploy.h"
#include "turn/turn.h"

#define NOW INT64_C(1800000000000)

static struct turn *turn;
static struct config *config;
static int64_t updates;

static inline int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

/* A file beside the database. */
static inline void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", state_dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* FLOW is current; its handler `act` is HANDLER. */
static inline int
turn_setup(void **state, const char *flow, const char *handler)
{
	char path[160];
	struct deploy_report report;
	struct findings findings = { 0 };
	const struct deploy deploy = { .path = path };

	if (setup(state) != 0)
		return -1;
	updates = 0;
	snprintf(path, sizeof(path), "%s/handlers", state_dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("handlers/act", handler, 0700);
	write_file("flow.json", flow, 0600);
	snprintf(path, sizeof(path), "%s/flow.json", state_dir);
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	state_ok(deploy_flow(db, config, &deploy, state_soon(), &report,
		     &findings, &fault),
	    &fault);
	findings_release(&findings);
	state_ok(turn_open(&turn, db, config, &fault), &fault);
	return 0;
}

static inline int
turn_teardown(void **state)
{
	turn_close(turn);
	turn = NULL;
	config_close(config);
	return teardown(state);
}

static inline void
begin(void)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
}

static inline void
commit(void)
{
	state_ok(db_commit(db, &fault), &fault);
	turn_committed(turn);
}

/* Steps what waits, PASSES times or until nothing does. */
static inline void
step_updates(int passes)
{
	for (bool more = true; more && passes > 0; passes--) {
		begin();
		state_ok(turn_updates(turn, NOW, 100, &more, &fault), &fault);
		commit();
	}
}

/* A message from CHAT with the members WHAT. */
static inline void
receive(int chat, const char *what)
{
	int64_t row;
	bool fresh;
	char *raw;

	++updates;
	raw = mem_printf(
	    "{\"update_id\":%lld,\"message\":{\"message_id\":%lld,\"date\":1,"
	    "\"chat\":{\"id\":%d,\"type\":\"private\"},\"from\":{\"id\":%d,"
	    "\"first_name\":\"Ann\"},%s}}",
	    (long long)updates, (long long)updates + 1000, chat, chat, what);
	begin();
	state_ok(updates_add(db, updates, raw, strlen(raw), NOW, &row, &fresh,
		     &fault),
	    &fault);
	commit();
	free(raw);
}

/* They write TEXT, which is stepped once. */
static inline void
say(int chat, const char *text)
{
	char *what = mem_printf("\"text\":\"%s\"", text);

	receive(chat, what);
	free(what);
	step_updates(1);
}

#endif
