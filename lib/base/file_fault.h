/* SPDX-License-Identifier: MIT */
/*
 * What errno means for a file, the same for all of lib/base/file*.c.
 */
#ifndef LEADPIPE_FILE_FAULT_H
#define LEADPIPE_FILE_FAULT_H

#include "base/fault.h"

/* Fills FAULT with "cannot VERB 'PATH': errno's text", the exit code and the
 * outcome that belong to errno, which it leaves as it is. */
enum outcome file_fault(struct fault *fault, const char *verb,
    const char *path) must_check;

/* The nearest directory above PATH, or PATH itself, that exists, in an
 * allocated string; "/" or "." at worst. */
char *file_nearest(const char *path);

#endif
