/* SPDX-License-Identifier: MIT */
/*
 * What is in a backup, for people and for programs.
 */
#ifndef LEADPIPE_BACKUP_FACTS_H
#define LEADPIPE_BACKUP_FACTS_H

#include <jansson.h>

#include "base/buf.h"
#include "store/backup.h"

/* Appends "  12.3 MiB, bot 42, its state of 2026-11-21 04:30:00 UTC" and the
 * counts, a line each. */
void backup_facts_add(struct buf *out, const struct backup_facts *facts);

/* {"schema":1,"path":...,"bytes":...,"as_of":...,"messages":...}; the
 * caller owns it. */
json_t *backup_facts_json(const char *path, const struct backup_facts *facts);

#endif
