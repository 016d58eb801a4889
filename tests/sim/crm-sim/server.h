/* SPDX-License-Identifier: MIT */
/* HTTP: collecting requests; answers whole, late, cut or not at all. */
#ifndef CRM_SIM_SERVER_H
#define CRM_SIM_SERVER_H

#include <stdint.h>

struct sim;
struct MHD_Daemon;

/* The daemon on 127.0.0.1, driven by the caller's loop; NULL when the port is
 * taken. */
struct MHD_Daemon *server_start(struct sim *sim, uint16_t port);

/* What a test asks for under /sim/ (admin.c). */
struct call;
void admin_run(struct call *call);

#endif
