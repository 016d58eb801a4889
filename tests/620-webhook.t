#!/bin/bash
# SPDX-License-Identifier: MIT
# receive-update, asked as a web server asks: who is let in, what is stored
# before 200 is said, and what is answered when it cannot be. It is then killed
# at the points at which it touches the world outside: what was answered 200 is
# there, and what was not comes again and is there once.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'redis_end; rm -rf "$tmp"' EXIT
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
word=Open-Sesame_7
words='Anna Petrovna'
bot_setup http://127.0.0.1:1
echo "TELEGRAM_WEBHOOK_SECRET=$word" >>"$tmp/env"

# update ID: one, as Telegram lays it out
update()
{
	printf '{"update_id":%s,\n"message":{"message_id":1,"date":1,"chat":{"id":42,"type":"private","first_name":"%s"},"text":"hi"}}' \
		"$1" "$words"
}

# asks BODY [VARIABLE=VALUE...]: a web server asks; leaves $code and $said
asks()
{
	local body=$1
	shift
	printf '%s' "$body" >"$tmp/in"
	env REQUEST_METHOD=POST CONTENT_LENGTH="$(wc -c <"$tmp/in")" \
		CONTENT_TYPE=application/json \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$word "$@" \
		"$B/libexec/receive-update" >"$tmp/out" 2>"$tmp/err" <"$tmp/in"
	code=$(sed -n '1s/^Status: \([0-9]*\) .*/\1/p' "$tmp/out")
	said=$(tr -d '\r' <"$tmp/out" | sed '1,/^$/d')
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
}

updates() { sql 'SELECT count(*) FROM updates'; }
retry() { sed -n 's/^Retry-After: \([0-9]*\)\r$/\1/p' "$tmp/out"; }
# within LEAST MOST NUMBER
within()
{
	[ "${3:-x}" -ge "$1" ] 2>/dev/null && [ "$3" -le "$2" ] || echo "'${3-}'"
}

# --- who is let in, and what is stored

asks "$(update 7)"
is 'no database: 503, and a second one is not made' '503 60 1 no' "$code $(retry) $(
	grep -c "no database at '$db'" "$tmp/err") $([ -e "$db" ] && echo yes || echo no)"
asks "$(update 7)" HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=open-sesame_7
is 'a wrong secret is told before anything is opened' 403 "$code"
"$LEADPIPE" deploy-flow -q "$TOP/examples/funnel.json"
asks "$(update 7)" DEV_MODE=1
is 'an update: 200, one answer of plain text' '200 ok 1 text/plain' \
	"$code $said $(grep -c ^Status "$tmp/out") $(sed -n 's/^Content-Type: \([a-z/]*\).*/\1/p' "$tmp/out")"
is '... it is stored byte for byte' "$(update 7 | md5sum)" \
	"$(sql 'SELECT raw FROM updates' | head -c -1 | md5sum)"
is '... and the log names it, not what the person wrote' 1 \
	"$(grep -c ' update_stored update=7 bytes=' "$tmp/err")"
asks "$(update 7)" DEV_MODE=1
is 'the same again: 200, nothing is stored' '200 1 1' \
	"$code $(updates) $(grep -c ' update_known update=7' "$tmp/err")"
asks "$(update 7 | jq . --indent 3)"
is '... nor when it is laid out otherwise' '200 1' "$code $(updates)"
asks "$(update 7 | tr -d i)" ; asks "$(update 7 | sed 's/"hi"/"ho"/')"
is 'another one of the same id is stored' '200 2' "$code $(updates)"
# shellcheck disable=SC2034 # below
half=$(update 9 | head -c 40)
head -c 500000 /dev/zero | tr '\0' x >"$tmp/long"
asks "$(update 8 | sed 's/}}$//'),\"caption\":\"$(cat "$tmp/long")\"}}"
is 'half a megabyte is stored' '200 3' "$code $(updates)"
while IFS='|' read -r name wanted body settings; do
	eval "asks $body $settings"
	is "$name is $wanted" "$wanted 3 " \
		"$code $(updates) $([ "$wanted" != 503 ] || within 1 60 "$(retry)")"
