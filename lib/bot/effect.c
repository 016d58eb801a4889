/* SPDX-License-Identifier: MIT */
#include "bot/effect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct effect *
effects_add(struct effects *effects, enum effect_kind kind, int64_t chat_id)
{
	struct effect *effect;

	if (effects->count == effects->size) {
		effects->size = effects->size ? 2 * effects->size : 4;
		effects->list = mem_array(effects->list, effects->size,
		    sizeof(*effects->list));
	}
	effect = &effects->list[effects->count++];
	memset(effect, 0, sizeof(*effect));
	effect->kind = kind;
	effect->chat_id = chat_id;
	return effect;
}

void
effect_release(struct effect *effect)
{
	free(effect->text);
	free(effect->method);
	json_decref(effect->params);
	free(effect->media);
	json_decref(effect->media_list);
	free(effect->plain);
	json_decref(effect->action);
	free(effect->pointer);
	json_decref(effect->data);
	json_decref(effect->resume);
	memset(effect, 0, sizeof(*effect));
}

void
effects_release(struct effects *effects)
{
	size_t i;

	for (i = 0; i < effects->count; i++)
		effect_release(&effects->list[i]);
	free(effects->list);
	json_decref(effects->unfit);
	memset(effects, 0, sizeof(*effects));
}
