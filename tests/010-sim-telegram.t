#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The Telegram simulator behaves like the server it stands for.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/sim/telegram.sh
. "$TOP/tests/sim/telegram.sh"
web=
trap '[ -z "$web" ] || kill "$web"; sim_stop; rm -rf "$tmp"' EXIT

# what METHOD JSON: the refusal, or the text that a person got
what()
{
	bot "$1" "$2" | jq -r '.description // .result.text? // .result'
}

text() { what sendMessage "$(jq -nc --arg t "$1" --arg m "${2-}" \
	'{chat_id: 42, text: $t, parse_mode: $m}')"; }

# repeat COUNT STRING
repeat() { printf "%0.s$2" $(seq "$1"); }

ids() { jq -c '[.result[].update_id % 1000]'; }

sim_start --no-quirks

# --- who may ask

is 'getMe says whose token it is' 4242 "$(bot getMe | jq .result.id)"
is 'another token is 401' 'Unauthorized' \
	"$(curl -s "$sim_root/bot4242:OTHER-TOKEN/getMe" | jq -r .description)"
is 'what is no token is 404' 'Not Found' \
	"$(curl -s "$sim_root/botx/getMe" | jq -r .description)"
is 'an unknown method is 404' 'Not Found: method not found' \
	"$(what getNothing '{}')"
is 'the name of a method has no case' true "$(bot GETME | jq .ok)"

# --- updates

sim say '{"chat":42,"text":"/start x","first_name":"Иван","lang":"ru"}' \
	>"$tmp/out"
sim say '{"chat":42,"text":"two"}' >>"$tmp/out"
is 'offset 0 confirms nothing' '[1,2] [1,2]' \
	"$(bot getUpdates | ids) $(bot getUpdates | ids)"
is 'the command is marked, the language told' 'bot_command ru private' \
	"$(bot getUpdates | jq -r '.result[0].message |
	"\(.entities[0].type) \(.from.language_code) \(.chat.type)"')"
is 'what is not ASCII is escaped, as there' 2 \
	"$(bot getUpdates | grep -c 'u0418.u0432.u0430.u043d')"
is 'limit' '[1]' "$(bot getUpdates '{"limit":1}' | ids)"
is 'an offset confirms what is below it' '[2]' \
	"$(bot getUpdates '{"offset":700000002}' | ids)"
is 'a stale offset far away confirms nothing' '[2] [2]' \
	"$(bot getUpdates '{"offset":900000000}' | ids) $(
	bot getUpdates '{"offset":900000000}' | ids)"
is 'pending_update_count' 1 \
	"$(bot getWebhookInfo | jq .result.pending_update_count)"
is 'the last id + 1 empties the queue' '[]' \
	"$(bot getUpdates '{"offset":700000003}' | ids)"
(sleep 0.4 && sim say '{"chat":42,"text":"late"}' >"$tmp/out") &
is 'a long poll ends when something comes' '[3]' \
	"$(bot getUpdates '{"offset":700000003,"timeout":20}' | ids)"
bot getUpdates '{"offset":700000004,"timeout":20}' >"$tmp/older" &
older=$!
for ((i = 0; i < 200; i++)); do
	[ "$(sim stats | jq .polling)" = true ] && break
	sleep 0.05
done
bot getUpdates '{"offset":700000004,"timeout":1}' >"$tmp/younger"
wait $older
is 'a newer long poll ends the older with 409' \
	'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running []' \
	"$(jq -r .description "$tmp/older") $(ids <"$tmp/younger")"
bot setWebhook '{"url":"https://example.org/x"}' >"$tmp/out"
is 'no getUpdates beside a webhook' \
	"Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first" \
	"$(what getUpdates '{}')"
bot deleteWebhook >"$tmp/out"
for i in 1 2 3; do sim say "{\"chat\":42,\"text\":\"$i\"}"; done >"$tmp/out"
is 'a negative offset forgets the older ones' '[6] [6]' \
	"$(bot getUpdates '{"offset":-1}' | ids) $(bot getUpdates | ids)"