done <<'CASES'
a GET|405|"$(update 9)"|REQUEST_METHOD=GET
a PUT|405|"$(update 9)"|REQUEST_METHOD=PUT
no method|405|"$(update 9)"|REQUEST_METHOD= GATEWAY_INTERFACE=CGI/1.1
no secret|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=
the beginning of it|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=${word%?}
more than it|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=${word}7
it twice|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$word$word
one of 100 KB|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$(head -c 100000 "$tmp/long")
a secret in the query alone|403|"$(update 9)"|HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN= QUERY_STRING=secret_token=$word
no length|411|"$(update 9)"|CONTENT_LENGTH=
a length that is none|400|"$(update 9)"|CONTENT_LENGTH=-1
a length beyond all|413|"$(update 9)"|CONTENT_LENGTH=99999999999
a megabyte and more|413|"$(update 9)$(cat "$tmp/long" "$tmp/long" "$tmp/long")"|
a body that ends early|400|"$(update 9)"|CONTENT_LENGTH=1000
nothing|400|''|
garbage|400|hello|
half an update|400|"$half"|
an array|400|"[$(update 9)]"|
one without an id|400|'{"message":{}}'|
an id that is a text|400|'{"update_id":"9"}'|
an id that is a fraction|400|'{"update_id":9.5}'|
an id beyond all|400|'{"update_id":99999999999999999999}'|
two of them|400|"$(update 9)$(update 10)"|
a form|400|update_id=9|
no secret here|503|"$(update 9)"|TELEGRAM_WEBHOOK_SECRET=
a secret that cannot be one here|503|"$(update 9)"|TELEGRAM_WEBHOOK_SECRET=a.b HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=a.b
one of 257 letters|503|"$(update 9)"|TELEGRAM_WEBHOOK_SECRET=$(head -c 257 "$tmp/long")
a limit that is none|503|"$(update 9)"|LEADPIPE_WEBHOOK_PER_MINUTE=many
a configuration that is not there|503|"$(update 9)"|LEADPIPE_CONFIG=$tmp/none
the bot of another token|503|"$(update 9)"|BOT_TOKEN=5555:${sim_token#*:}
CASES
is 'who has the state is told to us alone' '2 0' "$(grep -o '4242\|5555' "$tmp/err" |
	sort -u | wc -l) $(grep -c '4242\|5555' "$tmp/out")"
asks "$(update 9)" TELEGRAM_WEBHOOK_SECRET=
is 'what to set is told' 1 "$(grep -c 'TELEGRAM_WEBHOOK_SECRET is not set' "$tmp/err")"
long=$(head -c 256 "$tmp/long")
asks "$(update 9)" TELEGRAM_WEBHOOK_SECRET="$long" HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN="$long"
is 'a secret of 256 letters' '200 4' "$code $(updates)"
printf '{"update_id":-3,"x":"\ud800"}' >"$tmp/odd"
asks '{"update_id":10,"message":{"text":"\ud800 \u0000"}}'
is 'half of a character costs no update' '200 5' "$code $(updates)"
env REQUEST_METHOD=POST QUERY_STRING='--db+%2Ftmp%2Fx' CONTENT_LENGTH=1 \
	"$B/libexec/receive-update" --db /tmp/x >"$tmp/out" 2>/dev/null <"$tmp/in"
is 'a query gives no options' '64 400 no' "$? $(
	sed -n '1s/^Status: \([0-9]*\) .*/\1/p' "$tmp/out") $([ -e /tmp/x ] && echo yes || echo no)"
for closed in '2>&-' '<&-'; do
	update 11 >"$tmp/in"
	found=$(env REQUEST_METHOD=POST CONTENT_LENGTH=500 \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$word \
		bash -c "exec '$B/libexec/receive-update' $closed" 2>/dev/null <"$tmp/in" |
		sed -n '1s/^Status: \([0-9]*\) .*/\1/p')
	is "without $closed there is an answer" 400 "$found"
