/* SPDX-License-Identifier: MIT */
/*
 * Leads that were lost elsewhere, from a table or NDJSON: what is known
 * already, by its text or as the same person, is not doubled.
 */
#ifndef LEADPIPE_LEAD_IMPORT_H
#define LEADPIPE_LEAD_IMPORT_H

#include "ops/run.h"

struct lead_import {
	int64_t added, joined, known;
	int64_t refused; /* lines, each of which was reported */
};

/*
 * Imports FILE ("-": stdin): NDJSON when it has json in the end of its name or
 * begins with a brace (which a pipe does not tell), else CSV.
 * OUT_NEVER/EXIT_INPUT when it cannot be read as that.
 */
enum outcome lead_import(struct run *run, const char *file, bool dry_run,
    struct lead_import *import) must_check;

#endif
