/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_encode(const void *data, size_t len)
{
	const unsigned char *in = data;
	char *text = mem_array(NULL, len / 3 + 2, 4), *out = text;

	for (; len > 0; in += 3) {
		size_t take = len < 3 ? len : 3;
		uint32_t bits = (uint32_t)in[0] << 16;

		bits |= take > 1 ? (uint32_t)in[1] << 8 : 0;
		bits |= take > 2 ? in[2] : 0;
		*out++ = letters[bits >> 18];
		*out++ = letters[bits >> 12 & 63];
		*out++ = take > 1 ? letters[bits >> 6 & 63] : '=';
		*out++ = take > 2 ? letters[bits & 63] : '=';
		len -= take;
	}
	*out = '\0';
	return text;
}

static int
letter_value(char c)
{
	const char *at;

	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	at = c ? strchr(letters, c) : NULL;
	return at ? (int)(at - letters) : -1;
}

bool
base64_decode(const char *text, size_t text_len, char **data, size_t *len)
{
	uint32_t bits = 0;
	int held = 0;

	*data = NULL;
	*len = 0;
	while (text_len > 0 && text[text_len - 1] == '=')
		text_len--;
	if (text_len % 4 == 1)
		return false;
	*data = mem_array(NULL, text_len + 1, 1);
	for (size_t i = 0; i < text_len; i++) {
		int value = letter_value(text[i]);

		if (value < 0) {
			free(*data);
			*data = NULL;
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		(*data)[(*len)++] = (char)(bits >> held & 0xff);
	}
	(*data)[*len] = '\0';
	return true;
}