sim restart_ids '{"next":5000}' >"$tmp/out"
sim say '{"chat":42,"text":"new"}' >"$tmp/out"
is 'after a quiet week ids are other ones' '[0]' "$(bot getUpdates | ids)"
bot getUpdates '{"offset":5001,"allowed_updates":["callback_query"]}' \
	>"$tmp/out"
is 'allowed_updates stays until changed' '0 []' \
	"$(sim say '{"chat":42,"text":"x"}' | jq .update_id) $(bot getUpdates |
	ids)"
bot getUpdates '{"allowed_updates":[]}' >"$tmp/out"
printf '{"message":{"text":"\\ud83d","chat":{"id":1}}}' >"$tmp/raw"
sim raw "@$tmp/raw" >"$tmp/out"
is 'a broken update comes as it is' '"text":"\ud83d"' \
	"$(bot getUpdates | grep -o '"text":"[^"]*"')"
{ printf '{"message":{"text":"'; head -c 500000 /dev/zero | tr '\0' a
	printf '"}}'; } >"$tmp/raw"
for i in $(seq 11); do sim raw "@$tmp/raw"; done >"$tmp/out"
count=$(bot getUpdates '{"offset":5002}' | jq '.result | length')
is 'an answer is cut at 4 MiB' '9 of 11' "$count of 11"
head -c 600000 /dev/zero | tr '\0' a >>"$tmp/raw"
is 'an update of more than 512 KiB is none' 0 \
	"$(sim raw "@$tmp/raw" | jq .update_id)"
bot getUpdates '{"offset":-1}' >"$tmp/out"
bot getUpdates '{"offset":5099}' >"$tmp/out"

is 'a message a day old is never queued' 0 \
	"$(sim say '{"chat":42,"text":"old","date_ms":1000}' | jq .update_id)"

# --- what may be sent

is 'a chat that never wrote' 'Bad Request: chat not found' \
	"$(what sendMessage '{"chat_id":43,"text":"x"}')"
is 'no chat' 'Bad Request: chat_id is empty' \
	"$(what sendMessage '{"text":"x"}')"
sim say '{"chat":42,"text":"hello"}' >"$tmp/out"
is '4096 code points, not bytes' 4096 \
	"$(text "$(repeat 4096 ж)" | tr -d '\n' | wc -m)"
is '4097 are too many' 'Bad Request: message is too long' \
	"$(text "$(repeat 4097 ж)")"
is 'the limit holds after parsing' xxx \
	"$(text "<b>$(repeat 4096 x)</b>" HTML | cut -c 1-3)"
is 'nothing' 'Bad Request: message text is empty' "$(text '')"
is 'nothing but space' 'Bad Request: text must be non-empty' "$(text '  ')"
parse="Bad Request: can't parse entities:"
while IFS='|' read -r source wanted; do
	is "HTML: $source" "$wanted" "$(text "$source" HTML)"
done <<CASES
a <b>b</b> &lt;c&gt; &amp;&quot;&nbsp;|a b <c> &"&nbsp;
<a href="https://e.org/?a=1&amp;b">x</a><code>y</>|xy
<span class="tg-spoiler">s</span>|s
&#128512;&#x41;|😀A
пр<x>y</x>|$parse Unsupported start tag "x" at byte offset 4
<b|$parse Unclosed start tag at byte offset 0
x</b>|$parse Unexpected end tag at byte offset 1
<b>x</i>|$parse Unmatched end tag at byte offset 4, expected "</b>", found "</i>"
<b><i>x</i>|$parse Can't find end tag corresponding to start tag "b"
<span>x</span>|$parse Tag "span" must have class "tg-spoiler" at byte offset 0
CASES
is 'offsets of entities count UTF-16' '[2,1,"bold"]' "$(bot sendMessage \
	'{"chat_id":42,"text":"😀<b>x</b>","parse_mode":"HTML"}' |
	jq -c '.result.entities[0] | [.offset, .length, .type]')"
is 'MarkdownV2' 'a b.' "$(text '*a* _b_\.' MarkdownV2)"
is 'MarkdownV2: reserved' \
	"$parse Character '.' is reserved and must be escaped with the preceding '\\'" \
	"$(text 'a.' MarkdownV2)"
