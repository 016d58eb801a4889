/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/mem.h"

#define SHORTEST 6
#define MASK "***"

static struct secret {
	char *text;
	size_t len;
} * secrets;
static size_t secret_count;

/* The longest first: one secret may be part of another. */
static void
keep_secret(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < secret_count; i++)
		if (secrets[i].len == len &&
		    memcmp(secrets[i].text, text, len) == 0)
			return;
	secrets = mem_array(secrets, secret_count + 1, sizeof(*secrets));
	for (i = secret_count++; i > 0 && secrets[i - 1].len < len; i--)
		secrets[i] = secrets[i - 1];
	secrets[i].text = mem_dup_n(text, len);
	secrets[i].len = len;
}

/* A token in a URL, as curl and servers write it back. */
static void
keep_encoded(const char *text)
{
	struct buf out = BUF_INIT(strlen(text) * 3);

	for (; *text != '\0'; text++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			   "xyz0123456789-._~",
			*text) != NULL)
			buf_add_char(&out, *text);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*text);
	keep_secret(out.data, out.len);
	buf_release(&out);
}

void
log_secret(const char *secret)
{
	if (secret == NULL || strlen(secret) < SHORTEST)
		return;
	keep_secret(secret, strlen(secret));
	keep_encoded(secret);
}

void
log_redact(char *text)
{
	size_t mask = sizeof(MASK) - 1;
	char *at;

	for (size_t i = 0; i < secret_count; i++)
		for (at = text; (at = strstr(at, secrets[i].text)) != NULL;
		     at += mask) {
			memcpy(at, MASK, mask);
			memmove(at + mask, at + secrets[i].len,
			    strlen(at + secrets[i].len) + 1);
		}
}

void
log_redact_cut(char *text)
{
	size_t len, part;

	log_redact(text);
	len = strlen(text);
	for (size_t i = 0; i < secret_count; i++) {
		part = secrets[i].len - 1;
		for (part = part < len ? part : len; part > 0; part--)
			if (memcmp(text + len - part, secrets[i].text, part) ==
			    0)
				break;
		len -= part;
		text[len] = '\0';
	}
}
