/* SPDX-License-Identifier: MIT */
/*
 * What a JSON Web Token (RFC 7519) says of itself.  Nothing is verified: it is
 * ours, and only hints are taken from it.
 */
#ifndef LEADPIPE_JWT_H
#define LEADPIPE_JWT_H

#include <jansson.h>

/* The claims, or NULL when TOKEN is no JWT; the caller owns them. */
json_t *jwt_claims(const char *token);

/* When it ends (wall ms), 0: it does not say. */
int64_t jwt_expires_at(const char *token);

#endif