is 'another mode' 'Bad Request: unsupported parse_mode' "$(text x BBCode)"

# button JSON: the refusal of a message with that inline button
button()
{
	what sendMessage "{\"chat_id\":42,\"text\":\"pick\",\"reply_markup\":
		{\"inline_keyboard\":[[$1]]}}"
}
is '64 bytes of callback_data' pick \
	"$(button "{\"text\":\"t\",\"callback_data\":\"$(repeat 32 ж)\"}")"
is '65 are too many' 'Bad Request: BUTTON_DATA_INVALID' \
	"$(button "{\"text\":\"t\",\"callback_data\":\"$(repeat 32 ж)x\"}")"
is 'no URL' 'Bad Request: BUTTON_URL_INVALID' \
	"$(button '{"text":"t","url":"nowhere"}')"
is 'a keyboard that is no object' \
	'Bad Request: object expected as reply markup' \
	"$(what sendMessage '{"chat_id":42,"text":"x","reply_markup":[1]}')"

# --- media

head -c 30000 /dev/urandom >"$tmp/video.mp4"
up() { curl -s "$sim_root/bot$sim_token/$1" "${@:2}"; }
file_id=$(up sendVideo -F chat_id=42 -F video=@"$tmp/video.mp4" | jq -r .result.video.file_id)
is 'an uploaded file is sent again by its id' "$file_id" "$(bot sendVideo \
	"{\"chat_id\":42,\"video\":\"$file_id\"}" |
	jq -r .result.video.file_id)"
is 'but not as another kind' \
	"Bad Request: can't use file of type Video as Photo" \
	"$(what sendPhoto "{\"chat_id\":42,\"photo\":\"$file_id\"}")"
is "another bot's id" \
	"Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol" \
	"$(what sendVideo '{"chat_id":42,"video":"BAACAgIAAxkBAAIBZ2Zsomething"}')"
is 'no id at all' \
	'Bad Request: wrong file identifier/HTTP URL specified' \
	"$(what sendVideo '{"chat_id":42,"video":"x"}')"
is 'no file' 'Bad Request: there is no video in the request' \
	"$(what sendVideo '{"chat_id":42}')"
is 'a caption of 1025' 'Bad Request: message caption is too long' \
	"$(what sendVideo "{\"chat_id\":42,\"video\":\"$file_id\",
	\"caption\":\"$(repeat 1025 x)\"}")"
is 'an album is one group' '2 1' "$(up sendMediaGroup -F chat_id=42 -F a=@"$tmp/video.mp4" \
	-F 'media=[{"type":"video","media":"attach://a"},
	{"type":"video","media":"attach://a"}]' | jq -r '.result |
	"\(length) \(map(.media_group_id) | unique | length)"')"
is 'uploads are counted, repeated ones too' '3 2' \
	"$(sim stats | jq -r '"\(.uploads) \(.uploads_repeated)"')"

# --- pressing, editing, deleting

