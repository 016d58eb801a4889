/* SPDX-License-Identifier: MIT */
/* What drives a simulator: its daemon and its timers, in one thread. */
#ifndef TELEGRAM_SIM_LOOP_H
#define TELEGRAM_SIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Daemon;
struct timers;

uint16_t loop_port(struct MHD_Daemon *daemon);

/* Whoever waits for the file finds it whole. */
bool loop_port_write(const char *path, uint16_t port);

/* Serves until *stop. */
void loop_run(struct MHD_Daemon *daemon, struct timers *timers,
    const volatile int *stop);

#endif
