/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "crm/job.h"
#include "crm/lookup.h"

static const struct crm_adapter *const adapters[] = { &crm_amocrm,
	&crm_bitrix24, &crm_webhook, &crm_exec };
#define ADAPTERS (sizeof(adapters) / sizeof(*adapters))

static const struct crm_adapter *
adapter_find(const char *name)
{
	for (size_t i = 0; i < ADAPTERS; i++)
		if (strcmp(adapters[i]->name, name) == 0)
			return adapters[i];
	return NULL;
}

static bool
adapter_is_configured(const struct crm_adapter *adapter,
    const struct config *config)
{
	for (size_t i = 0; i < 3 && adapter->settings[i]; i++)
		if (config_get(config, adapter->settings[i]))
			return true;
	return false;
}

bool
crm_is_configured(const struct config *config, const char *name)
{
	const struct crm_adapter *adapter = adapter_find(name);

	return adapter && adapter_is_configured(adapter, config);
}

static enum outcome
name_unknown(const char *setting, const char *name, const char *origin,
    struct fault *fault)
{
	const char *near = suggest(name, crm_names, ADAPTERS);

	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s '%s' is no CRM (%s); %s%s%s", setting, name, origin,
	    near ? "did you mean '" : "use amocrm, bitrix24, webhook or exec",
	    near ? near : "", near ? "'?" : "");
}

const char *
crm_default(const struct config *config, struct fault *fault)
{
	const char *name = config_get(config, "LEAD_CRM");
	const struct crm_adapter *only = NULL;

	if (name && adapter_find(name))
		return name;
	if (name) {
		fault->what = name_unknown("LEAD_CRM", name,
		    config_origin(config, "LEAD_CRM"), fault);
		return NULL;
	}
	for (size_t i = 0; i < ADAPTERS; i++) {
		if (!adapter_is_configured(adapters[i], config))
			continue;
		if (only) {
			fault->what = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "both %s and %s are configured; set LEAD_CRM to "
			    "the one that leads go to",
			    only->name, adapters[i]->name);
			return NULL;
		}
		only = adapters[i];
	}
	if (!only)
		fault->what = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "no CRM is configured; set AMOCRM_BASE_URL, "
		    "BITRIX24_WEBHOOK_URL, LEAD_WEBHOOK_URL or LEAD_EXEC");
	return only ? only->name : NULL;
}

enum outcome
crm_open(struct crm **crm, const char *name, const struct config *config,
    struct db *db, struct fault *fault)
{
	const struct crm_adapter *adapter = adapter_find(name);
	enum outcome out;

	*crm = NULL;
	if (!adapter)
		return name_unknown("the lead's CRM", name, "crm", fault);
	if (!adapter_is_configured(adapter, config))
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s is not configured; set %s", adapter->title,
		    adapter->settings[0]);
	*crm = mem_alloc(sizeof(**crm));
	(*crm)->adapter = adapter;
	(*crm)->config = config;
	(*crm)->db = db;
	out = adapter->open(*crm, fault);
	if (out != OUT_OK) {
		crm_close(*crm);
		*crm = NULL;
	} else if (db && adapter->looks_up) {
		(*crm)->lookup = lookup_load(db, name);
	}
	return out;
}

void
crm_close(struct crm *crm)
{
	if (!crm)
		return;
	if (crm->adapter->close)
		crm->adapter->close(crm);
	json_decref(crm->lookup);
	free(crm);
}

const char *
crm_name(const struct crm *crm)
{
	return crm->adapter->name;
}

struct crm_bounds
crm_bounds(const struct crm *crm)
{
	return crm->adapter->bounds;
}

enum outcome
crm_http_open(struct http **http, const struct config *config,
    struct fault *fault)
{
	struct http_options options = { .peer = "the CRM" };
	enum outcome out =
	    http_options_read(&options, config, "CRM_PROXY", fault);

	*http = out == OUT_OK ? http_open(&options) : NULL;
	return out;
}
