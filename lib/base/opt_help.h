/* SPDX-License-Identifier: MIT */
/*
 * What --help and --version print.  Inside lib/base only.
 */
#ifndef LEADPIPE_OPT_HELP_H
#define LEADPIPE_OPT_HELP_H

#include "base/opt.h"

/* Prints the help of COMMAND with the COUNT rows of ROWS. */
void opt_help_print(const struct opt_command *command, const struct opt *rows,
    int count);

void opt_version_print(const struct opt_command *command);

#endif
