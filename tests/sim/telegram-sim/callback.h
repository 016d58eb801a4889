/* SPDX-License-Identifier: MIT */
/*
 * Pressed buttons that wait for answerCallbackQuery.
 */
#ifndef TELEGRAM_SIM_CALLBACK_H
#define TELEGRAM_SIM_CALLBACK_H

#include <stddef.h>
#include <stdint.h>

struct sim;
struct call;

struct callbacks {
	int64_t *opened_ms; /* 0: answered */
	size_t len;
	size_t room;
};

/* The id of a fresh query; it says when it began. */
int64_t callback_open(struct sim *sim);
void callback_answer(struct call *call);
void callback_release(struct sim *sim);

#endif
