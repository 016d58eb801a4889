#!/bin/bash
# SPDX-License-Identifier: MIT
# What comes to a web server in the open: forged secrets, bodies that are too
# large, too long, too short or never end, other methods, paths and headers than
# ours. It is refused or harmless, and nobody else notices.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
# shellcheck source=tests/nginx.sh
. "$TOP/tests/nginx.sh"
trap 'web_stop; rm -rf "$tmp"' EXIT
web_needed
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
bot_setup http://127.0.0.1:1
secret=open-sesame_1234567890
# 1000 is what it is without this; as many take half a minute here.
most=50
[ "$extent" != full ] || most=1000
printf '%s\n' "TELEGRAM_WEBHOOK_SECRET=$secret" \
	"LEADPIPE_WEBHOOK_PER_MINUTE=$most" >>"$tmp/env"
"$LEADPIPE" add-lead <<<'name=Template' >"$tmp/out"
sql 'DELETE FROM leads; DELETE FROM lead_sources'

# Between fcgiwrap and the commands: tells what they are given.
web_commands=$tmp/commands
mkdir "$web_commands"
for name in add-lead receive-update; do
	cat >"$web_commands/$name" <<-SH
	#!/bin/sh
	echo $name >>$tmp/ran
	env >$tmp/given
	exec $B/libexec/$name "\$@"
	SH
	chmod +x "$web_commands/$name"
done
: >"$tmp/ran"
LEAKED=through web_start

