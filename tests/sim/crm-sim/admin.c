/* SPDX-License-Identifier: MIT */
/* What a test may ask for under /sim/; the list is in main.c. */
#include "amo_handler.h"
#include "call.h"
#include "server.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static void
admin_refuse(struct call *call, const char *why)
{
	call_json(call, 400, TYPE_JSON,
	    json_pack("{s:b, s:s}", "ok", 0, "description", why));
}

static void
admin_ok(struct call *call)
{
	call_json(call, 200, TYPE_JSON, json_pack("{s:b}", "ok", 1));
}

static void
admin_fault(struct call *call)
{
	if (fault_add(&call->sim->faults, call->json))
		admin_ok(call);
	else
		admin_refuse(call, "unknown kind of fault");
}

static void
admin_chaos(struct call *call)
{
	if (!fault_chaos(&call->sim->faults, call->json)) {
		admin_refuse(call, "unknown kind of fault");
		return;
	}
	if (json_object_get(call->json, "seed"))
		chance_seed(&call->sim->chance,
		    (uint64_t)member_int(call->json, "seed", 0));
	admin_ok(call);
}

static void
admin_calm(struct call *call)
{
	fault_chaos(&call->sim->faults, NULL);
	json_decref(call->sim->faults.rules);
	call->sim->faults.rules = NULL;
	admin_ok(call);
}

static void
admin_clock(struct call *call)
{
	struct span *span = &call->sim->span;
	const json_t *scale = json_object_get(call->json, "scale");

	span_change(span, json_number_value(scale),
	    member_int(call->json, "ahead_ms", 0));
	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:I, s:f}", "now_ms", (json_int_t)span_now_ms(span),
		"scale", span->scale));
}

static void
admin_set(struct call *call)
{
	struct sim *sim = call->sim;
	const json_t *set = call->json;
	const json_t *leak = json_object_get(set, "bitrix24_per_second");

	sim->latency_us =
	    member_int(set, "latency_ms", sim->latency_us / 1000) * 1000;
	sim->amo.lag_ms = member_int(set, "lag_ms", sim->amo.lag_ms);
	sim->amo.limit = member_int(set, "amocrm_per_second", sim->amo.limit);
	if (sim->amo.limit >= GATE_SIZE)
		sim->amo.limit = GATE_SIZE - 1;
	sim->amo.ban_after = member_int(set, "ban_after", sim->amo.ban_after);
	sim->amo.unfiltered = json_object_get(set, "unfiltered")
	    ? json_is_true(json_object_get(set, "unfiltered"))
	    : sim->amo.unfiltered;
	sim->amo.banned = json_object_get(set, "banned")
	    ? json_is_true(json_object_get(set, "banned"))
	    : sim->amo.banned;
	sim->amo.tokens.access_life_s =
	    member_int(set, "access_life_s", sim->amo.tokens.access_life_s);
	if (json_is_number(leak))
		sim->bitrix.per_second = json_number_value(leak);
	sim->bitrix.burst = (double)member_int(set, "bitrix24_burst",
	    (int64_t)sim->bitrix.burst);
	admin_ok(call);
}

static void
admin_tokens(struct call *call)
{
	const char *access = member_text(call->json, "access");
	const char *refresh = member_text(call->json, "refresh");
	json_t *seen;

	if (access && refresh)
		token_set(call->sim, access, refresh);
	seen = token_view(call->sim);
	json_object_set_new(seen, "bitrix24_code", json_string(BITRIX_CODE));
	json_object_set_new(seen, "webhook_secret", json_string(HOOK_SECRET));
	call_json(call, 200, TYPE_JSON, seen);
}

static void
admin_code(struct call *call)
{
	token_code(call->sim);
	admin_tokens(call);
}

static void
admin_revoke(struct call *call)
{
	const char *what = member_text(call->json, "what");

	if (what && !strcmp(what, "bitrix24"))
		call->sim->bitrix.revoked = true;
	else if (!what || !token_revoke(&call->sim->amo.tokens, what)) {
		admin_refuse(call,
		    "what: long_lived, access, refresh, all "
		    "or bitrix24");
		return;
	}
	admin_ok(call);
}

static void
admin_rename(struct call *call)
{
	const char *name = member_text(call->json, "subdomain");

	if (!name) {
		admin_refuse(call, "no subdomain");
		return;
	}
	free(call->sim->amo.subdomain);
	call->sim->amo.subdomain = text_copy(name);
	call->sim->amo.renamed = strcmp(name, "simulated") != 0;
	admin_ok(call);
}

