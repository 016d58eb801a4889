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

/*
 * For readers, which tell the first problem: notes it, and sets the setting
 * aside that it is about.  True when the reader should be asked once more; the
 * caller ends with config_restore().
 */
bool note_fault_aside(struct config_notes *notes, const char *subject,
    struct config *config, const struct fault *fault);

/* Notes all that CHECK, such a reader, has to say; true when it is nothing. */
bool note_faults(struct config_notes *notes, const char *subject,
    struct config *config,
    enum outcome (*check)(const struct config *config, struct fault *fault));

/* Whether a problem speaks of the setting NAME. */
bool notes_name(const struct config_notes *notes, const char *name);

struct redis;

/* Whether the user of REDIS may do there what we do. */
void note_rights(struct redis *redis, struct config_notes *notes);

/* Other bots than BOT whose marks are there. */
void note_neighbours(struct redis *redis, int64_t bot,
    struct config_notes *notes);

#endif