stored() { sql 'SELECT (SELECT count(*) FROM updates) || " " ||
	(SELECT count(*) FROM leads)'; }
ran() { wc -l <"$tmp/ran"; }

# hook [CURL-OPTION...]: leaves $code and $tmp/head
visitors=1
hook()
{
	visitors=$((visitors % 250 + 1))
	code=$(curl -s -m 60 --interface "127.0.0.$visitors" -o "$tmp/body" \
		-D "$tmp/head" -w '%{http_code}' \
		-H "X-Telegram-Bot-Api-Secret-Token: ${word=$secret}" \
		"${@:2}" "$web_root$1")
}
update() { echo "{\"update_id\":$1,\"message\":{\"text\":\"$2\"}}"; }

# raw REQUEST: as it is, with \r at the line ends; the status in $code
raw()
{
	exec 8<>"/dev/tcp/127.0.0.1/$web_port"
	printf '%s\r\n' "${1//$'\n'/$'\r\n'}" >&8
	code=
	read -r -t 30 _ code _ <&8
	exec 8>&-
}

# --- who is it?

hook /telegram/shop -d "$(update 1 good)"
is 'Telegram itself' '200 1 0' "$code $(stored)"
while IFS='|' read -r name word; do
	hook /telegram/shop -d "$(update 2 forged)"
	is "$name" '403 1 0' "$code $(stored)"
done <<-CASES
	no secret|
	another|open-sesame_1234567891
	its beginning|open-sesame_123456789
	a longer one|${secret}0
	one in capitals|${secret^^}
	300 letters|$(printf 'a%.0s' {1..300})
CASES
word=$(printf 'a%.0s' {1..9000})
hook /telegram/shop -d "$(update 2 forged)"
is '9,000 letters do not come this far' '400 1 0' "$code $(stored)"
word=
hook "/telegram/shop?X-Telegram-Bot-Api-Secret-Token=$secret" \
	-H "X_Telegram_Bot_Api_Secret_Token: $secret" -d "$(update 2 forged)"
is 'not in the query, nor in a header that looks alike' '403 1 0' \
	"$code $(stored)"
unset word
truncate -s 900K "$tmp/zeros"
word=none hook /telegram/shop -T "$tmp/zeros" -X POST
is 'with a body that is longer than a pipe it is told so, too' 403 "$code"

# --- how much?

truncate -s 100M "$tmp/zeros"
before=$(ran)
for path in /telegram/shop /lead; do
	hook "$path" -T "$tmp/zeros" -X POST
	is "$path: 100 MB are refused" 413 "$code"
	hook "$path" -T "$tmp/zeros" -X POST -H 'Transfer-Encoding: chunked'
	is "$path: also in pieces" 413 "$code"
done
is 'and nobody is started for them' "$before" "$(ran)"
is 'nor are they on the disk' yes \
	"$([ "$(du -sk "$tmp/web" | cut -f 1)" -lt 2048 ] && echo yes)"
truncate -s 200K "$tmp/zeros.200k"
hook /lead -T "$tmp/zeros.200k" -X POST
is 'a lead of 200 kB is none' 413 "$code"
for name in add-lead receive-update; do
	(ulimit -v 300000; env REQUEST_METHOD=POST CONTENT_LENGTH=104857600 \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=$secret \
		"$B/libexec/$name" <"$tmp/zeros" 2>/dev/null) >"$tmp/out"
	is "$name refuses them itself, by their length" 'Status: 413' \
		"$(head -n 1 "$tmp/out" | cut -d ' ' -f 1,2)"
done
rm "$tmp/zeros"
for item in 1 '[]'; do
	{ printf '{"name":"List","phone":"89161230009","a":['
		yes "$item," | head -n 250000 | tr -d '\n'
		echo '1]}'; } >"$tmp/list"
	# A minute, before it was seen; a tenth of a second now.
	(ulimit -t 10; env REQUEST_METHOD=POST CONTENT_TYPE=application/json \
		CONTENT_LENGTH="$(wc -c <"$tmp/list")" \
		"$B/libexec/add-lead" <"$tmp/list" 2>/dev/null) >"$tmp/out"
	is "a quarter of a million of '$item' keeps nobody waiting" 'Status: 200' \
		"$(head -n 1 "$tmp/out" | cut -d ' ' -f 1,2)"
done
sql 'DELETE FROM leads; DELETE FROM lead_sources'

# --- is it a request?

before=$(ran)
head="POST /telegram/shop HTTP/1.1
Host: x
X-Telegram-Bot-Api-Secret-Token: $secret
Content-Type: application/json"
body=$(update 3 length)
while IFS='|' read -r wanted name lines; do
	raw "$head
$(printf '%b' "$lines")

$body"
	is "$name" "$wanted" "$code"
done <<-'CASES'
	400|a length below zero|Content-Length: -5
	400|a length that is none|Content-Length: 5x
	400|two lengths|Content-Length: 5\nContent-Length: 50
	400|a length and pieces|Content-Length: 5\nTransfer-Encoding: chunked
	400|pieces that are none|Transfer-Encoding: chunked
	501|another encoding|Transfer-Encoding: gzip
	400|a header in two lines|X-A: b\nContent-Length
CASES
is 'none of them starts anybody' "$before 1 0" "$(ran) $(stored)"
raw "$head
Content-Length: 10

$body"
is 'a length that is too short: what is left is no update' '400 1 0' \
	"$code $(stored)"
before=$(ran)
exec 8<>"/dev/tcp/127.0.0.1/$web_port"
printf '%s\nContent-Length: 5000\n\n%s' "$head" "$body" | sed 's/$/\r/' >&8
exec 8>&-
hook /telegram/shop -d "$(update 4 good)"
is 'who goes away in the middle is nobody' "$((before + 1)) 200 2 0" \
	"$(ran) $code $(stored)"

while IFS= read -r body; do
	hook /telegram/shop --data-binary "$body"
	is "garbage: ${body:0:40}" '400 2 0' "$code $(stored)"
done <<-CASES
	hello
	[]
	{"update_id":5
	{"message":{}}
	{"update_id":"x"}
	$(printf '[%.0s' {1..5000})
	{"update_id":5,"message":{"text":"$(printf '\xff\xfe')"}
CASES
hook /telegram/shop -d "$(update 4 good)"
hook /telegram/shop -d "$(update 4 good)"
is 'a replay is known' '200 2 0' "$code $(stored)"

# --- other methods and paths

before=$(ran)
for method in GET --head PUT DELETE PATCH PROPFIND; do
	for path in /telegram/shop /lead; do
		if [ $method = --head ]; then
			hook $path $method
		else
			hook $path -X $method
		fi
		is "$method $path" 403 "$code"
	done
done
hook /telegram/shop -X OPTIONS
is 'OPTIONS is for forms' 403 "$code"
while IFS='|' read -r wanted path; do
	raw "POST $path HTTP/1.1
Host: x
Content-Length: 0
"
	is "the path $path" "$wanted" "$code"
done <<-'CASES'
	404|/telegram/x
	404|/telegram/shop/
	404|/telegram/shop/../x
	404|/telegram/../telegram
	400|/../../etc/passwd
	400|/lead/../../lead/x
	400|/lead%2f..%2f..%2fbin%2fsh
	400|/telegram/shop%00
	404|/usr/libexec/leadpipe/add-lead
	404|/add-lead
CASES
is 'none of them starts anybody' "$before 2 0" "$(ran) $(stored)"
sed "s|$web_commands/add-lead|/usr/bin/env|" "$tmp/web/example.conf" >"$tmp/new"
cp "$tmp/web/example.conf" "$tmp/old"
cp "$tmp/new" "$tmp/web/example.conf"
# reload: until those who knew the old configuration are gone
reload()
{
	local i old
	old=$(pgrep -d, -P "$nginx_pid")
	kill -HUP "$nginx_pid"
	for ((i = 0; i < 500; i++)); do
		ps -p "$old" >"$tmp/said" || return
		sleep 0.02
	done
}
reload
hook /lead -d name=x
is 'a server that is set up wrongly runs nothing else as us' \
	'403 1' "$code $(grep -c 'not allowed to execute (/usr/bin/env)' \
	"$tmp/web/journal" | sed 's/[1-9].*/1/')"
cp "$tmp/old" "$tmp/web/example.conf"
reload
sql 'DELETE FROM leads; DELETE FROM lead_sources'

# --- words of a stranger

hook '/lead?--help+89161230001' -d 'name=Query&phone=89161230001'
is 'a query is no option' '200 ok 2 1' "$code $(cat "$tmp/body") $(stored)"
hook "/lead?--db+$tmp/other.db" -d 'name=Query&phone=89161230001'
is 'not even a good one' '200 2 1 none' \
	"$code $(stored) $(ls "$tmp/other.db" 2>/dev/null || echo none)"
hook '/telegram/shop?--db+/tmp/x' -d "$(update 6 query)"
is 'of no command' '200 3 1' "$code $(stored)"
for name in add-lead receive-update; do
	env REQUEST_METHOD=POST QUERY_STRING=--help CONTENT_LENGTH=0 \
		"$B/libexec/$name" --help </dev/null >"$tmp/out" 2>/dev/null
	is "$name: nor where a server makes words of it" '64 Status: 400' \
		"$? $(head -n 1 "$tmp/out" | cut -d ' ' -f 1,2)"
done
hook /lead -d 'name=Proxy&phone=89161230002' -H 'Proxy: http://127.0.0.1:9' \
	-H 'X-Forwarded-For: 192.0.2.1' -H 'LEADPIPE_CONFIG: /tmp/x' \
	-H 'Leadpipe-Config: /tmp/x' -e http://site.example/
is 'a header is no setting: a proxy' '' "$(sed -n 's/^HTTP_PROXY=//p' \
	"$tmp/given")"
is 'a header is no setting: ours' "200 $tmp/env" \
	"$code $(sed -n 's/^LEADPIPE_CONFIG=//p' "$tmp/given")"
is 'an address is not what somebody says it is' "127.0.0.$visitors" \
	"$(sql "SELECT details ->> 'ip' FROM leads ORDER BY id DESC LIMIT 1")"
is 'what systemd gives to fcgiwrap comes to the command' through \
	"$(sed -n 's/^LEAKED=//p' "$tmp/given")"

# --- slow ones

# Each of 50 has sent half of its body, 10 only half of their headers; 16 could
# be served at once.
before=$(ran)
slow=()
for ((i = 0; i < 60; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$web_port"
	slow+=("$fd")
	if [ $i -lt 50 ]; then
		printf 'POST /lead HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n'
		printf '\r\nname=Slow'
	else
		printf 'POST /lead HTTP/1.1\r\nHost: x\r\nX-'
	fi >&"$fd"
done
hook /telegram/shop -d "$(update 7 quick)"
is 'sixty slow clients keep nobody waiting' '200' "$code"
is 'and none of them has a process' "$((before + 1))" "$(ran)"
for fd in "${slow[@]}"; do
	printf a >&"$fd"
done 2>/dev/null
hook /lead -d 'name=Quick&phone=89161230003'
is 'a byte later neither' "200 $((before + 2))" "$code $(ran)"
for fd in "${slow[@]}"; do
	exec {fd}>&-
done
is 'they left nothing' '4 3' "$(stored)"

# --- too many

for ((i = 0; i < 40; i++)); do
	curl -s -o /dev/null -w '%{http_code}\n' --interface 127.0.0.254 \
		-d "name=Flood&phone=8916123$((1000 + i))" "$web_root/lead"
done | sort | uniq -c >"$tmp/codes"
is 'one visitor who sends without end is told to wait' '503' \
	"$(sed -n 's/ *[0-9]* \(5.*\)/\1/p' "$tmp/codes")"
sql "DELETE FROM updates; DELETE FROM meta WHERE key LIKE 'webhook_%'"
"$B/tests/fault/web-load" "127.0.0.1:$web_port" /telegram/shop "$most" 60000 \
	50 "$secret" >"$tmp/load"
hook /telegram/shop -d "$(update 8 after)"
is "Telegram itself: $most in a minute; the next is to come later" \
	"$most 503 yes" "$(jq .accepted "$tmp/load") $code $(tr -d '\r' \
	<"$tmp/head" | grep -q '^Retry-After: [1-9]' && echo yes)"
is 'and is not stored' "$most" "$(sql 'SELECT count(*) FROM updates')"

# --- afterwards

is 'no log has a secret, a phone or what people wrote' '' "$(cat \
	"$tmp/web/access" "$tmp/web/errors" "$tmp/web/journal" |
	grep -F -e "$secret" -e 8916123 -e forged -e Slow | head -n 3)"
is 'the database is well' ok "$(sql 'PRAGMA quick_check')"
tap_end
