/* SPDX-License-Identifier: MIT */
/*
 * A question to Telegram, for who has nothing to do but to wait for the answer.
 */
#ifndef LEADPIPE_QUESTION_H
#define LEADPIPE_QUESTION_H

#include <jansson.h>

#include "base/fault.h"
#include "telegram/client.h"

/*
 * What METHOD with PARAMS (a JSON object, NULL: none) answers by DEADLINE
 * (monotonic ms): *WHOLE is the document, which the caller releases, and its member `result`
 * is returned.  NULL with the reason in FAULT: OUT_LATER for what may pass,
 * OUT_NEVER with EXIT_PERMISSION or EXIT_CONFIG for what will not.
 */
const json_t *telegram_ask(struct telegram *telegram, enum method method,
    const char *params, int64_t deadline, json_t **whole, struct fault *fault);

#endif
