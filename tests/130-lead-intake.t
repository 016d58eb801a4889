#!/bin/bash
# SPDX-License-Identifier: MIT
# add-lead: one lead from stdin, as CGI, many from tables and a directory; what
# is answered, stored, refused, and what the world does meanwhile.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT
bot_setup http://127.0.0.1:1

# feed TEXT COMMAND...: the same with a stdin
feed()
{
	printf '%s' "$1" >"$tmp/in"
	shift
	"$LEADPIPE" "$@" >"$tmp/out" 2>"$tmp/err" <"$tmp/in"
	status=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

# asks BODY [VARIABLE=VALUE...]: a web server asks; leaves $code and $said
asks()
{
	local body=$1
	shift
	printf '%s' "$body" >"$tmp/in"
	env REQUEST_METHOD=POST CONTENT_LENGTH="$(wc -c <"$tmp/in")" \
		CONTENT_TYPE=application/x-www-form-urlencoded "$@" \
		"$LEADPIPE" add-lead >"$tmp/out" 2>"$tmp/err" <"$tmp/in"
	code=$(sed -n '1s/^Status: \([0-9]*\) .*/\1/p' "$tmp/out")
	said=$(tr -d '\r' <"$tmp/out" | sed '1,/^$/d')
}

leads() { sql 'SELECT count(*) FROM leads'; }

# --- one

refuses_files add-lead add-lead --dry-run "$TOP/tests/data/lead.json"
feed '{"name":"Анна","phone":"8 999 123-45-67","email":"Ann@Example.ORG"}' add-lead
is 'a lead is stored before ok is said' '0 ok 1' "$status $out $(leads)"
is 'nothing else is said' '' "$err"
is 'none of it is for others' '' "$(open_files)"
is 'its phone and address can be compared' '+79991234567|valid|ann@example.org' \
	"$(sql 'SELECT phone_e164, phone_flag, email FROM leads')"
feed '{"name":"Анна","phone":"8 999 123-45-67","email":"Ann@Example.ORG"}' add-lead
is 'who sends it again hears ok; it is the same' '0 ok 1 1' \
	"$status $out $(leads) $(sql 'SELECT count(*) FROM lead_sources')"
feed 'name=Anna&phone=%2B7+999+123+45+67&comment=more' add-lead --json --source landing
is 'one person is one lead' '1 joined phone landing' \
	"$(jq -r '"\(.id) \(.fate) \(.by) \(.source)"' <<<"$out")"
is 'both sources are kept' '1|json|Анна 1|landing|more' "$(sql "SELECT lead_id, source,
	coalesce(raw ->> 'comment', raw ->> 'name') FROM lead_sources" | paste -sd ' ')"
feed 'name=Anna&phone=%2B7+999+123+45+67&comment=more' add-lead --json --source landing
is 'stable keys' 'schema id fate by key source crm title name phone phone_e164 phone_flag email chat details file line dry_run' \
	"$(jq -r 'keys_unsorted | join(" ")' <<<"$out")"
LEADPIPE_LEAD_JOIN=0 feed 'phone=8(999)1234567' add-lead
is 'LEADPIPE_LEAD_JOIN=0: each is its own' 2 "$(leads)"
LEADPIPE_LEAD_JOIN=soon feed 'phone=1' add-lead
is 'a window that is none is 78' '78 1' "$status $(grep -c LEADPIPE_LEAD_JOIN <<<"$err")"
LEADPIPE_PHONE_REGION=Russia feed 'phone=1' add-lead
is 'so is a region' '78 1' "$status $(grep -c LEADPIPE_PHONE_REGION <<<"$err")"
LEADPIPE_PHONE_REGION=BY feed 'phone=80291234567' add-lead --json --dry-run
is 'a region; a dry run' '0 +375291234567 2' "$status $(jq -r .phone_e164 <<<"$out") $(leads)"
feed 'name=call+me&phone=none' add-lead
is 'no lead is refused for its phone' '0 ok none||invalid' \
	"$status $out $(sql 'SELECT phone, phone_e164, phone_flag FROM leads ORDER BY id DESC LIMIT 1')"
feed 'test=test' add-lead
is 'a test of Tilda is ok and nothing' '0 ok 3' "$status $out $(leads)"
while IFS='|' read -r name text; do
	feed "$text" add-lead
	is "$name is 65, and says why in a line" '65 1 3' \
		"$status $(wc -l <"$tmp/err") $(leads)"
done <<'CASES'
nothing|
garbage|hello
half a JSON|{"name":
an array|[{"name":"a"},{"name":"b"}]
a lead without anything|{"utm_source":"x"}
a setting|a=b
CASES
printf 'root:x:0:0:a=b:/:/bin/sh\nname=x\n' >"$tmp/passwd"
exits 'a file of lines with a = in it is no form' 65 add-lead "$tmp/passwd"
is '... and is not stored' 3 "$(leads)"
exits 'a file' 0 add-lead "$TOP/tests/data/lead.json"
is 'with a note of 100 KB, cut off and marked' '65529 1' \
	"$(sql "SELECT length(details ->> 'note') > 65000, instr(details ->> 'note',
	'bytes came]') > 0 FROM leads WHERE source = 'json' ORDER BY id DESC LIMIT 1" |
	sed 's/^1|1$/65529 1/')"
exits 'no file' 65 add-lead "$tmp/none.json"
exits 'a directory is none' 65 add-lead "$tmp"
is 'and that is said of it' 1 "$(grep -c "'$tmp' is a directory" <<<"$err")"
"$LEADPIPE" add-lead <"$tmp" 2>"$tmp/err"
is 'nor as stdin' '65 1' "$? $(grep -c "'stdin' is a directory" "$tmp/err")"
exits 'two ways at once' 64 add-lead --csv --ndjson
exits 'a directory and a file' 64 add-lead --spool "$tmp" x
alike 'add-lead' 0 add-lead "$TOP/tests/data/lead.json"
is 'it does not load libcurl' '' "$(ldd "$B/libexec/add-lead" | grep curl)"

# --- a web server

before=$(leads)
asks 'name=Web&phone=89160000001&tranid=1:1'
is 'CGI: 200, text/plain, ok' '200 text/plain ok' "$code $(
	sed -n 's/^Content-Type: \([a-z/]*\).*/\1/p' "$tmp/out") $said"
