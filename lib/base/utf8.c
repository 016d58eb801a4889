/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define REPLACEMENT 0xfffd

static bool
is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence at AT, 0 when it is broken.  The bounds
 * of the second byte are those of RFC 3629, section 4. */
static size_t
sequence_length(const char *at, size_t len)
{
	unsigned char a = (unsigned char)at[0], low = 0x80, high = 0xbf;
	size_t need;

	if (a < 0x80)
		return 1;
	if (a < 0xc2 || a > 0xf4)
		return 0;
	need = a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
	if (a == 0xe0)
		low = 0xa0;
	else if (a == 0xed)
		high = 0x9f;
	else if (a == 0xf0)
		low = 0x90;
	else if (a == 0xf4)
		high = 0x8f;
	if (len < need || (unsigned char)at[1] < low ||
	    (unsigned char)at[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (!is_tail(at[i]))
			return 0;
	return need;
}

/* Decodes one character of at most LEN (> 0) bytes, returns its length. */
static size_t
decode(const char *at, size_t len, uint32_t *code_point)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = sequence_length(at, len);

	if (n == 0) {
		*code_point = REPLACEMENT;
		return 1;
	}
	*code_point = (unsigned char)at[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		*code_point = *code_point << 6 | ((unsigned char)at[i] & 0x3f);
	return n;
}

bool
utf8_valid(const char *text, size_t len)
{
	size_t n;

	while (len > 0) {
		n = sequence_length(text, len);
		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

uint32_t
utf8_next(const char **text)
{
	uint32_t code_point;

	if (**text == '\0')
		return 0;
	*text += decode(*text, strnlen(*text, 4), &code_point);
	return code_point;
}

size_t
utf8_put(char out[4], uint32_t code_point)
{
	if (code_point > 0x10ffff ||
	    (code_point >= 0xd800 && code_point <= 0xdfff))
		code_point = REPLACEMENT;
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3f));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xe0 | code_point >> 12);
		out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code_point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code_point >> 18);
	out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code_point & 0x3f));
	return 4;
}

size_t
utf8_length(const char *text)
{
	size_t count = 0;

	while (utf8_next(&text) != 0)
		count++;
	return count;
}

size_t
utf8_prefix(const char *text, size_t max)
{
	const char *at = text;

	while (max-- > 0 && utf8_next(&at) != 0)
		;
	return (size_t)(at - text);
}

size_t
utf8_prefix_bytes(const char *text, size_t max)
{
	size_t len = strnlen(text, max), start = len;

	/* A NUL in reach: nothing is cut. */
	if (len < max || text[len] == '\0')
		return len;
	while (start > 0 && len - start < 3 && is_tail(text[start]))
		start--;
	/* Broken text is cut anywhere. */
	return sequence_length(text + start, strnlen(text + start, 4)) >
		len - start
	    ? start
	    : len;
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

char *
utf8_clean(const char *text, size_t len)
{
	struct buf out = BUF_INIT(len * 3);
	uint32_t c;
	size_t n;
	char bytes[4];

	for (; len > 0; text += n, len -= n) {
		n = decode(text, len, &c);
		if (!is_control(c) || c == '\n' || c == '\t')
			buf_add(&out, bytes, utf8_put(bytes, c));
	}
	return buf_take(&out);
}

/* Capitals FIRST..LAST, every STEP-th of them, are ADD below their small
 * letter.  In code point order. */
static const struct fold {
	uint16_t first, last, step;
	int16_t add;
} folds[] = { { 'A', 'Z', 1, 32 }, { 0x00c0, 0x00d6, 1, 32 },
	{ 0x00d8, 0x00de, 1, 32 }, { 0x0100, 0x012e, 2, 1 },
	{ 0x0130, 0x0130, 1, 'i' - 0x130 }, { 0x0132, 0x0136, 2, 1 },
	{ 0x0139, 0x0147, 2, 1 }, { 0x014a, 0x0176, 2, 1 },
	{ 0x0178, 0x0178, 1, 0xff - 0x178 }, { 0x0179, 0x017d, 2, 1 },
	{ 0x017f, 0x017f, 1, 's' - 0x17f }, { 0x01cd, 0x01db, 2, 1 },
	{ 0x0218, 0x021a, 2, 1 }, { 0x0386, 0x0386, 1, 38 },
	{ 0x0388, 0x038a, 1, 37 }, { 0x038c, 0x038c, 1, 64 },
	{ 0x038e, 0x038f, 1, 63 }, { 0x0391, 0x03a1, 1, 32 },
	{ 0x03a3, 0x03ab, 1, 32 },
	/* the sigma at the end of a word */
	{ 0x03c2, 0x03c2, 1, 1 }, { 0x0400, 0x040f, 1, 80 },
	{ 0x0410, 0x042f, 1, 32 }, { 0x0460, 0x0480, 2, 1 },
	{ 0x048a, 0x04be, 2, 1 }, { 0x04c0, 0x04c0, 1, 15 },
	{ 0x04c1, 0x04cd, 2, 1 }, { 0x04d0, 0x052e, 2, 1 },
	{ 0x0531, 0x0556, 1, 48 }, { 0x1e00, 0x1e94, 2, 1 },
	{ 0x1ea0, 0x1efe, 2, 1 } };

static uint32_t
fold_one(uint32_t c)
{
	const struct fold *fold;

	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		fold = &folds[i];
		if (c < fold->first)
			break;
		if (c <= fold->last && (c - fold->first) % fold->step == 0)
			return (uint32_t)((int32_t)c + fold->add);
	}
	return c;
}

char *
utf8_fold(const char *text)
{
	struct buf out = BUF_INIT(strlen(text) * 3);
	uint32_t c;
	char bytes[4];

	while ((c = utf8_next(&text)) != 0)
		buf_add(&out, bytes, utf8_put(bytes, fold_one(c)));
	return buf_take(&out);
}

/* Unicode's White_Space, and what stands for nothing at the edge of a text:
 * zero width space and byte order mark. */
static bool
is_space(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000 ||
	    c == 0xfeff;
}

char *
utf8_trim(const char *text)
{
	const char *at = text, *start = NULL, *end = text, *here;
	uint32_t c;

	while (here = at, (c = utf8_next(&at)) != 0) {
		if (is_space(c))
			continue;
		if (start == NULL)
			start = here;
		end = at;
	}
	return start != NULL ? mem_dup_n(start, (size_t)(end - start))
			     : mem_dup("");
}
