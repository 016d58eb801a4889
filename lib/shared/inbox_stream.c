/* SPDX-License-Identifier: MIT */
#include "shared/inbox_key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define GROUP "leadpipe"

/*
 * KEYS stream, poison; ARGV group, consumer, lease in ms, most, bytes of one,
 * bytes of all.  First what this consumer left, then what others left for
 * longer than a lease, each alone; else what is new.  Returns 'ok', whether
 * there may be more, then {id, size, tries, field, value ...} of each, without
 * fields when it is too large, be it by their number, as each costs memory.
 */
static const struct redis_script take_script = {
	.sha1 = "7a07766e686945747815ab07169b7a7c1c3fd29b",
	.text =
	    "local c, s, g, me = redis.call, KEYS[1], ARGV[1], ARGV[2]\n"
	    "for i = 1, 2 do\n"
	    "  local is = c('TYPE', KEYS[i]).ok\n"
	    "  if is ~= 'none' and is ~= 'stream' then\n"
	    "    return {'type', KEYS[i], is, 'stream'}\n"
	    "  end\n"
	    "  if i == 1 and is == 'none' then return {'ok', 0} end\n"
	    "end\n"
	    "local left = redis.pcall('XPENDING', s, g, '-', '+', 1, me)\n"
	    "if left.err then\n"
	    "  if not string.find(left.err, 'NOGROUP', 1, true) then\n"
	    "    return redis.error_reply(left.err)\n"
	    "  end\n"
	    "  c('XGROUP', 'CREATE', s, g, '0')\n"
	    "  left = {}\n"
	    "end\n"
	    "local out, bytes = {'ok', 1}, 0\n"
	    "local function give(entry, tries)\n"
	    "  local id, fields = entry[1], entry[2]\n"
	    "  if not fields then return c('XACK', s, g, id) end\n"
	    "  local one, size = {id, 0, tries}, 0\n"
	    "  for _, v in ipairs(fields) do size = size + #v end\n"
	    "  one[2] = size\n"
	    "  if size + 16 * #fields > tonumber(ARGV[5]) then\n"
	    "    one[2] = math.max(size, tonumber(ARGV[5]) + 1)\n"
	    "  else\n"
	    "    for _, v in ipairs(fields) do one[#one + 1] = v end\n"
	    "    bytes = bytes + size + 16 * #fields\n"
	    "  end\n"
	    "  out[#out + 1] = one\n"
	    "end\n"
	    "if #left > 0 then\n"
	    "  local r = c('XREADGROUP', 'GROUP', g, me, 'COUNT', 1,\n"
	    "    'STREAMS', s, '0')\n"
	    "  if r and r[1][2][1] then give(r[1][2][1], left[1][4]) end\n"
	    "  return out\n"
	    "end\n"
	    "for _, p in ipairs(c('XPENDING', s, g, '-', '+', 100)) do\n"
	    "  if p[3] >= tonumber(ARGV[3]) then\n"
	    "    local r = c('XCLAIM', s, g, me, ARGV[3], p[1])\n"
	    "    if r[1] then give(r[1], p[4]) else c('XACK', s, g, p[1]) end\n"
	    "    return out\n"
	    "  end\n"
	    "end\n"
	    "for i = 1, tonumber(ARGV[4]) do\n"
	    "  if bytes > tonumber(ARGV[6]) then return out end\n"
	    "  local r = c('XREADGROUP', 'GROUP', g, me, 'COUNT', 1,\n"
	    "    'STREAMS', s, '>')\n"
	    "  if not r or not r[1] then\n"
	    "    out[2] = 0\n"
	    "    return out\n"
	    "  end\n"
	    "  give(r[1][2][1], 0)\n"
	    "end\n"
	    "return out\n"
};

/* KEYS stream; ARGV group, consumer, ids.  Returns 1 for each that is still
 * this consumer's, whose time begins again. */
static const struct redis_script hold_script = {
	.sha1 = "3fde70e0ed747c831a663dd4a304ce9f403f84de",
	.text =
	    "local out = {}\n"
	    "for i = 3, #ARGV do\n"
	    "  local id = ARGV[i]\n"
	    "  local mine = redis.call('XPENDING', KEYS[1], ARGV[1], id, id,\n"
	    "    1, ARGV[2])\n"
	    "  if #mine > 0 then\n"
	    "    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id,\n"
	    "      'JUSTID')\n"
	    "  end\n"
	    "  out[#out + 1] = #mine\n"
	    "end\n"
	    "return out\n"
};

