/* SPDX-License-Identifier: MIT */
#include "shared/handover_script.h"

/*
 * What both of the following begin with: nothing is done where a key is of a
 * wrong type.  Who sees the generation below one that was seen before renews
 * the epoch.  A note is found by the SHA-1 of its member: state (exported,
 * claimed, acknowledged, done, poison), due, exporter, claimer, generation,
 * reason.
 */
#define HEAD \
	"local c = redis.call\n" \
	"local tasks, leases, notes, gens, poison = unpack(KEYS)\n" \
	"local host = ARGV[1]\n" \
	"for i, kind in ipairs({'zset', 'zset', 'hash', 'hash', 'zset'}) do\n" \
	"  local is = c('TYPE', KEYS[i]).ok\n" \
	"  if is ~= 'none' and is ~= kind then\n" \
	"    return redis.error_reply('WRONGTYPE ' .. KEYS[i] ..\n" \
	"      ' is a ' .. is .. ', not a ' .. kind)\n" \
	"  end\n" \
	"end\n" \
	"local t = c('TIME')\n" \
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n" \
	"local function text(n) return string.format('%.0f', n) end\n" \
	"local known = c('HMGET', gens, 'epoch', 'gen')\n" \
	"local epoch, gen = known[1], tonumber(known[2] or 0)\n" \
	"local floor = tonumber(ARGV[3])\n" \
	"if not epoch or (epoch == ARGV[2] and gen < floor) then\n" \
	"  epoch, gen = ARGV[4], math.max(gen, floor)\n" \
	"  c('HSET', gens, 'epoch', epoch)\n" \
	"  c('HSET', gens, 'gen', text(gen))\n" \
	"end\n" \
	"local raised\n" \
	"local function next_gen()\n" \
	"  if not raised then\n" \
	"    gen = math.max(gen, floor) + 1\n" \
	"    c('HSET', gens, 'gen', text(gen))\n" \
	"    raised = true\n" \
	"  end\n" \
	"end\n" \
	"local function note(m)\n" \
	"  local name = redis.sha1hex(m)\n" \
	"  local v = c('HGET', notes, name)\n" \
	"  if not v then return name end\n" \
	"  local s, due, from, by, g = string.match(v,\n" \
	"    '^(%a)|([^|]*)|([^|]*)|([^|]*)|([^|]*)')\n" \
	"  return name, s, due, from, by, g\n" \
	"end\n" \
	"local function keep(name, s, due, from, by, g, why)\n" \
	"  local v = table.concat({s, due, from, by, g, why}, '|')\n" \
	"  c('HSET', notes, name, v)\n" \
	"end\n" \
	"local function back(m, name, due, from)\n" \
	"  c('ZREM', leases, m)\n" \
	"  c('ZADD', tasks, 'NX', due, m)\n" \
	"  if from ~= '' then keep(name, 'e', due, from, '', '0')\n" \
	"  else c('HDEL', notes, name) end\n" \
	"end\n" \
	"local function spoil(m, name, due, from, why)\n" \
	"  c('ZREM', tasks, m)\n" \
	"  c('ZREM', leases, m)\n" \
	"  c('ZADD', poison, now, m)\n" \
	"  keep(name, 'p', due, from, '', '0', why)\n" \
	"end\n"

/*
 * What Redis is told and asked of tasks that are known here.  KEYS tasks,
 * leases, notes, generation, poison; ARGV host, epoch and generation known
 * here, a token for a new epoch; then five words each: what, member, due,
 * generation, and its epoch or a reason.  Returns epoch, generation, and a
 * word for each.
 */