button '{"text":"Получить доступ","callback_data":"go"}' >"$tmp/out"
sim press '{"chat":42,"text":"Получить доступ"}' >"$tmp/out"
query=$(bot getUpdates | jq -r '.result[-1].callback_query |
	select(.data == "go" and .message.text == "pick") | .id')
is 'a press is answered once' \
	'true Bad Request: query is too old and response timeout expired or query ID is invalid' \
	"$(what answerCallbackQuery "{\"callback_query_id\":\"$query\"}") $(
	what answerCallbackQuery "{\"callback_query_id\":\"$query\"}")"
is 'what nobody was offered cannot be pressed' 'no such button' \
	"$(sim press '{"chat":42,"text":"Other"}' | jq -r .description)"
sim press '{"chat":42,"data":"go"}' >"$tmp/out"
sim clock '{"offset_ms":149000}' >"$tmp/out"
before=$(bot getUpdates | jq -r '.result[-1].callback_query.data')
sim clock '{"offset_ms":151000}' >"$tmp/out"
is 'a press lives 150 s, a message a day' 'go message' \
	"$before $(bot getUpdates | jq -r '.result[-1] | keys_unsorted[1]')"
sim clock '{"offset_ms":86500000}' >"$tmp/out"
is 'and then it is gone' '[]' "$(bot getUpdates | ids)"
sim clock '{"offset_ms":0}' >"$tmp/out"
id=$(bot sendMessage '{"chat_id":42,"text":"first"}' | jq .result.message_id)
edit() { what editMessageText "{\"chat_id\":42,\"message_id\":$1,
	\"text\":\"$2\"}"; }
is 'an edit' changed "$(edit "$id" changed)"
is 'the same again' 'Bad Request: message is not modified' \
	"$(edit "$id" changed | cut -d: -f 1,2)"
is 'an edit of nothing' 'Bad Request: message to edit not found' \
	"$(edit 99999 x)"
is "an edit of somebody else's" "Bad Request: message can't be edited" \
	"$(edit 1 x)"
remove="{\"chat_id\":42,\"message_id\":$id}"
is 'deleting, twice' 'true Bad Request: message to delete not found' \
	"$(what deleteMessage "$remove") $(what deleteMessage "$remove")"
is 'a person sees it gone' 'changed true 1' \
	"$(sim chats/42 | jq -r '.[-1] | "\(.text) \(.deleted) \(.edited)"')"
sim block '{"chat":42}' >"$tmp/out"
is 'blocked' 'kicked Forbidden: bot was blocked by the user' \
	"$(bot getUpdates | jq -r \
	'.result[-1].my_chat_member.new_chat_member.status') $(text x)"
sim unblock '{"chat":42}' >"$tmp/out"
is 'unblocked' x "$(text x)"

# --- what goes wrong

# fault KIND [MORE]: how curl fares, and whether a person got the message
fault()
{
	local before
	before=$(sim chats/42 | jq length)
	sim fault "{\"method\":\"sendMessage\",\"chat\":42,\"kind\":\"$1\",
		\"ms\":200${2:+,$2}}" >"$tmp/out"
	curl -s -o "$tmp/body" -w '%{exitcode} %{http_code}' -m 5 -d text=x \
		-d chat_id=42 "$sim_root/bot$sim_token/sendMessage"
	echo " $(($(sim chats/42 | jq length) - before))"
}
while read -r kind wanted; do
	is "fault $kind" "$wanted" "$(fault "$kind")"
done <<'CASES'
429 0 429 0
500 0 500 0
502html 0 502 0
409 0 409 0
401 0 401 0
404 0 404 0
redirect 0 302 0
garbage 0 200 1
huge 0 200 1
hang 0 200 1
slow_headers 0 200 1
truncated 18 200 1
reply_lost 52 000 1
half_close 52 000 1
reset 56 000 1
drop_body 52 000 0
drop_headers 52 000 0
CASES
is 'a 500 may have had its effect' '0 500 1' "$(fault 500 '"effect":true')"
is 'the rule is used up' x "$(text x)"
sim fault '{"method":"sendMessage","kind":429,"nth":2,"retry_after":7}' \
	>"$tmp/out"
is 'only the second, and it says how long' 'x 7' \
	"$(text x) $(bot sendMessage '{"chat_id":42,"text":"y"}' |
	jq .parameters.retry_after)"

is 'any refusal, word for word' \
	'400 Bad Request: PEER_ID_INVALID' "$(sim fault '{"kind":"error",
	"status":400,"description":"Bad Request: PEER_ID_INVALID"}' \
	>"$tmp/out"; bot sendMessage '{"chat_id":42,"text":"x"}' |
	jq -r '"\(.error_code) \(.description)"')"
sim say '{"chat":-7,"text":"hi","from":42}' >"$tmp/out"
sim migrate '{"chat":-7,"to":-1007}' >"$tmp/out"
is 'a group that became a supergroup' \
	'Bad Request: group chat was upgraded to a supergroup chat -1007' \
	"$(bot sendMessage '{"chat_id":-7,"text":"x"}' | jq -r \
	'"\(.description) \(.parameters.migrate_to_chat_id)"')"