static void
admin_field(struct call *call)
{
	json_t *leads = json_object_get(call->sim->amo.fields, "leads");
	int64_t id = member_int(call->json, "remove", 0);
	const json_t *field;
	size_t i;

	json_array_foreach (leads, i, field) {
		if (member_int(field, "id", 0) != id)
			continue;
		json_array_remove(leads, i);
		admin_ok(call);
		return;
	}
	admin_refuse(call, "no such field");
}

/* The lead of that id, or the first one that bears the mark. */
static struct row *
lead_asked(struct call *call)
{
	struct table *leads = &call->sim->amo.leads;
	const char *mark = member_text(call->json, "mark");
	struct row *row = NULL;
	json_t *found;

	if (!mark)
		return table_find(leads, member_int(call->json, "lead", 0));
	found = table_search(leads, mark, INT64_MAX);
	row = table_find(leads, json_integer_value(json_array_get(found, 0)));
	json_decref(found);
	return row;
}

static void
admin_stage(struct call *call)
{
	struct row *row = lead_asked(call);

	if (!row) {
		admin_refuse(call, "no such lead");
		return;
	}
	amo_lead_move(call->sim, row, member_int(call->json, "pipeline_id", 0),
	    member_int(call->json, "status_id", 0));
	admin_ok(call);
}

/* Somebody who was there before us: a contact as the API would make it. */
static void
admin_person(struct call *call)
{
	const struct row *row = amo_contact_make(call, call->json);

	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:I}", "id", (json_int_t)row->id));
}

static void
rows_write(struct call *call, const char *crm, const struct table *table)
{
	size_t i;

	for (i = 0; i < table->len; i++) {
		const struct row *row = &table->rows[i];
		json_t *line = json_pack("{s:s, s:I, s:I, s:o, s:O}", "crm",
		    crm, "id", (json_int_t)row->id, "seq",
		    (json_int_t)row->seq, "marks", table_marks(row), "data",
		    row->data);
		char *dump = json_dumps(line, JSON_COMPACT);

		text_puts(&call->reply, dump ? dump : "");
		text_puts(&call->reply, "\n");
		free(dump);
		json_decref(line);
	}
}

static void
admin_leads(struct call *call)
{
	struct sim *sim = call->sim;

	call_text(call, 200, "application/x-ndjson", "");
	rows_write(call, "amocrm", &sim->amo.leads);
	rows_write(call, "bitrix24", &sim->bitrix.items);
	rows_write(call, "webhook", &sim->hook.deliveries);
}

static void
admin_contacts(struct call *call)
{
	call_text(call, 200, "application/x-ndjson", "");
	rows_write(call, "amocrm", &call->sim->amo.contacts);
}

static void
admin_notes(struct call *call)
{
	call_text(call, 200, "application/x-ndjson", "");
	rows_write(call, "amocrm", &call->sim->amo.notes);
	rows_write(call, "bitrix24", &call->sim->bitrix.comments);
}

static void
admin_stats(struct call *call)
{
	const struct sim *sim = call->sim;

	call_json(call, 200, TYPE_JSON,
	    json_pack("{s:O, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I}",
		"requests", sim->counts, "leads",
		(json_int_t)sim->amo.leads.len, "contacts",
		(json_int_t)sim->amo.contacts.len, "items",
		(json_int_t)sim->bitrix.items.len, "deliveries",
		(json_int_t)sim->hook.deliveries.len, "repeated",
		(json_int_t)sim->hook.repeated, "refused",
		(json_int_t)sim->amo.refused, "banned", sim->amo.banned,
		"faults", (json_int_t)sim->faults.hits, "pairs",
		(json_int_t)sim->amo.tokens.pairs));
}

static void
admin_reset(struct call *call)
{
	sim_reset(call->sim);
	record_reset(call->sim);
	admin_ok(call);
}

void
admin_run(struct call *call)
{
	static const struct {
		const char *path;
		void (*run)(struct call *call);
	} asks[] = {
		{ "fault", admin_fault },
		{ "chaos", admin_chaos },
		{ "calm", admin_calm },
		{ "clock", admin_clock },
		{ "set", admin_set },
		{ "tokens", admin_tokens },
		{ "code", admin_code },
		{ "revoke", admin_revoke },
		{ "rename", admin_rename },
		{ "field", admin_field },
		{ "stage", admin_stage },
		{ "person", admin_person },
		{ "leads", admin_leads },
		{ "contacts", admin_contacts },
		{ "notes", admin_notes },
		{ "stats", admin_stats },
		{ "reset", admin_reset },
	};
	size_t i;

	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		if (!strcmp(asks[i].path, call->path + strlen("/sim/"))) {
			asks[i].run(call);
			return;
		}
	admin_refuse(call, "nothing of that name under /sim/");
}
