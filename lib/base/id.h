/* SPDX-License-Identifier: MIT */
/*
 * Identifiers and digests.
 */
#ifndef LEADPIPE_ID_H
#define LEADPIPE_ID_H

#include <stddef.h>
#include <stdint.h>

/* A random positive 63-bit number, never 0. */
int64_t id_random(void);

/* A uniform random number below LIMIT (> 0). */
uint32_t id_random_below(uint32_t limit);

/* FNV-1a, 64 bit: identity of a body together with its update_id, and stable
 * splits; not for anything an attacker gains from. */
uint64_t id_hash(const void *data, size_t len);

/* The same of a JSON text, but for the white space between its tokens: it is
 * one text however it is laid out. */
uint64_t id_hash_json(const char *text, size_t len);

/* SHA-256 (FIPS 180-4) as 64 hexadecimal digits: flow versions and files. */
#define ID_DIGEST_SIZE 65
void id_digest(const void *data, size_t len, char hex[ID_DIGEST_SIZE]);

/* The same over a file; -1 with errno when it cannot be read. */
int id_digest_file(const char *path, char hex[ID_DIGEST_SIZE]);

#endif
