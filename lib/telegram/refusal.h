/* SPDX-License-Identifier: MIT */
/*
 * What the Bot API says when it refuses: the texts of its errors and what
 * each of them means.  Inside lib/telegram only; answer_read() applies it.
 */
#ifndef LEADPIPE_REFUSAL_H
#define LEADPIPE_REFUSAL_H

#include "telegram/answer.h"

struct refusal {
	enum verdict verdict;
	const char *remedy; /* of VERDICT_CONFIG: said instead */
	enum rival rival;
};

/*
 * What error CODE with DESCRIPTION means; never NULL.  Text decides before the
 * code, unknown texts go by the code.  What the description quotes decides
 * nothing.
 */
const struct refusal *refusal_find(int code, const char *description);

#endif