done
run receive-update
is 'by hand it says who starts it' '64 1' "$status $(grep -c 'a web server starts it' "$tmp/err")"
update 12 >"$tmp/update.json"
exits 'a file' 0 receive-update "$tmp/update.json" --json
is '... is stored as if it had come' '{"schema":1,"update_id":12,"added":true} 6' "$out $(updates)"
exits '... once' 0 receive-update "$tmp/update.json"
exits 'a file that is none' 65 receive-update "$tmp/none.json"
exits 'one with something else in it' 65 receive-update "$tmp/env"
other=(setpriv --reuid nobody --regid nogroup --clear-groups)
if chown nobody "$tmp/env" 2>"$tmp/said" && chmod 755 "$tmp" &&
	"${other[@]}" test -x "$B/libexec/receive-update" 2>"$tmp/said"; then
	update 13 >"$tmp/in"
	REQUEST_METHOD=POST CONTENT_LENGTH=$(wc -c <"$tmp/in") \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$word "${other[@]}" \
		"$B/libexec/receive-update" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	is 'another user than the owner: 503, and who it is' '1 1' \
		"$(grep -c '^Status: 503' "$tmp/out") $(grep -c 'this is user [0-9]*; the web server has to' "$tmp/err")"
	chown "$(id -u)" "$tmp/env"
else
	passed 'another user than the owner # SKIP needs root'
fi
is 'none of the state is for others' '' "$(open_files)"
is 'it loads no libcurl' '' "$(ldd "$B/libexec/receive-update" | grep curl)"

# --- what the world does meanwhile

sql 'DELETE FROM updates'
exec 9<"$state/write.lock"
flock 9
asks "$(update 20)"
is 'somebody else keeps the database: 503, soon again' '503 5 0' "$code $(retry) $(updates)"
exec 9<&-
for error in ENOSPC EIO; do
	asks "$(update 20)" LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_ERROR_FROM=1 FAULT_ERRNO=$error FAULT_FILES_ONLY=1 FAULT_ONLY=write,fsync
	is "$error: 503" '503 0' "$code $(updates)"
done
mkdir "$tmp/journal"
asks "$(update 20)" LEADPIPE_JOURNAL_DIR="$tmp/journal"
is 'a journal has it too' '200 1 1' \
	"$code $(updates) $(cat "$tmp"/journal/* | grep -c '^lpj1 update [0-9]* 20 ')"
asks "$(update 21)" LEADPIPE_JOURNAL_DIR="$tmp/away"
is 'a journal that is not there: 503, nothing is stored' '503 1' "$code $(updates)"

# --- the limit

sql "DELETE FROM updates; DELETE FROM meta WHERE key LIKE 'webhook%'"
echo LEADPIPE_WEBHOOK_PER_MINUTE=3 >>"$tmp/env"
for id in 1 2 3; do asks "$(update $id)"; done
is 'as many as are allowed' '200 3' "$code $(updates)"
asks "$(update 4)"
is 'one more: 503, not stored' '503 3' "$code $(updates)"
passed '... until the minute is over' "$(within 1 60 "$(retry)")"
asks "$(update 4)" HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=x
is '... a forged one is not even counted' 403 "$code"
asks "$(update 4)" LEADPIPE_WEBHOOK_PER_MINUTE=0
is '0: there is no limit' '200 4' "$code $(updates)"
sql "UPDATE meta SET value = value - 60000 WHERE key = 'webhook_window'"
asks "$(update 5)"
is 'the next minute' '200 5' "$code $(updates)"
sql "UPDATE meta SET value = value + 3600000 WHERE key = 'webhook_window';
	UPDATE meta SET value = 3 WHERE key = 'webhook_taken'"
asks "$(update 6)"
is 'a minute that is of before the clock went back' '200 6' "$code $(updates)"
sql "DELETE FROM updates; DELETE FROM meta WHERE key LIKE 'webhook%'"
for id in 1 2 3 4 5 6 7 8; do
	env REQUEST_METHOD=POST CONTENT_LENGTH="$(update $id | wc -c)" \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$word \
		"$B/libexec/receive-update" < <(update $id) >"$tmp/at$id" 2>&1 &
done
wait
is 'of eight at once three are stored, and are told so' '3 3 5' "$(updates) $(
	cat "$tmp"/at? | grep -c '^Status: 200') $(cat "$tmp"/at? | grep -c '^Status: 503')"