/*
 * KEYS stream, poison; ARGV group, consumer, then fate and id of each.  What
 * is given back stays with the consumer, as if it had not been tried.  What is done
 * stays in the stream only for other groups: it is a person's data, and memory.
 * Thousands of fields are more than a script can pass on: they stay.
 */
static const struct redis_script settle_script = {
	.sha1 = "d86cad54f524ab8477efdaa26302f929dba991c3",
	.text =
	    "local c, s, g = redis.call, KEYS[1], ARGV[1]\n"
	    "local alone = #c('XINFO', 'GROUPS', s) == 1\n"
	    "for i = 3, #ARGV, 2 do\n"
	    "  local id = ARGV[i + 1]\n"
	    "  local e = ARGV[i] == 'refused' and c('XRANGE', s, id, id)[1]\n"
	    "  local whole = not e or #e[2] < 4000\n"
	    "  if e and whole then\n"
	    "    c('XADD', KEYS[2], '*', 'id', id, unpack(e[2]))\n"
	    "  end\n"
	    "  if ARGV[i] == 'later' then\n"
	    "    c('XCLAIM', s, g, ARGV[2], 0, id, 'RETRYCOUNT', 0,\n"
	    "      'JUSTID')\n"
	    "  else\n"
	    "    c('XACK', s, g, id)\n"
	    "    if alone and whole then c('XDEL', s, id) end\n"
	    "  end\n"
	    "end\n"
	    "return 'ok'\n"
};

static void
add_encoded(struct buf *out, const struct redisReply *text)
{
	for (size_t i = 0; i < (size_t)text->len; i++) {
		unsigned char c = (unsigned char)text->str[i];

		if (c < 128 && isalnum(c))
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* An entry with one field is its value, whatever that is; one with several is
 * a form. */
static void
read_fields(struct arrival *arrival, const struct redisReply *entry)
{
	const struct redisReply *value = script_part(entry, 4);
	struct buf form = BUF_INIT((size_t)4 * INBOX_BYTES);

	if (entry->elements == 5 && value->str != NULL) {
		arrival->len = (size_t)value->len;
		arrival->raw = mem_dup_n(value->str, arrival->len);
		return;
	}
	for (size_t i = 3; i + 1 < entry->elements; i += 2) {
		if (form.len > 0)
			buf_add_char(&form, '&');
		add_encoded(&form, entry->element[i]);
		buf_add_char(&form, '=');
		add_encoded(&form, entry->element[i + 1]);
	}
	arrival->len = form.len;
	arrival->raw = buf_take(&form);
}

static void
read_entry(struct inbox *inbox, const struct redisReply *entry)
{
	const char *id = script_part_text(entry, 0);

	if (id != NULL)
		read_fields(inbox_read(inbox, id, entry, 0), entry);
}

enum outcome
stream_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault)
{
	struct script_words words = { 0 };
	const struct redisReply *reply;

	script_text(&words, inbox->name);
	script_key(&words, inbox->name, ":poison");
	script_text(&words, GROUP);
	script_text(&words, inbox->owner);
	script_number(&words, inbox->lease_ms);
	script_number(&words, most);
	script_number(&words, INBOX_BYTES);
	script_number(&words, INBOX_ANSWER_BYTES);
	script_call(&words, redis, &take_script, 2);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	if (inbox_answer(inbox, redis, 0, &reply) != OUT_OK)
		return OUT_OK;
	inbox->more = script_part_number(reply, 1, 0) > 0;
	for (size_t i = 2; i < reply->elements; i++)
		read_entry(inbox, reply->element[i]);
	return OUT_OK;
}

enum outcome
stream_hold(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	struct script_words words = { 0 };

	script_text(&words, inbox->name);
	script_text(&words, GROUP);
	script_text(&words, inbox->owner);
	for (int i = 0; i < inbox->count; i++)
		script_text(&words, inbox->arrivals[i].ticket);
	script_call(&words, redis, &hold_script, 1);
	return inbox_held(inbox, redis, fault);
}

enum outcome
stream_settle(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	struct script_words words = { 0 };

	script_text(&words, inbox->name);
	script_key(&words, inbox->name, ":poison");
	script_text(&words, GROUP);
	script_text(&words, inbox->owner);
	inbox_fates(inbox, &words);
	script_call(&words, redis, &settle_script, 2);
	return inbox_settled(inbox, redis, fault);
}
