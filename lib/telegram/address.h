/* SPDX-License-Identifier: MIT */
/*
 * Addresses that the configuration gives us.  No message repeats one: it may
 * hold the token or a password.
 */
#ifndef LEADPIPE_ADDRESS_H
#define LEADPIPE_ADDRESS_H

#include <stdbool.h>

#include "base/fault.h"

/*
 * Checks TELEGRAM_API_ROOT, which came from ORIGIN: an http(s) URL without
 * user name, token or query; http:// only to this machine or a private
 * network, since the token is part of every request.
 */
enum outcome address_check_root(const char *root, const char *origin,
    struct fault *fault) must_check;

/*
 * Checks that PROXY (NULL: none), which came from ORIGIN, may carry what goes
 * to ROOT, both fine by themselves: the token in a plain http:// request is
 * shown to no proxy but one on this machine.
 */
enum outcome address_check_both(const char *root, const char *proxy,
    const char *origin, struct fault *fault) must_check;

/*
 * Checks the address URL of a webhook: https, on a port that Telegram calls
 * (443, 80, 88, 8443), of a host that it can reach.  A Bot API server of one's
 * own (OWN) also calls http and any port.  OUT_NEVER/EXIT_INPUT.
 */
enum outcome address_check_webhook(const char *url, bool own,
    struct fault *fault) must_check;

#endif
