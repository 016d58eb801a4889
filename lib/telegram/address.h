/* SPDX-License-Identifier: MIT */
/*
 * Addresses that the configuration gives us.  No message repeats one: it may
 * hold the token or a password.
 */
#ifndef LEADPIPE_ADDRESS_H
#define LEADPIPE_ADDRESS_H

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

#endif
