/* SPDX-License-Identifier: MIT */
/*
 * What the checks of a status say.
 */
#ifndef LEADPIPE_STATUS_VERDICT_H
#define LEADPIPE_STATUS_VERDICT_H

#include "ops/status.h"

/* The number NAME of the checks; OTHERWISE when it is not known. */
double status_number(const struct status *status, const char *name,
    double otherwise);

/* The worst state of COMPONENT. */
enum check_state status_component(const struct status *status,
    const char *component);

/* The components that were looked at and are there, in order: "" and then the
 * last one. */
const char *status_next_component(const struct status *status,
    const char *after);

#endif