is 'both chats say so' '-1007 -7' "$(bot getUpdates | jq -r \
	'.result[-2:] | "\(.[0].message.migrate_to_chat_id) \(
	.[1].message.migrate_from_chat_id)"')"
bot sendMessage '{"chat_id":42,"text":"phone?","reply_markup":{"keyboard":
	[[{"text":"Share","request_contact":true},"No"]]}}' >"$tmp/out"
sim press '{"chat":42,"text":"Share"}' >"$tmp/out"
sim press '{"chat":42,"text":"No"}' >"$tmp/out"
is 'keys of a reply keyboard send what they say' '42 No' \
	"$(bot getUpdates | jq -r '.result[-2:] |
	"\(.[0].message.contact.user_id) \(.[1].message.text)"')"

# --- the record and what is counted

is 'parameters are held against the specification' \
	"missing required 'text';unknown parameter 'bogus';unknown parameter 'reply_markup.inline_keyboard[0][0].tet';wrong type of 'chat_id'" \
	"$(bot sendMessage '{"chat_id":[1],"bogus":1,"reply_markup":
	{"inline_keyboard":[[{"text":"a","tet":"b","callback_data":"c"}]]}}' \
	>"$tmp/out"; jq -rs 'map(select(.kind == "request"))[-1].problems | sort |
	join(";")' "$tmp/record")"
is 'an upload is summed up' 'video video.mp4 30000' "$(jq -r 'select(
	.method == "sendVideo" and .uploads) | .uploads[0] |
	"\(.field) \(.name) \(.size)"' "$tmp/record")"
is 'a lost answer is told apart' 'reply_lost lost true' \
	"$(jq -r 'select(.kind == "answer" and .fault == "reply_lost") |
	"\(.fault) \(.answer) \(.effect > 0)"' "$tmp/record")"
is 'what was confirmed is in the record' true "$(jq -s 'map(select(.kind ==
	"confirm").ids[]) | index(700000001) != null' "$tmp/record")"

sim reset '{}' >"$tmp/out"
sim load '{"messages":20,"seconds":0.4,"chats":10,"text":"go"}' >"$tmp/out"
for ((i = 0; i < 200; i++)); do
	[ "$(sim load | jq .said)" = 20 ] && break
	sleep 0.05
done
sleep 0.2
for chat in $(seq 1000000 1000009); do
	bot sendMessage "{\"chat_id\":$chat,\"text\":\"x\"}" >"$tmp/out"
done
is 'load: what is answered and how late' '20 10 10 true' \
	"$(sim load | jq -r '"\(.said) \(.answered) \(.unanswered) \(
	.median_ms > 100 and .max_ms >= .p99_ms)"')"
bot sendMessage '{"chat_id":1000000,"text":"x"}' >"$tmp/out"
is 'the same to the same chat is a duplicate' 1 "$(sim stats | jq .duplicates)"
sim_stop

# --- other ways to be started

sim_start --flood
sim chats '{"from":1,"to":100}' >"$tmp/out"
is 'with --flood a burst of 3 in a chat' 'x x x Too Many Requests: retry after 1' \
	"$(for i in 1 2 3 4; do what sendMessage '{"chat_id":1,"text":"x"}'
	done | paste -sd ' ')"
many=()
for i in $(seq 2 60); do
	many+=(-s -d "chat_id=$i" -d text=x \
		"$sim_root/bot$sim_token/sendMessage" --next)
done
is 'and about 30 for the bot' true "$(curl "${many[@]}" -s "$sim_root" |
	jq -s 'map(select(.error_code == 429)) | length > 5')"
bot getUpdates '{"offset":9}' >"$tmp/out"
from=$(date +%s%3N)
bot getUpdates '{"offset":9}' >"$tmp/out"
is 'the same offset at once waits 3 s' true \
	"$([ $(($(date +%s%3N) - from)) -ge 2900 ] && echo true)"
is 'started again, ids go on' true "$(bot sendMessage \
	'{"chat_id":99,"text":"x"}' | jq '.result.message_id > 100')"
