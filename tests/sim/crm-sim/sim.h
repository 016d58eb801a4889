/* SPDX-License-Identifier: MIT */
/*
 * The whole simulator in one thread: everything below is touched only from
 * the event loop in server.c, so nothing is locked.
 */
#ifndef CRM_SIM_SIM_H
#define CRM_SIM_SIM_H

#include "amo.h"
#include "bitrix.h"
#include "chance.h"
#include "fault.h"
#include "hook.h"
#include "record.h"
#include "span.h"

#include "sim/telegram-sim/timer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sim {
	bool quiet;
	int64_t latency_us;
	int64_t next_seq;
	struct span span;
	struct chance chance;
	struct timers timers;
	struct record record;
	struct faults faults;
	struct amo amo;
	struct bitrix bitrix;
	struct hook hook;
	json_t *counts; /* "VERB path" -> requests */
};

/* Forgets leads, people, faults and counts; tokens, ids and the clock's speed
 * stay. */
void sim_reset(struct sim *sim);

#endif
