/* SPDX-License-Identifier: MIT */
#include "turn/deploy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "bot/view.h"
#include "store/flows.h"
#include "store/meta.h"
#include "turn/rename.h"

/* The clock of a chat's last step may be a little ahead of ours. */
#define CLOCK_SLACK_MS 60000

/* Where chats in STATE, which FLOW does not have, go; NULL: nowhere. */
static const char *
new_place(const struct flow *flow, const char *state, const char *drop_to)
{
	const char *now = flow_state_called(flow, state);

	return now != NULL ? now : drop_to;
}

static void
add_place(const char *state, int64_t chats, void *places)
{
	json_object_set_new(places, state, json_integer(chats));
}

static void
count_moves(struct db *db, const struct flow *flow, const char *drop_to,
    json_t *places, struct deploy_report *report)
{
	const char *state;
	json_t *count;

	json_object_foreach (places, state, count) {
		int64_t chats = json_integer_value(count);
		report->chats += chats;
		if (flow_has_state(flow, state))
			continue;
		const char *to = new_place(flow, state, drop_to);
		if (to != NULL)
			report->moved += chats;
		if (flow_state_called(flow, state) == NULL) {
			report->stranded += chats;
			snprintf(report->stranded_in,
			    sizeof report->stranded_in, "%s", state);
		}
		if (report->move_count == DEPLOY_MOVES)
			continue;
		struct deploy_move *move =
		    &report->moves[report->move_count++];
		snprintf(move->from, sizeof move->from, "%s", state);
		snprintf(move->to, sizeof move->to, "%s", to ? to : "");
		move->chats = chats;
	}
	report->handlers = flows_open_handlers(db);
}

static enum outcome
check_people(struct db *db, const struct flow *flow,
    const struct deploy *deploy, json_t *places, struct deploy_report *report,
    struct fault *fault)
{
	report->chats = report->moved = report->stranded = 0;
	report->move_count = 0;
	count_moves(db, flow, deploy->drop_to, places, report);
	if (deploy->drop_to != NULL && !flow_has_state(flow, deploy->drop_to))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "--drop-to '%s': the new flow has no such state",
		    deploy->drop_to);
	if (report->stranded > 0 && deploy->drop_to == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "%" PRId64 " chat%s in a state that the new flow does "
		    "not have (such as '%s'); keep the state, say what it is "
		    "called now in \"renamed\", or where they go with "
		    "--drop-to STATE",
		    report->stranded, report->stranded == 1 ? " is" : "s are",
		    report->stranded_in);
	return db_result(db, fault);
}

/* The last deployment may have ended before it had moved all. */
static void
rename_places(json_t *places, const json_t *renamed)
{
	const char *from;
	json_t *to;

	json_object_foreach ((json_t *)(uintptr_t)renamed, from, to) {
		const char *name = json_string_value(to);
		int64_t left = json_get_int(places, from, 0);
		int64_t there = json_get_int(places, name, 0);

		if (json_object_del(places, from) == 0)
			json_object_set_new(places, name,
			    json_integer(there + left));
	}
}

/* What deploying changes, before anything is. */
static enum outcome
look(struct db *db, const struct flow *flow, const char *bundle,
    const struct deploy *deploy, struct deploy_report *report,
    struct fault *fault)
{
	char *current = meta_text(db, META_FLOW);
	char *stored = current ? flows_bundle(db, current) : NULL;
	json_auto_t *was = stored ? json_loads(stored, 0, NULL) : NULL;
	json_auto_t *places = json_object();
	enum outcome out = flows_people(db, add_place, places, fault);

	rename_places(places, json_object_get(was, "renamed"));
	snprintf(report->hash, sizeof report->hash, "%s", flow_hash(flow));
	report->states = view_state_count(flow);
	report->unchanged = stored != NULL &&
	    strcmp(current, flow_hash(flow)) == 0 &&
	    strcmp(stored, bundle) == 0;
	free(stored);
	free(current);
	if (out != OUT_OK)
		return out;
	return check_people(db, flow, deploy, places, report, fault);
}

/* Who was left where the last deployment ended early is moved first: in the
 * next version that name may mean something else. */
