/* SPDX-License-Identifier: MIT */
/*
 * Telegram's HTML (core.telegram.org/bots/api#html-style): which tags there
 * are, how text gets in and out.
 */
#ifndef LEADPIPE_MARKUP_H
#define LEADPIPE_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends TEXT with & < > " escaped. */
void markup_escape(const char *text, struct buf *out);

/* HTML without its tags, entities decoded: what a person reads.  The caller
 * frees it. */
char *markup_plain(const char *html);

/* True when the tags of HTML are known and balanced; else the reason is in
 * ERROR. */
bool markup_valid(const char *html, char *error, size_t size);

#endif
