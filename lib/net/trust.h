/* SPDX-License-Identifier: MIT */
/*
 * Whom TLS trusts.  Inside lib/net only.
 */
#ifndef LEADPIPE_TRUST_H
#define LEADPIPE_TRUST_H

#include <curl/curl.h>

/* Sets it on EASY, by SETOPT, which is curl_easy_setopt(): SSL_CERT_FILE and
 * SSL_CERT_DIR, or the system's authorities; always verified. */
void trust_set(CURL *easy, CURLcode (*setopt)(CURL *, CURLoption, ...));

#endif
