/* SPDX-License-Identifier: MIT */
/*
 * A configuration file as it is written.  Inside lib/base only.
 */
#ifndef LEADPIPE_CONFIG_FILE_H
#define LEADPIPE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/fault.h"

struct config_line {
	char *name, *value;
	int line;
};

struct config_file {
	char *path;		   /* NULL: there is no file */
	struct config_line *lines; /* of one name only the last counts */
	size_t count;
	struct stat about; /* of the file that was read */
};

/* Takes the LEN bytes of TEXT apart; FILE->path is set.  FILE is released by
 * config_file_release() also after an error. */
enum outcome config_file_parse(struct config_file *file, const char *text,
    size_t len, struct fault *fault) must_check;

/* The last line of NAME, or NULL. */
const struct config_line *config_file_find(const struct config_file *file,
    const char *name);

void config_file_release(struct config_file *file);

/* Reads PATH (1 MiB at most), which ABOUT is then of; errors have EXIT_CONFIG
 * or EXIT_PERMISSION. */
enum outcome config_file_load(const char *path, char **text, size_t *len,
    struct stat *about, struct fault *fault) must_check;

/* Refuses PATH, which ABOUT is of, when others can change it or, if it holds
 * secrets, read it. */
enum outcome config_file_check_mode(const char *path, const struct stat *about,
    bool secrets, struct fault *fault) must_check;

#endif
