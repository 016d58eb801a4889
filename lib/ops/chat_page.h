/* SPDX-License-Identifier: MIT */
/*
 * What explain_chat() found, for people.
 */
#ifndef LEADPIPE_CHAT_PAGE_H
#define LEADPIPE_CHAT_PAGE_H

#include <jansson.h>

#include "base/buf.h"

/* Appends the page of CHAT, harmless on any terminal. */
void chat_page_add(struct buf *out, const json_t *chat);

#endif
