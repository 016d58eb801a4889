/* SPDX-License-Identifier: MIT */
/* HMAC-SHA256 and base64, as much as verifying a webhook takes. */
#ifndef CRM_SIM_SIGN_H
#define CRM_SIM_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#define SIGN_BYTES 32

/* The key is base64, with or without "whsec_" before it. */
void sign_make(const char *secret, const char *data, size_t len,
    unsigned char out[SIGN_BYTES]);

/* Whether `given` is the base64 of `sign`. */
bool sign_is(const unsigned char sign[SIGN_BYTES], const char *given,
    size_t len);

#endif
