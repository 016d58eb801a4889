/* SPDX-License-Identifier: MIT */
/*
 * The programs that a flow runs: in handlers/ beside its file, nowhere else.
 */
#ifndef LEADPIPE_HANDLER_FILE_H
#define LEADPIPE_HANDLER_FILE_H

#include <jansson.h>

#include "bot/finding.h"

/* Looks for the programs of all `exec` of ROOT, the flow at PATH, and puts
 * their directory into ROOT as `handlers`. */
void handlers_resolve(json_t *root, const char *path,
    struct findings *findings);

/* Adds the paths of these programs to the list FILES. */
void handlers_list(json_t *root, const char *path, json_t *files);

#endif
