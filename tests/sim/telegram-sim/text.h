/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes, always followed by a NUL. text_json adds a JSON
 * string in the way the real server writes it: everything outside ASCII is
 * \uXXXX, with surrogate pairs.
 */
#ifndef TELEGRAM_SIM_TEXT_H
#define TELEGRAM_SIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *at;
	size_t len;
	size_t room;
};

void text_add(struct text *text, const void *data, size_t len);
void text_puts(struct text *text, const char *string);
void text_fmt(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_json(struct text *text, const char *string);

/* JSON in UTF-8 as JSON in ASCII. */
void text_ascii(struct text *text, const char *json);
void text_release(struct text *text);

/* A copy of the string on the heap; NULL stays NULL. Never fails. */
char *text_copy(const char *string);

/* The heap or the end of the program. */
void *text_alloc(size_t count, size_t size);

/* Code points in UTF-8. */
size_t text_points(const char *string);

/* FNV-1a, to be continued with an earlier result; starts from HASH_START. */
#define HASH_START UINT64_C(14695981039346656037)
uint64_t text_hash(uint64_t hash, const void *data, size_t len);

#endif
