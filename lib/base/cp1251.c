/* SPDX-License-Identifier: MIT */
#include "base/cp1251.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/utf8.h"

/* 0x80 to 0xbf; from 0xc0 on the alphabet follows in order. */
static const uint16_t upper[64] = { 0x0402, 0x0403, 0x201a, 0x0453, 0x201e,
	0x2026, 0x2020, 0x2021, 0x20ac, 0x2030, 0x0409, 0x2039, 0x040a, 0x040c,
	0x040b, 0x040f, 0x0452, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0xfffd, 0x2122, 0x0459, 0x203a, 0x045a, 0x045c, 0x045b, 0x045f,
	0x00a0, 0x040e, 0x045e, 0x0408, 0x00a4, 0x0490, 0x00a6, 0x00a7, 0x0401,
	0x00a9, 0x0404, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x0407, 0x00b0, 0x00b1,
	0x0406, 0x0456, 0x0491, 0x00b5, 0x00b6, 0x00b7, 0x0451, 0x2116, 0x0454,
	0x00bb, 0x0458, 0x0405, 0x0455, 0x0457 };

bool
cp1251_is_likely(const char *text, size_t len)
{
	size_t letters = 0, others = 0;
	unsigned char c;

	for (size_t i = 0; i < len; i++) {
		c = (unsigned char)text[i];
		if (c >= 0xc0 || c == 0xa8 || c == 0xb8)
			letters++;
		else if (c >= 0x80)
			others++;
	}
	/* Dashes, quotes, the number sign stand between words. */
	return letters > 0 && others <= letters / 2 + 1 &&
	    !utf8_valid(text, len);
}

char *
cp1251_decode(const char *text, size_t len)
{
	struct buf out = BUF_INIT(len * 3);
	unsigned char c;
	uint32_t code;
	char bytes[4];

	for (size_t i = 0; i < len; i++) {
		c = (unsigned char)text[i];
		code = c < 0x80 ? c
		    : c >= 0xc0 ? 0x0410u + (c - 0xc0u)
				: upper[c - 0x80];
		buf_add(&out, bytes, utf8_put(bytes, code));
	}
	return buf_take(&out);
}