const struct redis_script handover_tell_script = {
	.sha1 = "64ec14f09b48469ae27432d4a7c17899a6dc51cd",
	.text = HEAD
	"local ops = {}\n"
	"function ops.ack(m, due, g, seen)\n"
	"  local name, s, d, from, by, noted = note(m)\n"
	"  local mine = by == host and noted == g\n"
	"  if mine and (s == 'c' or s == 'a') then\n"
	"    due = d\n"
	"  elseif seen ~= epoch and (not s or s == 'e') then\n"
	"    c('ZREM', tasks, m)\n"
	"    from = from or ''\n"
	"  else\n"
	"    return 'no'\n"
	"  end\n"
	"  c('ZREM', leases, m)\n"
	"  keep(name, 'a', due, from, host, g)\n"
	"  return 'yes'\n"
	"end\n"
	"function ops.mine(m, due, g)\n"
	"  local name, s, d, from, by = note(m)\n"
	"  if s and by ~= '' and by ~= host then return 'late' end\n"
	"  c('ZREM', tasks, m)\n"
	"  c('ZREM', leases, m)\n"
	"  keep(name, 'a', d or due, from or '', host, g)\n"
	"  return 'ok'\n"
	"end\n"
	"function ops.done(m)\n"
	"  local name, s, due, from, by, g = note(m)\n"
	"  if s and by ~= '' and by ~= host then return 'late' end\n"
	"  c('ZREM', tasks, m)\n"
	"  c('ZREM', leases, m)\n"
	"  if not s then return 'ok' end\n"
	"  if from == '' or from == host then c('HDEL', notes, name)\n"
	"  else keep(name, 'd', due, from, host, g) end\n"
	"  return 'ok'\n"
	"end\n"
	"function ops.drop(m)\n"
	"  local name, s, due, from, by, g = note(m)\n"
	"  local there = c('ZREM', tasks, m)\n"
	"  if not s then return 'ok' end\n"
	"  if by ~= '' and by ~= host and s == 'a' then\n"
	"    keep(name, s, due, '', by, g)\n"
	"    return 'late'\n"
	"  end\n"
	"  c('ZREM', leases, m)\n"
	"  c('ZREM', poison, m)\n"
	"  c('HDEL', notes, name)\n"
	"  if s == 'd' or (s == 'e' and there == 0) then return 'late' end\n"
	"  return 'ok'\n"
	"end\n"
	"function ops.poison(m, due, g, why)\n"
	"  local name, s, d, from, by = note(m)\n"
	"  if by == host then spoil(m, name, d, from, why) end\n"
	"  return 'ok'\n"
	"end\n"
	"function ops.free(m, due)\n"
	"  local name, s, d, from, by = note(m)\n"
	"  if by == host then back(m, name, due, from) end\n"
	"  return 'ok'\n"
	"end\n"
	"function ops.put(m, due)\n"
	"  local name, s = note(m)\n"
	"  local there = c('ZSCORE', tasks, m)\n"
	"  if s == 'e' and not there then return 'taken' end\n"
	"  if s == 'd' then return 'done' end\n"
	"  if s then return 'waits' end\n"
	"  next_gen()\n"
	"  c('ZADD', tasks, 'NX', due, m)\n"
	"  keep(name, 'e', due, host, '', text(gen))\n"
	"  return 'put'\n"
	"end\n"
	"local said = {}\n"
	"for i = 5, #ARGV, 5 do\n"
	"  local op = ops[ARGV[i]]\n"
	"  said[#said + 1] = op(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3],\n"
	"    ARGV[i + 4])\n"
	"end\n"
	"return {epoch, text(gen), said}\n"
};

/*
 * Claims what is due.  The same, but instead of the words how many, for how
 * long (ms), how large they may be, and how long after its due time a member
 * of another exporter is left to it (ms).  Returns epoch, generation, how many
 * were put into the poison set, and the claims: member and due.
 */
