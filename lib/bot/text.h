/* SPDX-License-Identifier: MIT */
/*
 * The flow's texts, and which language a chat reads.
 */
#ifndef LEADPIPE_TEXT_H
#define LEADPIPE_TEXT_H

#include "bot/chat.h"
#include "bot/flow.h"

/* The flow's language for TAG: the same, else of the same language proper
 * (ru-RU reads ru), else NULL; borrowed. */
const char *text_lang_find(const struct flow *flow, const char *tag);

/* The language of CHAT: the variable `lang` of the flow, what the chat chose,
 * the person's client, the flow's default.  Borrowed. */
const char *text_lang(const struct flow *flow, const struct chat *chat);

/* The text KEY in LANG, else in the default language, else NULL; borrowed. */
const char *text_find(const struct flow *flow, const char *lang,
    const char *key);

/* The text KEY without markup for CHAT (a label), filled in; the caller frees
 * it.  NULL when there is no such text. */
char *text_label(const struct flow *flow, const struct chat *chat,
    const char *key);

#endif
