/* SPDX-License-Identifier: MIT */
/*
 * What holds for all HTTP calls of one line.
 */
#ifndef LEADPIPE_HTTP_OPTIONS_H
#define LEADPIPE_HTTP_OPTIONS_H

#include "base/config.h"
#include "base/fault.h"

struct http_options {
	const char *proxy;	   /* http, https, socks5h URL; NULL: none */
	const char *proxy_setting; /* "TELEGRAM_PROXY", for messages */
	int ip;			   /* 4, 6, or 0 for both */
	const char *peer;	   /* "Telegram", for messages */
	const char *peer_setting;  /* "TELEGRAM_API_ROOT", for messages */
};

/* Reads LEADPIPE_IP and the proxy, which PROXY_SETTING names; a wrong one is
 * refused by name (EXIT_CONFIG). */
enum outcome http_options_read(struct http_options *options,
    const struct config *config, const char *proxy_setting,
    struct fault *fault) must_check;

#endif