const struct redis_script handover_claim_script = {
	.sha1 = "89224bbd537b97429c5b2f363ac6fa66ecccd4dd",
	.text = HEAD
	"local limit, most, head = tonumber(ARGV[5]), tonumber(ARGV[7]),\n"
	"  tonumber(ARGV[8])\n"
	"local spoilt, bytes, took = 0, 0, {}\n"
	"if limit > 0 then\n"
	"  local over = c('ZRANGEBYSCORE', leases, '-inf', text(now),\n"
	"    'LIMIT', 0, limit)\n"
	"  for _, m in ipairs(over) do\n"
	"    local name, s, due, from = note(m)\n"
	"    back(m, name, due or text(now), from or '')\n"
	"  end\n"
	"end\n"
	"local at, looked = 0, 0\n"
	"while #took < 2 * limit and bytes < 1048576 and\n"
	"    looked < 8 * limit do\n"
	"  local page = c('ZRANGEBYSCORE', tasks, '-inf', text(now),\n"
	"    'WITHSCORES', 'LIMIT', at, 16)\n"
	"  if #page == 0 then break end\n"
	"  for i = 1, #page, 2 do\n"
	"    local m, due = page[i], tonumber(page[i + 1])\n"
	"    if #took >= 2 * limit then break end\n"
	"    looked = looked + 1\n"
	"    if not due or due ~= due or due < 0 then due = 0 end\n"
	"    local name, s, d, from = note(m)\n"
	"    bytes = bytes + #m\n"
	"    if #m > most then\n"
	"      spoil(m, name, text(due), from or '',\n"
	"        'it is too large: ' .. #m .. ' bytes')\n"
	"      spoilt = spoilt + 1\n"
	"    elseif string.find(m, '%z') then\n"
	"      spoil(m, name, text(due), from or '',\n"
	"        'it is not JSON: it has a NUL')\n"
	"      spoilt = spoilt + 1\n"
	"    elseif from and from ~= '' and from ~= host and\n"
	"        due + head > now then\n"
	"      at = at + 1\n"
	"    else\n"
	"      next_gen()\n"
	"      c('ZREM', tasks, m)\n"
	"      c('ZADD', leases, text(now + tonumber(ARGV[6])), m)\n"
	"      keep(name, 'c', text(due), from or '', host, text(gen))\n"
	"      took[#took + 1] = m\n"
	"      took[#took + 1] = text(due)\n"
	"    end\n"
	"  end\n"
	"end\n"
	"return {epoch, text(gen), spoilt, took}\n"
};

/*
 * KEYS poison, notes, processing; ARGV place, where to go on, how many, how
 * large.  Returns where to go on ('0': the end), and of each SHA-1, size,
 * member (cut when it is too large) and note.
 */
const struct redis_script handover_look_script = {
	.sha1 = "0e1826e724f4604becffe6b5a0db190aca7e6ccf",
	.text =
	    "local c, poison, notes, processing = redis.call, unpack(KEYS)\n"
	    "local place, at, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])\n"
	    "local key, kind = poison, 'zset'\n"
	    "if place == 'processing' then key, kind = processing, 'set' end\n"
	    "local is = c('TYPE', key).ok\n"
	    "if is ~= 'none' and is ~= kind then\n"
	    "  return redis.error_reply('WRONGTYPE ' .. key ..\n"
	    "    ' is a ' .. is .. ', not a ' .. kind)\n"
	    "end\n"
	    "local members, next_at = {}, '0'\n"
	    "if place == 'poison' then\n"
	    "  members = c('ZRANGE', poison, at, at + limit - 1)\n"
	    "  if #members == limit then next_at = tostring(at + limit) end\n"
	    "else\n"
	    "  local page = c('SSCAN', processing, at, 'COUNT', limit)\n"
	    "  next_at, members = page[1], page[2]\n"
	    "end\n"
	    "local found, most = {next_at}, tonumber(ARGV[4])\n"
	    "for _, m in ipairs(members) do\n"
	    "  local name = redis.sha1hex(m)\n"
	    "  local v = place == 'poison' and c('HGET', notes, name)\n"
	    "  local last = #m > most and 300 or -1\n"
	    "  found[#found + 1] = {name, #m, string.sub(m, 1, last), v or ''}\n"
	    "end\n"
	    "return found\n"
};

/*
 * KEYS tasks, notes, poison, processing; ARGV place, what, SHA-1, member (''
 * when it has to be looked for), due.  Returns 'ok' or 'gone'.
 */