sim_stop
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key" -out "$tmp/cert" \
	-days 2 -subj /CN=127.0.0.1 2>"$tmp/out"
sim_start --tls "$tmp/cert" "$tmp/key" --latency 300
from=$(date +%s%3N)
is 'over TLS' 4242 "$(bot getMe | jq .result.id)"
is 'after the latency asked for' true \
	"$([ $(($(date +%s%3N) - from)) -ge 300 ] && echo true)"
sim_stop
sim_start --upload-rate 100000
sim chats '{"from":1,"to":2}' >"$tmp/out"
head -c 60000 /dev/urandom >"$tmp/big"
from=$(date +%s%3N)
up sendDocument -F chat_id=1 -F document=@"$tmp/big" >"$tmp/out"
is 'an upload is read no faster than told, and whole' 'true 60000' \
	"$([ $(($(date +%s%3N) - from)) -ge 500 ] && echo true) $(jq -s '
	map(select(.uploads))[-1].uploads[0].size' "$tmp/record")"
broken() { jq -r 'select(.kind == "broken") | .how' "$tmp/record" | tail -n 1; }
sim fault '{"kind":"hang","ms":600}' >"$tmp/out"
curl -s -m 0.2 -d chat_id=1 -d text=x "$sim_root/bot$sim_token/sendMessage"
for ((i = 0; i < 200; i++)); do
	[ "$(broken)" = 'gone before the answer' ] && break
	sleep 0.05
done
is 'a client that did not wait is in the record' 'gone before the answer' \
	"$(broken)"
sim_stop

# A webhook that takes nothing at first: the name of an update's file says how
# often it was brought.
mkdir "$tmp/brought"
cat >"$tmp/hook" <<'END'
#!/bin/bash
body=$(cat)
[[ $body =~ \"update_id\":([0-9]+) ]]
file=$brought/${BASH_REMATCH[1]}
echo "$HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN" >>"$file"
[ "$(wc -l <"$file")" -ge 3 ] && echo "${BASH_REMATCH[1]}" >>"$brought/taken"
[ "$(wc -l <"$file")" -ge 3 ] || printf 'Status: 503 No\r\nRetry-After: 3000\r\n'
printf 'Status: 200 OK\r\n\r\n'
END
chmod +x "$tmp/hook"
brought=$tmp/brought "$B/tests/sim/cgi-bridge" "$tmp/web" "$tmp/hook" &
web=$!
sim_start --local --webhook-retry 30
for ((i = 0; i < 200; i++)); do [ -s "$tmp/web" ] && break; sleep 0.05; done
for chat in 42 43 42 42; do sim say "{\"chat\":$chat,\"text\":\"x\"}"; done >"$tmp/out"
bot setWebhook "{\"url\":\"http://127.0.0.1:$(cat "$tmp/web")/\",\"secret_token\":\"word\"}" >"$tmp/out"
for ((i = 0; i < 200; i++)); do
	[ "$(sim stats | jq .pending)" = 0 ] && break
	sleep 0.05
done
is 'a webhook gets each update until it takes it, with the secret' \
	'{"set":true,"tries":12,"delivered":4,"failed":8,"under_way":0} word' \
	"$(sim stats | jq -c .webhook) $(sort -u "$tmp"/brought/7*)"
first=$(sort -n "$tmp/brought/taken" | head -1)
is '... in the order of its chat' '0 2 3' "$(awk -v first="$first" \
	'$1 != first + 1 { print $1 - first }' "$tmp/brought/taken" | xargs)"
is '... and the last failure is told' 'Wrong response from the webhook: 503 Service Unavailable 0' \
	"$(bot getWebhookInfo | jq -r '.result | "\(.last_error_message) \(.pending_update_count)"')"
bot deleteWebhook >"$tmp/out"
sim say '{"chat":42,"text":"back"}' >"$tmp/out"
is '... and polling is as before' 1 "$(bot getUpdates | jq '.result | length')"
kill $web
wait $web 2>"$tmp/out"
web=
sim_stop
tap_end