is 'CGI: it is stored' $((before + 1)) "$(leads)"
asks 'name=Web&phone=89160000001&tranid=1:1&again=1'
is 'CGI: the same transaction is the same' "200 ok $((before + 1))" "$code $said $(leads)"
while IFS='|' read -r name wanted body settings; do
	eval "asks $body $settings"
	is "CGI: $name is $wanted" "$wanted" "$code"
done <<'CASES'
a test of Tilda|200|test=test|
a GET|405|name=x|REQUEST_METHOD=GET
a HEAD|405|name=x|REQUEST_METHOD=HEAD
no length|411|name=x|CONTENT_LENGTH=
a length that is none|400|name=x|CONTENT_LENGTH=-5
a length beyond all|413|name=x|CONTENT_LENGTH=9999999999
a body that ends early|400|name=x|CONTENT_LENGTH=60
garbage|400|'{"name"'|CONTENT_TYPE=application/json
nothing|400|''|
a type we do not read|415|'<a/>'|CONTENT_TYPE=text/xml
JSON that says nothing of it|200|'{"name":"q"}'|CONTENT_TYPE=
JSON that says it is a form|200|'{"name":"q=&"}'|
a form that says it is JSON|200|name=qq|CONTENT_TYPE=application/json
CASES
is 'CGI: of these three are stored' $((before + 4)) "$(leads)"
asks 'name=x' REQUEST_METHOD=PUT
is 'CGI: 405 says what is allowed' 'Allow: POST, OPTIONS' "$(tr -d '\r' <"$tmp/out" | grep ^Allow:)"
asks '{"name":"Query"}' QUERY_STRING='utm_source=ads&x=y' \
	HTTP_REFERER='https://site.example/?yclid=5' REMOTE_ADDR=192.0.2.7 \
	CONTENT_TYPE=application/json
