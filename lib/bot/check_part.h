/* SPDX-License-Identifier: MIT */
/*
 * The checks of the parts that a flow is made of, for the tables of those that
 * they are parts of.  Each is beside the code that runs the part, or in a file
 * of its name.
 */
#ifndef LEADPIPE_CHECK_PART_H
#define LEADPIPE_CHECK_PART_H

#include "bot/checker.h"

/* Values. */
checker check_bool, check_true, check_string, check_filled, check_ident,
    check_id, check_span, check_state, check_media_name, check_role,
    check_lang, check_number, check_anything, check_var_name, check_names,
    check_template;

/* The flow and its members. */
checker check_flow, check_vars, check_media, check_roles, check_texts,
    check_all_states, check_groups, check_renamed, check_recurring;

/* What states and actions are made of. */
checker check_text, check_text_plain, check_label, check_guard, check_actions,
    check_set, check_buttons, check_reply, check_on, check_ask, check_next,
    check_after, check_quiet;

/* Actions, and what theirs is. */
checker check_send, check_notify, check_schedule, check_lead, check_exec,
    check_handoff;

/* Says it when this machine does not know the time zone ZONE. */
void zone_check(struct check *check, const char *zone);

/* What can only be said of all states together: names that `cancel` has and no
 * schedule; buttons that nothing takes and circles that never end; places that
 * nothing leads to or away from. */
void check_cancels(struct check *check);
void check_reach(struct check *check);
void check_paths(struct check *check);

/* Adds the states that the actions in VALUE go to, at any depth. */
void gotos_add(const json_t *value, json_t *states);

#endif