redis_start
key=ratelimit:webhook:4242
echo "REDIS_URL=$redis_url" >>"$tmp/env"
sql "DELETE FROM updates; DELETE FROM meta WHERE key LIKE 'webhook%'"
for id in 1 2 3; do asks "$(update $id)"; done
is 'Redis counts, as other programs do' '200 3 3' "$code $(updates) $(redis GET $key)"
passed '... for a minute' "$(within 1 60 "$(redis TTL $key)")"
asks "$(update 4)"
is 'one more: 503, not stored' '503 3' "$code $(updates)"
redis SET $key 3 EX 17 >"$tmp/said"
asks "$(update 4)"
passed 'what others took counts, as long as they say' "$(within 1 17 "$(retry)")"
sql "DELETE FROM meta WHERE key LIKE 'webhook%'"
redis SET $key 1 >"$tmp/said"
asks "$(update 4)"
is 'a counter whose owner died gets an end' '200 4 ' \
	"$code $(updates) $(within 1 60 "$(redis TTL $key)")"
redis DEL $key >"$tmp/said"; redis LPUSH $key x >"$tmp/said"
asks "$(update 5)"
is 'a key that is no counter is told, and we count' '200 5 1' \
	"$code $(updates) $(grep -c "'$key' does not count: WRONGTYPE" "$tmp/err")"
redis DEL $key >"$tmp/said"
redis ACL SETUSER shop on '>pass' +@all '~lp:*' >"$tmp/said"
asks "$(update 6)" REDIS_URL="redis://shop:pass@127.0.0.1:$redis_port"
is 'nor one that we have no right to; Redis is not given up for it' '200 6 0' \
	"$code $(updates) $(sql "SELECT count(*) FROM breakers WHERE open_until > 0")"
redis_stop
sql "UPDATE meta SET value = 2 WHERE key = 'webhook_taken'"
asks "$(update 7)"
one=$code
asks "$(update 8)"
is 'without Redis this host goes on counting' '200 503 7' "$one $code $(updates)"

passed 'the secret and what a person wrote are in no answer and no log' \
	"$(grep -a -e "$word" -e "$words" -e "${sim_token#*:}" "$tmp/all" | head -3)"

# --- killed

sed -i '/^REDIS_URL\|PER_MINUTE/d' "$tmp/env"
mkdir -p "$tmp/journal"
echo "LEADPIPE_JOURNAL_DIR=$tmp/journal" >>"$tmp/env"
sql 'DELETE FROM updates'
classes=write,fsync,ftruncate,unlink,rename,flock
asks "$(update 1)" LD_PRELOAD="$B/tests/fault/fault-shim.so" \
	FAULT_COUNT_FILE="$tmp/count" FAULT_ONLY=$classes
last=$(tr -d ' ' <"$tmp/count")
step=3
[ "$extent" != full ] || step=1
found='' tried=0 killed=0 id=100
for ((point = 1 + RANDOM % step; point <= last; point += step)); do
	tried=$((tried + 1)) id=$((id + 1))
	{ asks "$(update $id)" LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_KILL_AT=$point FAULT_ONLY=$classes; } 2>&-
	there=$(sql "SELECT count(*) FROM updates WHERE update_id = $id")
	kept=$(cat "$tmp"/journal/* | grep -c "^lpj1 update [0-9]* $id ")
	[ "$code" = 200 ] || killed=$((killed + 1))
	[ "$code" != 200 ] || [ "$there/$kept" = 1/1 ] ||
		found+="point $point: 200, and $there rows, $kept in the journal"$'\n'
	[ "$there" -le "$kept" ] || found+="point $point: not in the journal"$'\n'
	asks "$(update $id)"
	there=$(sql "SELECT count(*) FROM updates WHERE update_id = $id")
	[ "$code/$there" = 200/1 ] ||
		found+="point $point: then $code, and $there rows"$'\n'
done
echo "# $last points, killed before the answer at $killed of $tried"
passed "killed at $tried points: nothing lost, nothing doubled" "$found"
passed 'at some of them it had not answered' "$([ "$killed" -gt 0 ] || echo none)"
tap_end
