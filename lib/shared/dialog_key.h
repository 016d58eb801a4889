/* SPDX-License-Identifier: MIT */
/*
 * What the files of a dialog share.
 */
#ifndef LEADPIPE_DIALOG_KEY_H
#define LEADPIPE_DIALOG_KEY_H

#include "shared/dialog.h"

/* TEMPLATE for a person; the caller frees it. */
char *dialog_key(const char *template, const struct dialog_options *options,
    int64_t chat_id);

/* Fills the form, state, data and digest of DIALOG from the texts of a reply:
 * the one or two values of a string or a pair, or the fields of a hash. */
void dialog_parse(struct dialog *dialog, enum dialog_form form,
    const struct redisReply *value, const struct redisReply *data);

/* The JSON of a string, or of the data of a pair; the caller frees it. */
char *dialog_text(const struct dialog *dialog);

#endif
