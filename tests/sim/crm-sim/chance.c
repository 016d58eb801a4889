/* SPDX-License-Identifier: MIT */
#include "chance.h"

void
chance_seed(struct chance *chance, uint64_t seed)
{
	chance->state = seed;
}

/* splitmix64 */
static uint64_t
chance_next(struct chance *chance)
{
	uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t
chance_below(struct chance *chance, int64_t below)
{
	return below > 0 ? (int64_t)(chance_next(chance) % (uint64_t)below)
			 : 0;
}

bool
chance_hits(struct chance *chance, double probability)
{
	return (double)(chance_next(chance) >> 11) * 0x1p-53 < probability;
}

void
chance_word(struct chance *chance, char *word, int count)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	int i;

	for (i = 0; i < count; i++)
		word[i] = letters[chance_below(chance,
		    (int64_t)sizeof(letters) - 1)];
	word[count] = '\0';
}
