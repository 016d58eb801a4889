/* SPDX-License-Identifier: MIT */
/*
 * Handlers: programs that a flow runs (flow(5), `exec`).  The step that wants
 * one ends with a row of execs; somebody runs it, told what handler_plan()
 * says; its answer goes on with the step in one transaction.
 */
#ifndef LEADPIPE_HANDLER_H
#define LEADPIPE_HANDLER_H

#include "base/child.h"
#include "bot/effect.h"
#include "bot/flow.h"
#include "bot/handler_check.h"
#include "store/execs.h"
#include "store/tasks.h"

/* Inside a transaction: adds the row of EFFECT, an EFFECT_EXEC of FLOW, made
 * while TASK (NULL: none) was done. */
enum outcome handler_add(struct db *db, const struct flow *flow,
    const struct effect *effect, const struct task *task, int64_t now,
    struct fault *fault) must_check;

/*
 * The request, text that the caller frees, of an exec of FLOW with DATA
 * (EFFECT_EXEC's) for the bot with the id BOT: what handler_add() stores.
 */
char *handler_request(const struct flow *flow, const json_t *data,
    int64_t bot);

/* What a handler is told of one message of the history, a new reference: ROLE
 * said TEXT (NULL: none) AT. */
json_t *handler_said(const char *role, const char *text, int64_t at);

/* What is run; released by handler_release(). */
struct handler {
	char *dir;  /* it works there */
	char *path; /* of the program */
	char **argv;
	char *key; /* the same for every attempt of this very step */
	char *input;
	int64_t timeout_ms;
};

/* Reads what EXEC, already claimed, asks for.  OUT_NEVER when nothing can be
 * run, whose text the flow is told as the handler's failure. */
enum outcome handler_plan(struct db *db, const struct exec *exec,
    struct handler *handler, struct fault *fault) must_check;

/* The same for a REQUEST without a row, that has the history in its input
 * already: its ATTEMPT under KEY.  REQUEST is changed. */
enum outcome handler_make(json_t *request, const char *key, int attempt,
    struct handler *handler, struct fault *fault) must_check;

/* Starts it with an environment of PATH, LANG, HOME and LEADPIPE_KEY; the rest
 * is as child_start(). */
enum outcome handler_start(const struct handler *handler, struct child **child,
    struct fault *fault) must_check;

/* Kills what an earlier life of the command left running of HANDLER; returns
 * how many processes. */
int handler_kill_left(const struct handler *handler);

void handler_release(struct handler *handler);

/* What became of an attempt. */
enum handler_verdict {
	HANDLER_SAID,	/* its output goes into the flow */
	HANDLER_AGAIN,	/* it asks to be run again at not_before */
	HANDLER_FAILED, /* why */
	HANDLER_BACK,	/* it was not its fault: as if it had not begun */
	HANDLER_DEADLY	/* going on kills the command: a dead letter, why */
};

struct handler_end {
	enum handler_verdict verdict;
	int64_t not_before;
	json_t *output; /* owned: of flow_actions_check() */
	char why[320];	/* also why it is run again */
};

/* Judges how EXEC's program ended, for FLOW, which goes on with it. */
void handler_judge(const struct flow *flow, const struct exec *exec,
    const struct child_result *result, int64_t now, struct handler_end *end);

#endif
