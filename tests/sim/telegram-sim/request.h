/* SPDX-License-Identifier: MIT */
/*
 * A request on its way in: where it goes, its parameters from query, form,
 * multipart or JSON.
 */
#ifndef TELEGRAM_SIM_REQUEST_H
#define TELEGRAM_SIM_REQUEST_H

#include "call.h"

struct call *request_open(struct sim *sim, struct MHD_Connection *connection,
    const char *url, const char *method);

/* More of the body. */
void request_feed(struct call *call, const char *data, size_t len);

/* The body is whole: parameters are ready. False: it could not be read. */
bool request_end(struct call *call);
void request_free(struct call *call);

#endif
