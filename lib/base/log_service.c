/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define SERVICES 8

/* What each did last in this run. */
static struct service {
	const char *name;
	bool works;
} services[SERVICES];

static bool
is_news(const char *name, bool works)
{
	struct service *service = services;

	while (service < services + SERVICES - 1 && service->name != NULL &&
	    strcmp(service->name, name) != 0)
		service++;
	if (service->name != NULL && service->works == works)
		return false;
	*service = (struct service){ name, works };
	return true;
}

void
log_service(const char *name, bool works, const char *fields, ...)
{
	char text[2048] = "";
	va_list args;

	if (!is_news(name, works))
		return;
	if (works) {
		log_event(LOG_INFO, "service_up", "name=%s", name);
		return;
	}
	va_start(args, fields);
	vsnprintf(text, sizeof(text), fields, args);
	va_end(args);
	log_event(LOG_INFO, "service_down", "name=%s %s", name, text);
}
