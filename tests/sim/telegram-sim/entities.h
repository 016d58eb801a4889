/* SPDX-License-Identifier: MIT */
/*
 * Text with markup, as the server reads it: offsets of entities count UTF-16
 * units, limits count code points of what is left after parsing.
 */
#ifndef TELEGRAM_SIM_ENTITIES_H
#define TELEGRAM_SIM_ENTITIES_H

#include "text.h"

#include <jansson.h>
#include <stdbool.h>

/* Plain text into *plain, entities appended to the array. False with the
 * server's reason in *why (without "can't parse entities: "). */
bool html_parse(const char *html, struct text *plain, json_t *entities,
    struct text *why);
bool markdown_parse(const char *source, struct text *plain, json_t *entities,
    struct text *why);

/* UTF-16 units in len bytes of UTF-8. */
size_t utf16_units(const char *text, size_t len);

#endif
