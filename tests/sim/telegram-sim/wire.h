/* SPDX-License-Identifier: MIT */
/* What libmicrohttpd does not do to a connection by itself. */
#ifndef TELEGRAM_SIM_WIRE_H
#define TELEGRAM_SIM_WIRE_H

#include "text.h"

#include <microhttpd.h>
#include <stdbool.h>

int wire_socket(struct MHD_Connection *connection);

/* Whether the client has gone. A suspended connection is not watched, so its
 * owner has to ask. */
bool wire_closed(struct MHD_Connection *connection);

/* Sends an RST; the connection is of no use any more. */
void wire_reset(struct MHD_Connection *connection);

/* An answer that announces all of `reply`, which must live as long, and ends
 * after half of it. */
struct MHD_Response *wire_half(struct text *reply);

#endif
