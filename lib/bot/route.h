/* SPDX-License-Identifier: MIT */
/*
 * Who takes an input.
 */
#ifndef LEADPIPE_ROUTE_H
#define LEADPIPE_ROUTE_H

#include <jansson.h>
#include <stdbool.h>

#include "bot/step_run.h"

/* Finds what the flow does with the input, and does it. */
void route_text(struct run *run);
void route_button(struct run *run);
void route_contact(struct run *run);
void route_event(struct run *run);

/* True for what people in a group say to each other: neither a command nor a
 * press. */
bool route_is_chatter(const struct run *run);

/* Runs what `on` of STATE (NULL: none), or of its group, has on KIND:NAME;
 * false when there is nothing. */
bool route_on_named(struct run *run, const char *state, const char *kind,
    const char *name);

/* True when TEXT is a command, also one that nobody knows. */
bool route_is_command(const char *text);

/* True when the flow knows the command that TEXT is, and it is open to the
 * person: then it was run. */
bool route_command(struct run *run, const char *text);

/* True when ROUTE, of a command or an event, is open to the person. */
bool route_open(const struct run *run, const json_t *route);

/* When STATE was entered last, as a number that grows. */
json_int_t route_last_entry(const struct run *run, const char *state);

/* Tells the commands that are open to the person; false when there are none to
 * tell. */
bool route_help(struct run *run);

#endif
