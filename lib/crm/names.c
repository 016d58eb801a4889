/* SPDX-License-Identifier: MIT */
#include "crm/names.h"

#include <stddef.h>

const char *const crm_names[] = { "amocrm", "bitrix24", "webhook", "exec",
	NULL };
