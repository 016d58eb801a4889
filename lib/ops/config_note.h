/* SPDX-License-Identifier: MIT */
/*
 * Adding to the notes of check-config; for config_*.c only.
 */
#ifndef LEADPIPE_CONFIG_NOTE_H
#define LEADPIPE_CONFIG_NOTE_H

#include "ops/config_check.h"

void note_good(struct config_notes *notes, const char *subject,
    const char *fmt, ...) printf_like(3, 4);
/* What works, but could be better. */
void note_advice(struct config_notes *notes, const char *subject,
    const char *fmt, ...) printf_like(3, 4);
void note_problem(struct config_notes *notes, const char *subject,
    enum exit_code code, const char *fmt, ...) printf_like(4, 5);
/* A problem of the same text is told already: nothing is added then. */
void note_fault(struct config_notes *notes, const char *subject,
    const struct fault *fault);

/* Whether a problem speaks of the setting NAME. */
bool notes_name(const struct config_notes *notes, const char *name);

#endif
