/* SPDX-License-Identifier: MIT */
#include "crm/webhook_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/id.h"

#define BLOCK 64
#define DIGEST 32

bool
webhook_key_read(struct webhook_key *key, const char *secret)
{
	static const char prefix[] = "whsec_";
	size_t skip = sizeof(prefix) - 1, len;
	char *data;
	bool read;

	if (strncmp(secret, prefix, skip) == 0)
		secret += skip;
	read = base64_decode(secret, strlen(secret), &data, &len) && len > 0 &&
	    len <= sizeof(key->data);
	*key = (struct webhook_key){ .len = read ? len : 0 };
	if (read)
		memcpy(key->data, data, len);
	free(data);
	return read;
}

/* The digest of PAD (one block of KEY xor FILL) and DATA, in bytes. */
static void
pad_digest(const struct webhook_key *key, unsigned char fill, const void *data,
    size_t len, unsigned char out[DIGEST])
{
	struct buf text = BUF_INIT(BLOCK + len);
	char hex[ID_DIGEST_SIZE];

	for (size_t i = 0; i < BLOCK; i++)
		buf_add_char(&text,
		    (char)((i < key->len ? key->data[i] : 0) ^ fill));
	buf_add(&text, data, len);
	id_digest(text.data, text.len, hex);
	for (size_t i = 0; i < DIGEST; i++) {
		const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	buf_release(&text);
}

/* HMAC (RFC 2104); keys are never longer than a block here. */
char *
webhook_sign(const struct webhook_key *key, const char *id,
    int64_t timestamp_s, const char *body, size_t len)
{
	struct buf text = BUF_INIT(strlen(id) + len + 32);
	unsigned char digest[DIGEST];
	char *encoded;

	buf_printf(&text, "%s.%lld.", id, (long long)timestamp_s);
	buf_add(&text, body, len);
	pad_digest(key, 0x36, text.data, text.len, digest);
	pad_digest(key, 0x5c, digest, sizeof(digest), digest);
	encoded = base64_encode(digest, sizeof(digest));
	buf_clear(&text);
	buf_printf(&text, "v1,%s", encoded);
	free(encoded);
	return buf_take(&text);
}

/* Takes as long for any two texts of the same length. */
static bool
same_secret(const char *a, const char *b, size_t len)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

bool
webhook_verify(const struct webhook_key *key, const char *id,
    const char *timestamp, const char *signatures, const char *body,
    size_t len, int64_t now_s)
{
	char *end, *right;
	bool found = false;
	long long at;
	size_t size;

	if (!id || !timestamp || !signatures || !body)
		return false;
	at = strtoll(timestamp, &end, 10);
	if (end == timestamp || *end || at < now_s - WEBHOOK_TOLERANCE_S ||
	    at > now_s + WEBHOOK_TOLERANCE_S)
		return false;
	right = webhook_sign(key, id, at, body, len);
	while (*signatures) {
		size = strcspn(signatures, " ");
		if (size == strlen(right) &&
		    same_secret(signatures, right, size))
			found = true;
		signatures += size;
		signatures += strspn(signatures, " ");
	}
	free(right);
	return found;
}
