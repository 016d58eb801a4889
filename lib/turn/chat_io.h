/* SPDX-License-Identifier: MIT */
/*
 * Between the stored row of a chat and what the engine works on.
 */
#ifndef LEADPIPE_CHAT_IO_H
#define LEADPIPE_CHAT_IO_H

#include "bot/chat.h"
#include "store/chats.h"

/* Fills CHAT from ROW, moving the texts that both have. */
enum outcome chat_from_row(struct chat *chat, struct chat_row *row,
    struct fault *fault) must_check;

/* Fills ROW (whose other members stay) from CHAT, moving texts back. */
void chat_to_row(struct chat *chat, struct chat_row *row, int64_t now);

#endif
