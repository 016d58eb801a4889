/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include <string.h>

#define LONGEST 64
#define FAR 3

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits from A to B, a swap of neighbours being one; FAR or more when they
 * have nothing in common. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t *old = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > LONGEST || b_len > LONGEST || a_len > b_len + FAR ||
	    b_len > a_len + FAR)
		return FAR;
	for (size_t j = 0; j <= b_len; j++) {
		last[j] = j;
		old[j] = FAR;
	}
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(now[j], least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], old[j - 2] + 1);
		}
		spare = old;
		old = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

const char *
suggest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t nearest = FAR, len = strlen(word), away;

	/* Two edits make anything of three letters. */
	if (len < 2)
		return NULL;
	if (len < 5)
		nearest = 2;
	for (size_t i = 0; i < count; i++) {
		away = distance(word, names[i]);
		if (away < nearest) {
			nearest = away;
			best = names[i];
		}
	}
	return best;
}