const struct redis_script handover_decide_script = {
	.sha1 = "e0c887acd9079ea57d46668b6b644bbf4d7155ab",
	.text =
	    "local c = redis.call\n"
	    "local tasks, notes, poison, processing = unpack(KEYS)\n"
	    "local kinds = {'zset', 'hash', 'zset', 'set'}\n"
	    "for i, kind in ipairs(kinds) do\n"
	    "  local is = c('TYPE', KEYS[i]).ok\n"
	    "  if is ~= 'none' and is ~= kind then\n"
	    "    return redis.error_reply('WRONGTYPE ' .. KEYS[i] ..\n"
	    "      ' is a ' .. is .. ', not a ' .. kind)\n"
	    "  end\n"
	    "end\n"
	    "local place, requeue = ARGV[1], ARGV[2] == 'requeue'\n"
	    "local name, m, due = ARGV[3], ARGV[4], ARGV[5]\n"
	    "local function look(members)\n"
	    "  for _, found in ipairs(members) do\n"
	    "    if redis.sha1hex(found) == name then return found end\n"
	    "  end\n"
	    "end\n"
	    "local at = 0\n"
	    "while m == '' do\n"
	    "  local page, next_at\n"
	    "  if place == 'poison' then\n"
	    "    page, next_at = c('ZRANGE', poison, at, at + 15), at + 16\n"
	    "    if #page == 0 then return 'gone' end\n"
	    "  else\n"
	    "    local scan = c('SSCAN', processing, at, 'COUNT', 100)\n"
	    "    next_at, page = scan[1], scan[2]\n"
	    "  end\n"
	    "  m = look(page) or ''\n"
	    "  at = next_at\n"
	    "  if m == '' and at == '0' then return 'gone' end\n"
	    "end\n"
	    "local removed\n"
	    "if place == 'poison' then\n"
	    "  removed = c('ZREM', poison, m)\n"
	    "  local v = removed == 1 and c('HGET', notes, name) or nil\n"
	    "  local from = v and string.match(v, '^p|[^|]*|([^|]*)|')\n"
	    /* Without a note whoever exported it would put it there again. */
	    "  if from and from ~= '' then\n"
	    "    c('HSET', notes, name, (requeue and 'e|' or 'd|') .. due ..\n"
	    "      '|' .. from .. '||0')\n"
	    "  elseif v then\n"
	    "    c('HDEL', notes, name)\n"
	    "  end\n"
	    "else\n"
	    "  removed = c('SREM', processing, m)\n"
	    "end\n"
	    "if removed == 0 then return 'gone' end\n"
	    "if requeue then c('ZADD', tasks, 'NX', due, m) end\n"
	    "return 'ok'\n"
};

/*
 * KEYS tasks; ARGV from where, how many (0: only count, all and due).
 * Returns due, size and beginning of each.
 */
const struct redis_script handover_list_script = {
	.sha1 = "b3d23997c93b2368eafbc5442a67a325b122bf2f",
	.text =
	    "local c = redis.call\n"
	    "local is = c('TYPE', KEYS[1]).ok\n"
	    "if is ~= 'none' and is ~= 'zset' then\n"
	    "  return redis.error_reply('WRONGTYPE ' .. KEYS[1] ..\n"
	    "    ' is a ' .. is .. ', not a zset')\n"
	    "end\n"
	    "if ARGV[2] == '0' then\n"
	    "  local t = c('TIME')\n"
	    "  return {c('ZCARD', KEYS[1]), c('ZCOUNT', KEYS[1], '-inf',\n"
	    "    string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))}\n"
	    "end\n"
	    "local found = {}\n"
	    "local page = c('ZRANGE', KEYS[1], ARGV[1],\n"
	    "  ARGV[1] + ARGV[2] - 1, 'WITHSCORES')\n"
	    "for i = 1, #page, 2 do\n"
	    "  local due = tonumber(page[i + 1])\n"
	    "  if not due or due ~= due then due = 0 end\n"
	    "  found[#found + 1] = string.format('%.0f', due)\n"
	    "  found[#found + 1] = #page[i]\n"
	    "  found[#found + 1] = string.sub(page[i], 1, 4096)\n"
	    "end\n"
	    "return found\n"
};
