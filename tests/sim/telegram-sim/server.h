/* SPDX-License-Identifier: MIT */
/*
 * HTTP: collecting requests, and sending answers whole, late, cut or not at
 * all.
 */
#ifndef TELEGRAM_SIM_SERVER_H
#define TELEGRAM_SIM_SERVER_H

#include <stdint.h>

struct sim;
struct MHD_Daemon;

/* The daemon on 127.0.0.1, driven by the caller's loop; NULL when the port
 * is taken. cert and key are PEM texts, or NULL for plain HTTP. */
struct MHD_Daemon *server_start(struct sim *sim, uint16_t port,
    const char *cert, const char *key);

#endif