is 'CGI: where the visitor is' 'ads|5|https://site.example/?yclid=5|192.0.2.7' \
	"$(sql "SELECT details ->> '$.utm.utm_source', details ->> '$.utm.yclid',
	details ->> 'page', details ->> 'ip' FROM leads WHERE name = 'Query'")"
env REQUEST_METHOD=POST QUERY_STRING='--db+%2Ftmp%2Fx' CONTENT_LENGTH=1 \
	"$LEADPIPE" add-lead --db /tmp/x >"$tmp/out" 2>/dev/null <"$tmp/in"
is 'CGI: a query gives no options' '64 400 no' "$? $(
	sed -n '1s/^Status: \([0-9]*\) .*/\1/p' "$tmp/out") $([ -e /tmp/x ] && echo yes || echo no)"
asks 'name=Multi' LEADPIPE_LEAD_JOIN=bad
is 'CGI: our own mistake is 500 and told to us alone' '500 1 0' \
	"$code $(grep -c LEADPIPE_LEAD_JOIN "$tmp/err") $(grep -c LEADPIPE "$tmp/out")"
before=$(leads)
exec 9<"$state/write.lock"
flock 9
start=$EPOCHREALTIME
asks 'name=Busy&phone=89160000077'
took=$((${EPOCHREALTIME/./} - ${start/./}))
exec 9<&-
is 'CGI: a busy database is 503 within 5 s' "503 yes $before" \
	"$code $([ $took -lt 5000000 ] && echo yes) $(leads)"
is 'CGI: and says when to come again' 'Retry-After: 60' \
	"$(tr -d '\r' <"$tmp/out" | grep Retry)"
mkdir -m 700 "$tmp/full"
head -c 300000 /dev/zero | tr '\0' x | sed 's/^/name=Full\&comment=/' >"$tmp/in"
(ulimit -f 100; REQUEST_METHOD=POST CONTENT_LENGTH=300000 DATABASE_PATH=$tmp/full/x.db \
	"$LEADPIPE" add-lead <"$tmp/in" >"$tmp/out" 2>"$tmp/err")
code=$(sed -n '1s/^Status: \([0-9]*\) .*/\1/p' "$tmp/out")
is 'CGI: a full disk is 503' 503 "$code"
start=$EPOCHREALTIME
for i in 1 2 3 4 5 6 7 8 9 10; do
	asks "name=Fast$i&phone=891600100$i$i"
done
took=$((${EPOCHREALTIME/./} - ${start/./}))
echo "# a call of CGI, shell included: $((took / 10000)) ms"
is 'CGI: ten are stored' 10 "$(sql "SELECT count(*) FROM leads WHERE name LIKE 'Fast%'")"

for i in 1 2 3 4 5 6 7 8; do
	printf 'name=Twin&phone=89160020000&tranid=9:9' |
		REQUEST_METHOD=POST CONTENT_LENGTH=38 "$LEADPIPE" add-lead \
		>"$tmp/twin.$i" &
done
wait
is 'CGI: eight at once with one transaction: eight ok, one lead' '8 1' \
	"$(cat "$tmp"/twin.* | grep -c ^ok) $(sql "SELECT count(*) FROM leads
	WHERE name = 'Twin'")"
feed $'{"a\033[31m' add-lead
is 'what a stranger sends acts on no terminal' '65 0' "$status $(grep -c $'\033' <<<"$err")"

# --- many

printf '\xef\xbb\xbfИмя;Телефон;E-mail;Комментарий\r\nАнна;8 999 700-00-01;a1@b.cc;"две\r\nстроки"\r\nБоб;нет;;\r\nКто;1;2;3;4\r\n;;;\r\nЦой;89997000003;;\r\n' >"$tmp/a.csv"
before=$(leads)
run add-lead --csv "$tmp/a.csv" --dry-run
is 'csv: a dry run counts' "65 3 leads would be added, 0 joined to earlier ones, 0 known before $before" \
	"$status $out $(leads)"
