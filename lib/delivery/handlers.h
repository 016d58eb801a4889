/* SPDX-License-Identifier: MIT */
/*
 * Running handlers of the flow, several at once, in the same event loop as
 * the sends.  Like a message, one is marked `running` and that is committed
 * before its program starts; what it answered is settled in a transaction that
 * goes on with the step.
 *
 *	handlers_work()      programs move on, no database
 *	db_begin()
 *	handlers_settle()    what ended and harmed nobody before
 *	handlers_claim()     mark the next ones `running`
 *	db_commit()
 *	handlers_start()     only now the programs
 */
#ifndef LEADPIPE_HANDLERS_H
#define LEADPIPE_HANDLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "store/db.h"
#include "store/worker.h"
#include "turn/turn.h"

struct handlers;

/* Reads LEADPIPE_HANDLER_SLOTS: how many may run at once. */
enum outcome handlers_open(struct handlers **handlers, struct db *db,
    struct turn *turn, const struct worker *worker,
    const struct config *config, struct fault *fault) must_check;

/* Kills what still runs; its rows are freed by who comes next. */
void handlers_close(struct handlers *handlers);

/* Whether handlers_open() would take the settings it reads. */
enum outcome handlers_check_config(const struct config *config,
    struct fault *fault) must_check;

/* Readable when a program has something to say or ended, and once the command
 * is asked to stop. */
int handlers_fd(const struct handlers *handlers);

/* Monotonic ms by which handlers_work() must be called anyway. */
int64_t handlers_due(const struct handlers *handlers);

/* Moves all of them on, without blocking. */
void handlers_work(struct handlers *handlers);

/* True when one ended and is to be settled, alone or not. */
bool handlers_have_results(const struct handlers *handlers);

/* How many run. */
int handlers_running(const struct handlers *handlers);

enum outcome handlers_settle(struct handlers *handlers, int64_t now,
    struct fault *fault) must_check;

/*
 * Those whose command died before are settled one by one, each in a
 * transaction with nothing else, behind one that counts it.  False: there is
 * none.
 */
bool handlers_have_suspect(const struct handlers *handlers);
enum outcome handlers_try(struct handlers *handlers, struct fault *fault)
    must_check;
enum outcome handlers_settle_alone(struct handlers *handlers, int64_t now,
    struct fault *fault) must_check;

/* Claims what is ready as far as slots go. */
enum outcome handlers_claim(struct handlers *handlers, int64_t now,
    struct fault *fault) must_check;

/* The transaction was committed, or failed. */
void handlers_start(struct handlers *handlers);
void handlers_undo(struct handlers *handlers);

/* Wall time at which one may be ready; CLOCK_NEVER: only a new row changes
 * that. */
int64_t handlers_next(struct handlers *handlers);

/* Kills what runs, as the command ends: a last handlers_settle() puts it
 * back. */
void handlers_abandon(struct handlers *handlers);

#endif
