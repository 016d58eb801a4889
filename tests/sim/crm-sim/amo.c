/* SPDX-License-Identifier: MIT */
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define API "/api/v4/"

static const struct {
	const char *verb;
	const char *path; /* {id} stands for a number */
	void (*run)(struct call *call);
} routes[] = {
	{ "GET", "account", amo_account_get },
	{ "GET", "users", amo_users_get },
	{ "GET", "leads/pipelines", amo_pipelines_get },
	{ "GET", "leads/pipelines/{id}", amo_pipelines_get },
	{ "GET", "leads/custom_fields", amo_fields_get },
	{ "POST", "leads/custom_fields", amo_fields_post },
	{ "GET", "contacts/custom_fields", amo_fields_get },
	{ "GET", "leads", amo_leads_get },
	{ "POST", "leads", amo_leads_post },
	{ "PATCH", "leads", amo_leads_patch },
	{ "GET", "leads/{id}", amo_lead_get },
	{ "PATCH", "leads/{id}", amo_leads_patch },
	{ "POST", "leads/complex", amo_complex_post },
	{ "POST", "leads/unsorted/forms", amo_unsorted_post },
	{ "GET", "leads/unsorted", amo_unsorted_get },
	{ "POST", "leads/notes", amo_notes_post },
	{ "POST", "leads/{id}/notes", amo_notes_post },
	{ "GET", "leads/{id}/notes", amo_notes_get },
	{ "GET", "leads/tags", amo_tags_get },
	{ "GET", "contacts", amo_contacts_get },
	{ "POST", "contacts", amo_contacts_post },
	{ "PATCH", "contacts", amo_contacts_patch },
	{ "GET", "contacts/{id}", amo_contact_get },
	{ "PATCH", "contacts/{id}", amo_contacts_patch },
	{ "GET", "events", amo_events_get },
};

void
amo_start(struct sim *sim)
{
	struct amo *amo = &sim->amo;

	amo->subdomain = text_copy("simulated");
	amo->leads.first_id = 9770001;
	amo->contacts.first_id = 12110001;
	amo->notes.first_id = 76780001;
	amo->unsorted.first_id = 7700001;
	amo->events.first_id = 1;
	amo_account_start(amo);
	token_start(sim);
}

void
amo_reset(struct sim *sim)
{
	struct amo *amo = &sim->amo;

	table_clear(&amo->leads);
	table_clear(&amo->contacts);
	table_clear(&amo->notes);
	table_clear(&amo->unsorted);
	table_clear(&amo->events);
	amo->banned = false;
	amo->refused = 0;
	amo->lag_ms = 0;
}

void
amo_problem(struct call *call, unsigned status, const char *title,
    const char *detail)
{
	char type[40];

	snprintf(type, sizeof(type), "https://httpstatus.es/%u", status);
	call_json(call, status, TYPE_PROBLEM,
	    json_pack("{s:s, s:s, s:i, s:s}", "title", title, "type", type,
		"status", (int)status, "detail", detail));
}

int64_t
amo_path_id(const struct call *call)
{
	const char *digits = strpbrk(call->path + strlen(API), "0123456789");

	return digits ? strtoll(digits, NULL, 10) : 0;
}

int64_t
amo_visible_ms(struct sim *sim)
{
	return span_now_ms(&sim->span) +
	    chance_below(&sim->chance, sim->amo.lag_ms + 1);
}

json_t *
amo_links(const struct call *call, const char *kind, int64_t id)
{
	const char *host = call_header(call, "Host");
	struct text href = { 0 };
	json_t *links;

	text_fmt(&href, "https://%s" API "%s", host ? host : "", kind);
	if (id)
		text_fmt(&href, "/%lld", (long long)id);
	links = json_pack("{s:{s:s}}", "self", "href", href.at);
	text_release(&href);
	return links;
}

/* 7 in any second, and who does not listen is shut out. */
static bool
gate_open(struct call *call)
{
	struct amo *amo = &call->sim->amo;
	int64_t now = mono_us();
	size_t oldest;

	if (amo->banned)
		return false;
	if (amo->limit <= 0)
		return true;
	oldest = (amo->arrival + GATE_SIZE - (size_t)amo->limit) % GATE_SIZE;
	if (amo->arrivals_us[oldest] &&
	    now - amo->arrivals_us[oldest] < 1000000) {
		amo->refused++;
		amo->banned = amo->ban_after && amo->refused > amo->ban_after;
		return false;
	}
	amo->arrivals_us[amo->arrival] = now;
	amo->arrival = (amo->arrival + 1) % GATE_SIZE;
	return true;
}

static void
gate_refuse(struct call *call)
{
	call->fault.rule = NULL;
	call->fault.retry_after = 1;
	call->fault.kind = call->sim->amo.banned ? FAULT_403HTML : FAULT_429;
}

/*
 * "name.localhost" is the account `name`; a bare address is the name that the
 * account had first.
 */
static bool
host_known(const struct call *call)
{
	const char *host = call_header(call, "Host");
	const struct amo *amo = &call->sim->amo;
	size_t len = host ? strcspn(host, ".:") : 0;

	if (host && !strncmp(host + len, ".localhost", 10))
		return strlen(amo->subdomain) == len &&
		    !strncmp(amo->subdomain, host, len);
	return !amo->renamed;
}

static bool
route_fits(const char *pattern, const char *path)
{
	for (; *pattern; pattern++, path++) {
		if (!strncmp(pattern, "{id}", 4)) {
			size_t digits = strspn(path, "0123456789");

			if (!digits)
				return false;
			pattern += 3;
			path += digits - 1;
		} else if (*pattern != *path) {
			return false;
		}
	}
	return !*path;
}

static void
amo_route(struct call *call)
{
	const char *path = call->path + strlen(API);
	struct text detail = { 0 };
	bool known = false;
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!route_fits(routes[i].path, path))
			continue;
		known = true;
		if (strcmp(routes[i].verb, call->verb))
			continue;
		routes[i].run(call);
		return;
	}
	text_fmt(&detail, "Cannot %s https://%s.amocrm.ru%s", call->verb,
	    call->sim->amo.subdomain, call->path);
	amo_problem(call, known ? 405 : 404,
	    known ? "Method Not Allowed" : "Not Found", detail.at);
	text_release(&detail);
}

void
amo_run(struct call *call)
{
	static const char page[] = "<!DOCTYPE html>\n<html><head><title>"
				   "404 Not Found</title></head></html>\n";

	if (!gate_open(call)) {
		gate_refuse(call);
	} else if (!strcmp(call->path, "/oauth2/account/current/subdomain")) {
		token_subdomain(call);
	} else if (host_known(call) &&
	    !strcmp(call->path, "/oauth2/access_token")) {
		token_post(call);
	} else if (!host_known(call) ||
	    strncmp(call->path, API, strlen(API))) {
		call_text(call, 404, TYPE_HTML, page);
	} else if (!token_good(call)) {
		amo_problem(call, 401, "Unauthorized",
		    call->sim->amo.english ? "Invalid user name or password"
					   : "Неверный логин или пароль");
	} else {
		amo_route(call);
	}
}