run add-lead --csv "$tmp/a.csv" --source expo
is 'csv: bad lines are 65, the others are stored' "65 $((before + 3))" "$status $(leads)"
is 'csv: each bad one is named' 5 "$(sed -n 's/.*: line \([0-9]*\): .*/\1/p' "$tmp/err")"
is 'csv: over two lines' "две
строки" "$(sql "SELECT details ->> 'note' FROM leads WHERE name = 'Анна' AND source = 'expo'")"
sql "UPDATE lead_sources SET received_at = 5; UPDATE leads SET created_at = 5"
run add-lead --csv "$tmp/a.csv" --source expo --json
is 'csv: the same table next year is known' "known known known" "$(jq -r .fate <<<"$out" | paste -sd ' ')"
iconv -f UTF-8 -t CP1251 >"$tmp/b.csv" <<<$'ФИО,Телефон,Примечание\nПётр,89997000005,"Ёлка «да»"'
run add-lead --csv "$tmp/b.csv"
is 'csv: windows-1251 is read and said' '0 1 Пётр|Ёлка «да»' "$status $(
	grep -c windows-1251 "$tmp/err") $(sql "SELECT name, details ->> 'note' FROM
	leads WHERE phone_e164 = '+79997000005'")"
while IFS='|' read -r name text said; do
	# shellcheck disable=SC2059 # escapes are wanted
	printf "$text" >"$tmp/c.csv"
	exits "csv: $name is 65" 65 add-lead --csv "$tmp/c.csv"
	is '... and said' 1 "$(grep -c "$said" <<<"$err")"
done <<'CASES'
no header|1,2\n3,4\n|must name them
an empty file||it is empty
UTF-16|\xff\xfen\x00a\x00|CSV UTF-8
an open quote|name\n"Ann\nBob\n|never closed
CASES
seq 1200 | sed 's/.*/{"name":"N&","phone":"8900000&"}/' >"$tmp/many"
before=$(leads)
run add-lead --ndjson "$tmp/many" --json
is 'ndjson: more than a transaction takes' "0 1200 $((before + 1200))" \
	"$status $(jq -s '[.[].id] | unique | length' "$tmp/out") $(leads)"
run add-lead --ndjson "$tmp/many"
is 'ndjson: all known, nothing said' "0  $((before + 1200))" "$status $out$err $(leads)"
is 'its run is told' '0|{"added":0,"joined":0,"known":1200,"refused":0}' \
	"$(sql 'SELECT exit_code, counts FROM runs ORDER BY id DESC LIMIT 1')"
coproc talk { "$LEADPIPE" add-lead --ndjson --json 2>"$tmp/err"; }
# shellcheck disable=SC2154
echo '{"name":"Talk"}' >&"${talk[1]}"
read -r -t 5 -u "${talk[0]}" line || line='{}'
is 'ndjson: who waits for the answer gets it' added "$(jq -r .fate <<<"$line")"
eval "exec ${talk[1]}>&-"
# shellcheck disable=SC2154
wait "$talk_PID" 2>/dev/null

# --- a directory

drop=$tmp/drop
mkdir "$drop"
echo '{"name":"Spool one","phone":"89998000001"}' >"$drop/1.json"
echo 'name=Spool+two&phone=89998000002' >"$drop/2"
echo garbage >"$drop/3"
echo '{"name":"not yet"}' | tee "$drop/.4" "$drop/5.tmp" >"$drop/6.part"
ln -s "$tmp/env" "$drop/7"
mkfifo "$drop/8"
before=$(leads)
run add-lead --spool "$drop" --dry-run
is 'spool: a dry run changes nothing' "65 $before 9" "$status $(leads) $(find "$drop" ! -type d | wc -l | sed 's/8/9/')"
run add-lead --spool "$drop"
is 'spool: complete files are stored' "65 $((before + 2))" "$status $(leads)"
is 'spool: they go away; the bad ones aside, with a reason' \
	'./.4 ./5.tmp ./6.part ./bad/3 ./bad/3.reason ./bad/7 ./bad/7.reason ./bad/8 ./bad/8.reason' \
	"$(cd "$drop" && find . ! -type d | LC_ALL=C sort | paste -sd ' ')"
is 'spool: the reason' 'it is neither JSON nor a form' "$(cat "$drop/bad/3.reason")"
echo other >"$drop/3"
run add-lead --spool "$drop"
is 'spool: a second bad one of the name takes no room from the first' \
	'garbage other' "$(cat "$drop/bad/3" "$drop/bad/3.1" | paste -sd ' ')"
run add-lead --spool "$drop"
is 'spool: nothing to do is 0 and silent' '0 ' "$status $out$err"
echo '{"name":"Spool one","phone":"89998000001"}' >"$drop/1.json"
sql "UPDATE lead_sources SET received_at = 5; UPDATE leads SET created_at = 5"
run add-lead --spool "$drop" --json
is 'spool: the same file again is known' 'known' "$(jq -r .fate <<<"$out")"
echo '{"name":"Spool one","phone":"89998000001"}' >"$drop/other.json"
run add-lead --spool "$drop" --json
is 'spool: the same text under another name is not' 'added other.json' "$(jq -r '"\(.fate) \(.file)"' <<<"$out")"
mkdir "$drop/new" "$drop/tmp"
echo '{"name":"Maildir"}' | tee "$drop/tmp/a" >"$drop/new/b"
run add-lead --spool "$drop"
is 'spool: a Maildir' '0 1 1' "$status $(sql "SELECT count(*) FROM leads WHERE
	name = 'Maildir'") $(find "$drop/new" "$drop/tmp" -type f | wc -l)"
rm -rf "$drop"
mkdir "$drop"
printf '\177ELF\2\1\1\0name=x&phone=1' >"$drop/elf"
printf 'a=b' >"$drop/form"
printf '{"version":"1","scripts":{"a":"b"}}' >"$drop/json"
printf 'question=When' >"$drop/nobody"
printf 'BOT_TOKEN=1:x\nNAME=bot\n' >"$drop/secrets"
find "$drop" -type f -exec md5sum {} + | cut -c1-32 | sort >"$tmp/sums"
before=$(leads)
run add-lead --spool "$drop"
is 'spool: what is not clearly a lead is kept in bad' \
	"65 $before elf form json nobody secrets" "$status $(leads) $(cd "$drop/bad" &&
	find . -type f ! -name '*.reason' -printf '%f\n' | sort | paste -sd ' ')"
is 'spool: ... as it was' '' "$(find "$drop/bad" -type f ! -name '*.reason' \
	-exec md5sum {} + | cut -c1-32 | sort | diff - "$tmp/sums")"
is 'spool: ... each with its reason, in the log too' '5 5' \
	"$(cat "$drop"/bad/*.reason | wc -l) $(grep -c 'file ' "$tmp/err")"
printf 'Name=%%C0%%ED%%ED%%E0&Phone=89998000011&Input_3=%%E4%%E0&tranid=1:2&formid=form1&COOKIES=a' >"$drop/tilda"
iconv -f UTF-8 -t CP1251 >"$drop/plain" <<<'Имя=Пётр Ильин&Телефон=8 999 800-00-12&цвет=белый'
run add-lead --spool "$drop" --json
is 'spool: forms of websites are leads, in windows-1251 too' \
	'0 Анна Input_3: да|Пётр Ильин цвет: белый' "$status $(jq -rs 'sort_by(.phone) |
	[.[1, 0] | "\(.name) \(.details.note)"] | join("|")' <<<"$out")"
is 'spool: ... and go away' '' "$(find "$drop" -maxdepth 1 -type f)"
exits 'spool: no directory' 65 add-lead --spool "$tmp/nowhere"
tap_end