static enum outcome
finish_last(struct db *db, int64_t deadline, struct fault *fault)
{
	char *stored = flows_bundle(db, NULL);
	json_auto_t *was = stored ? json_loads(stored, 0, NULL) : NULL;

	free(stored);
	return rename_people(db, json_object_get(was, "renamed"),
	    clock_left_ms(deadline), fault);
}

/* Those in a state that is called something else now move when the new version
 * is there. */
static enum outcome
move_chats(struct db *db, const struct flow *flow, const char *drop_to,
    json_t *places, struct fault *fault)
{
	enum outcome out = OUT_OK;
	const char *state;
	json_t *count;

	json_object_foreach (places, state, count) {
		if (out == OUT_OK && flow_state_renamed(flow, state) == NULL)
			out = flows_move_chats(db, state,
			    new_place(flow, state, drop_to), fault);
	}
	return out;
}

/* Inside a transaction: people have gone on since look(). */
static enum outcome
store(struct db *db, const struct flow *flow, const char *bundle,
    const struct deploy *deploy, int64_t since, struct deploy_report *report,
    struct fault *fault)
{
	json_auto_t *places = json_object();
	enum outcome out = flows_people(db, add_place, places, fault);

	if (out == OUT_OK)
		out = check_people(db, flow, deploy, places, report, fault);
	if (out == OUT_OK)
		out = rename_past_since(db, view_renamed(flow), since, fault);
	if (out == OUT_OK)
		out = move_chats(db, flow, deploy->drop_to, places, fault);
	if (out == OUT_OK)
		out = flows_deploy(db, flow_hash(flow), flow_id(flow),
		    deploy->path, bundle, clock_wall_ms(), fault);
	if (out == OUT_OK)
		out = meta_set_text(db, META_FLOW_REFUSED, NULL, fault);
	return out;
}

/* The new version is there, whatever becomes of this: every step takes who is
 * left for moved. */
static enum outcome
move_renamed(struct db *db, const struct flow *flow, int64_t wait_ms,
    struct fault *fault)
{
	struct fault why = { .text = "" };
	enum outcome out =
	    rename_people(db, view_renamed(flow), wait_ms, &why);

	if (out == OUT_LATER) {
		log_warning("the new flow is used, but some chats are still "
			    "shown in states by their old names, until they "
			    "write or it is deployed again: %s",
		    why.text);
		return OUT_OK;
	}
	if (out != OUT_OK)
		*fault = why;
	return out;
}

static enum outcome
replace(struct db *db, const struct flow *flow, const char *bundle,
    const struct deploy *deploy, int64_t deadline,
    struct deploy_report *report, struct fault *fault)
{
	int64_t since = clock_wall_ms() - CLOCK_SLACK_MS;
	int64_t wait_ms = clock_left_ms(deadline);
	enum outcome out = rename_past(db, view_renamed(flow), wait_ms, fault);

	if (out == OUT_OK)
		out = db_begin(db, clock_mono_ms() + wait_ms, fault);
	if (out == OUT_OK)
		out = store(db, flow, bundle, deploy, since, report, fault);
	if (out == OUT_OK)
		out = db_commit(db, fault);
	db_rollback(db);
	if (out == OUT_OK)
		out = move_renamed(db, flow, wait_ms, fault);
	return out;
}

enum outcome
deploy_flow(struct db *db, const struct config *config,
    const struct deploy *deploy, int64_t deadline,
    struct deploy_report *report, struct findings *findings,
    struct fault *fault)
{
	int64_t wait_ms = clock_left_ms(deadline);
	struct flow *flow = NULL;
	char *bundle = NULL;
	enum outcome out;

	*report = (struct deploy_report){ 0 };
	out = flow_bundle(deploy->path, &bundle, findings, fault);
	if (out == OUT_OK)
		out = flow_open(bundle, strlen(bundle), config, &flow,
		    findings, fault);
	/* On a busy machine to read it alone may take longer than that. */
	deadline = clock_mono_ms() + wait_ms;
	if (out == OUT_OK && !deploy->dry_run)
		out = finish_last(db, deadline, fault);
	if (out == OUT_OK)
		out = look(db, flow, bundle, deploy, report, fault);
	if (out == OUT_OK && !deploy->dry_run && !report->unchanged)
		out =
		    replace(db, flow, bundle, deploy, deadline, report, fault);
	if (findings->count > 0)
		findings_locate(findings, deploy->path);
	flow_close(flow);
	free(bundle);
	return out;
}
