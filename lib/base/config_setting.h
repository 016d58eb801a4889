/* SPDX-License-Identifier: MIT */
/*
 * The value of one key of ours and where it came from.  Inside lib/base only.
 */
#ifndef LEADPIPE_CONFIG_SETTING_H
#define LEADPIPE_CONFIG_SETTING_H

#include "base/config_file.h"
#include "base/config_key.h"
#include "base/fault.h"

/* Both NULL when it is not set; owned. */
struct config_setting {
	char *value, *origin;
	bool aside; /* taken for not set */
};

/* Looks for KEY in the environment, in $CREDENTIALS_DIRECTORY and in FILE, in
 * this order, under all its names.  SETTING may be filled after an error. */
enum outcome config_setting_find(struct config_setting *setting,
    const struct config_key *key, const struct config_file *file,
    struct fault *fault) must_check;

#endif
