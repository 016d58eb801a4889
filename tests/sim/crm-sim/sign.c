/* SPDX-License-Identifier: MIT */
#include "sign.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64
#define KEY_MOST 96

struct sha {
	uint32_t state[8];
	unsigned char block[BLOCK];
	uint64_t len;
};

static const uint32_t rounds[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf,
	0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
	0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2 };

static uint32_t
turn(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static void
sha_block(struct sha *sha)
{
	uint32_t w[64], s[8];
	int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)sha->block[i * 4] << 24 |
		    (uint32_t)sha->block[i * 4 + 1] << 16 |
		    (uint32_t)sha->block[i * 4 + 2] << 8 |
		    sha->block[i * 4 + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		    (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^
			w[i - 15] >> 3) +
		    (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, sha->state, sizeof(s));
	for (i = 0; i < 64; i++) {
		uint32_t one = s[7] +
		    (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[i] + w[i];
		uint32_t two =
		    (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += one;
		s[0] = one + two;
	}
	for (i = 0; i < 8; i++)
		sha->state[i] += s[i];
}

static void
sha_start(struct sha *sha)
{
	*sha = (struct sha){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
				 0xa54ff53a, 0x510e527f, 0x9b05688c,
				 0x1f83d9ab, 0x5be0cd19 } };
}

static void
sha_add(struct sha *sha, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--) {
		sha->block[sha->len++ % BLOCK] = *p++;
		if (sha->len % BLOCK == 0)
			sha_block(sha);
	}
}

static void
sha_end(struct sha *sha, unsigned char out[SIGN_BYTES])
{
	uint64_t bits = sha->len * 8;
	unsigned char byte = 0x80;
	int i;

	sha_add(sha, &byte, 1);
	byte = 0;
	while (sha->len % BLOCK != BLOCK - 8)
		sha_add(sha, &byte, 1);
	for (i = 7; i >= 0; i--) {
		byte = (unsigned char)(bits >> (i * 8));
		sha_add(sha, &byte, 1);
	}
	for (i = 0; i < SIGN_BYTES; i++)
		out[i] =
		    (unsigned char)(sha->state[i / 4] >> (24 - i % 4 * 8));
}

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static size_t
base64_read(const char *text, size_t len, unsigned char *out, size_t most)
{
	uint32_t bits = 0;
	size_t i, made = 0;
	int have = 0;

	for (i = 0; i < len && base64_value(text[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)base64_value(text[i]);
		have += 6;
		if (have >= 8 && made < most) {
			have -= 8;
			out[made++] = (unsigned char)(bits >> have);
		}
	}
	return made;
}

void
sign_make(const char *secret, const char *data, size_t len,
    unsigned char out[SIGN_BYTES])
{
	unsigned char key[KEY_MOST] = { 0 }, pad[BLOCK], inner[SIGN_BYTES];
	struct sha sha;
	size_t i;

	if (!strncmp(secret, "whsec_", 6))
		secret += 6;
	base64_read(secret, strlen(secret), key, BLOCK);
	for (i = 0; i < BLOCK; i++)
		pad[i] = key[i] ^ 0x36;
	sha_start(&sha);
	sha_add(&sha, pad, BLOCK);
	sha_add(&sha, data, len);
	sha_end(&sha, inner);
	for (i = 0; i < BLOCK; i++)
		pad[i] = key[i] ^ 0x5c;
	sha_start(&sha);
	sha_add(&sha, pad, BLOCK);
	sha_add(&sha, inner, SIGN_BYTES);
	sha_end(&sha, out);
}

bool
sign_is(const unsigned char sign[SIGN_BYTES], const char *given, size_t len)
{
	unsigned char bytes[SIGN_BYTES + 4];

	return base64_read(given, len, bytes, sizeof(bytes)) == SIGN_BYTES &&
	    !memcmp(bytes, sign, SIGN_BYTES);
}
