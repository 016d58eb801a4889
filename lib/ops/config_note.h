/* SPDX-License-Identifier: MIT */
/*
 * Adding to the notes of check-config; for config_*.c only.
 */
#ifndef LEADPIPE_CONFIG_NOTE_H
#define LEADPIPE_CONFIG_NOTE_H

#include "ops/config_check.h"

void note_good(struct config_notes *notes, const char *subject,
    const char *fmt, ...) printf_like(3, 4);
void note_problem(struct config_notes *notes, const char *subject,
    enum exit_code code, const char *fmt, ...) printf_like(4, 5);
void note_fault(struct config_notes *notes, const char *subject,
    const struct fault *fault);

#endif
