/* SPDX-License-Identifier: MIT */
/* Dice whose throws follow from a seed alone. */
#ifndef CRM_SIM_CHANCE_H
#define CRM_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *chance, uint64_t seed);

/* 0 to below - 1; 0 when there is nothing to choose from. */
int64_t chance_below(struct chance *chance, int64_t below);
bool chance_hits(struct chance *chance, double probability);

/* `count` characters out of letters and digits, and a NUL. */
void chance_word(struct chance *chance, char *word, int count);

#endif
