/* SPDX-License-Identifier: MIT */
#include "base/id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int64_t
id_random(void)
{
	uint64_t id;

	do {
		arc4random_buf(&id, sizeof(id));
		id &= INT64_MAX;
	} while (id == 0);
	return (int64_t)id;
}

uint32_t
id_random_below(uint32_t limit)
{
	return arc4random_uniform(limit);
}

#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

uint64_t
id_hash(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t hash = FNV_START;

	while (len-- > 0) {
		hash ^= *at++;
		hash *= FNV_PRIME;
	}
	return hash;
}

uint64_t
id_hash_json(const char *text, size_t len)
{
	bool quoted = false, escaped = false;
	uint64_t hash = FNV_START;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!quoted &&
		    (c == ' ' || c == '\n' || c == '\t' || c == '\r'))
			continue;
		if (c == '"' && !escaped)
			quoted = !quoted;
		escaped = quoted && c == '\\' && !escaped;
		hash ^= c;
		hash *= FNV_PRIME;
	}
	return hash;
}

/* FIPS 180-4, section 6.2. */
struct sha256 {
	uint32_t state[8];
	uint64_t total;
	size_t fill;
	unsigned char block[64];
};

static const uint32_t round_constant[64] = { 0x428a2f98, 0x71374491,
	0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
	0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb,
	0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb,
	0xbef9a3f7, 0xc67178f2 };

static uint32_t
rotate(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static void
sha256_schedule(const unsigned char *block, uint32_t w[64])
{
	uint32_t a, b;

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[i * 4] << 24 |
		    (uint32_t)block[i * 4 + 1] << 16 |
		    (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
	for (int i = 16; i < 64; i++) {
		a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^
		    w[i - 15] >> 3;
		b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^
		    w[i - 2] >> 10;
		w[i] = w[i - 16] + a + w[i - 7] + b;
	}
}

static void
sha256_block(struct sha256 *sha)
{
	uint32_t w[64], s[8], sum, big;

	sha256_schedule(sha->block, w);
	memcpy(s, sha->state, sizeof(s));
	for (int i = 0; i < 64; i++) {
		sum = s[7] + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
		    (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		    round_constant[i] + w[i];
		big = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += sum;
		s[0] = sum + big;
	}
	for (int i = 0; i < 8; i++)
		sha->state[i] += s[i];
}

static void
sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	const unsigned char *at = data;
	size_t part;

	sha->total += len;
	while (len > 0) {
		part = sizeof(sha->block) - sha->fill;
		if (part > len)
			part = len;
		memcpy(sha->block + sha->fill, at, part);
		sha->fill += part;
		at += part;
		len -= part;
		if (sha->fill == sizeof(sha->block)) {
			sha256_block(sha);
			sha->fill = 0;
		}
	}
}

static void
sha256_end(struct sha256 *sha, char hex[ID_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t bits = sha->total * 8;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(sha, "\x80", 1);
	while (sha->fill != 56)
		sha256_add(sha, "", 1);
	sha256_add(sha, length, sizeof(length));
	for (int i = 0; i < 64; i++)
		hex[i] = digits[sha->state[i / 8] >> (28 - i % 8 * 4) & 15];
	hex[64] = '\0';
}

static void
sha256_init(struct sha256 *sha)
{
	static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
		0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memset(sha, 0, sizeof(*sha));
	memcpy(sha->state, first, sizeof(first));
}

void
id_digest(const void *data, size_t len, char hex[ID_DIGEST_SIZE])
{
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, data, len);
	sha256_end(&sha, hex);
}

int
id_digest_file(const char *path, char hex[ID_DIGEST_SIZE])
{
	struct sha256 sha;
	char piece[16384];
	ssize_t got;
	int fd, error;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	sha256_init(&sha);
	do {
		got = read(fd, piece, sizeof(piece));
		if (got > 0)
			sha256_add(&sha, piece, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	error = errno;
	close(fd);
	errno = error;
	if (got < 0)
		return -1;
	sha256_end(&sha, hex);
	return 0;
}
