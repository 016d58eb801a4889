/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_report.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"
#include "crm/csv.h"

const char broadcast_line_head[] =
    "ID    STATE      WHEN             SENT OF      NAME\n";
const char broadcast_person_head[] =
    "chat,username,name,state,reason,message_id,at\r\n";

static json_t *
number_or_null(int64_t number)
{
	return number != 0 ? json_integer(number) : json_null();
}

static void
line_add_json(struct buf *out, const struct broadcast *b,
    const struct broadcast_counts *n)
{
	json_t *line = json_pack(
	    "{s:i, s:I, s:s, s:s, s:o, s:I, s:b, s:o, s:o, s:o, s:o}",
	    "schema", 1, "id", (json_int_t)b->id, "name", b->name, "state",
	    broadcast_state_name(b->state), "reason",
	    json_text_or_null(b->reason), "rate", (json_int_t)b->rate, "paid",
	    b->paid, "created_at", json_time_or_null(b->created_at),
	    "start_at", json_time_or_null(b->start_at), "begun_at",
	    json_time_or_null(b->begun_at), "finished_at",
	    json_time_or_null(b->finished_at));
	const struct {
		const char *name;
		int64_t count;
	} counts[] = {
		{ "looked", n->looked },
		{ "chosen", n->chosen },
		{ "sent", n->sent },
		{ "waiting", n->waiting },
		{ "unknown", n->unknown },
		{ "dead", n->dead },
		{ "expired", n->expired },
		{ "blocked", n->blocked },
		{ "unsubscribed", n->unsubscribed },
		{ "cancelled", n->cancelled },
	};

	json_object_set_new(line, "through", json_boolean(b->through));
	json_object_set_new(line, "audience",
	    json_loads(b->audience, 0, NULL));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(line, counts[i].name,
		    json_integer(counts[i].count));
	json_line_add(out, line);
}

void
broadcast_line_add(struct buf *out, const struct broadcast *b,
    const struct broadcast_counts *counts, int64_t now, bool json)
{
	struct buf when = BUF_INIT(100);

	if (json) {
		line_add_json(out, b, counts);
		return;
	}
	terminal_add_distance(&when,
	    b->finished_at != 0	   ? b->finished_at
		: b->begun_at != 0 ? b->begun_at
				   : b->start_at,
	    now, "ago");
	buf_printf(out, "%-5lld %-10s %-16s %-4lld %-7lld ", (long long)b->id,
	    broadcast_state_name(b->state), when.data, (long long)counts->sent,
	    (long long)counts->chosen);
	terminal_add(out, b->name, 64);
	buf_add_char(out, '\n');
	buf_release(&when);
}

static void
person_add_json(struct buf *out, const struct broadcast_person *person)
{
	json_line_add(out,
	    json_pack("{s:i, s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "schema", 1,
		"chat", (json_int_t)person->chat_id, "username",
		json_text_or_null(person->username), "name",
		json_text_or_null(person->first_name), "state", person->state,
		"reason", json_text_or_null(person->reason), "message_id",
		number_or_null(person->message_id), "at",
		json_time_or_null(person->settled_at)));
}

void
broadcast_person_add(struct buf *out, const struct broadcast_person *person,
    bool json)
{
	char at[CLOCK_TEXT_SIZE] = "";

	if (json) {
		person_add_json(out, person);
		return;
	}
	if (person->settled_at != 0)
		clock_text(person->settled_at, at);
	buf_printf(out, "%lld,", (long long)person->chat_id);
	csv_add(out, person->username);
	buf_add_char(out, ',');
	csv_add(out, person->first_name);
	buf_add_char(out, ',');
	csv_add(out, person->state);
	buf_add_char(out, ',');
	csv_add(out, person->reason);
	if (person->message_id != 0)
		buf_printf(out, ",%lld,%s\r\n", (long long)person->message_id,
		    at);
	else
		buf_printf(out, ",,%s\r\n", at);
}
