/* SPDX-License-Identifier: MIT */
/*
 * What the Bot API says when it refuses: the texts of its errors and what
 * each of them means.  Inside lib/telegram only; answer_read() applies it.
 */
#ifndef LEADPIPE_REFUSAL_H
#define LEADPIPE_REFUSAL_H

#include "telegram/answer.h"

struct refusal {
	const char *part; /* of the description, any case */
	enum verdict verdict;
	const char *remedy; /* of VERDICT_CONFIG: said instead */
};

/*
 * The row for error CODE with DESCRIPTION; never NULL.  Text decides before
 * the code, unknown texts go by the code.
 */
const struct refusal *refusal_find(int code, const char *description);

#endif
