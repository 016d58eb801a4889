#!/bin/bash
# SPDX-License-Identifier: MIT
# The status page: what it says in good times, in bad ones and of a stranger's
# data, what it never says, and how wide it is in a real browser.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT
bot_setup http://127.0.0.1:1
page=$tmp/page.html

# render [OPTION...]: the page in $page; $text is what can be read on it
render()
{
	run render-status --html "$page" "$@"
	text=$(sed 's/<style>/<!--/; s/<[^>]*>/ /g; s/  */ /g' "$page" |
		sed '1,/color-scheme/d')
}
says() { printf '%s\n' "$text" | grep -c -- "$1"; }
judged() { python3 "$TOP/tests/page-oracle" "$page"; }

# --- before there is anything

render
is 'no database: exit 78, and a page that says so' '78 1 1' \
	"$status $(says 'Something is broken') $(says 'no database at')"
passed 'a sound one' "$(judged)"
is 'nothing is made' '' "$(ls -A "$state")"
run schedule-task --text hello --chat 42 --in 1d
render
is 'no flow, nobody ran: it needs a look' '0 1 1' \
	"$status $(says 'It works, but needs a look') $(says 'no flow is deployed')"
is 'no funnel is drawn of that' 0 "$(says 'How far')"
passed 'a sound one, too' "$(judged)"

# --- a shop at work

cp -r "$TOP/examples/funnel.json" "$TOP/examples/media" "$tmp"
run deploy-flow "$tmp/funnel.json"
fill()
{
	sqlite3 -cmd '.parameter init' -cmd ".parameter set :now $(date +%s)000" \
		"$db" <"$TOP/tests/data/status.sql"
}
fill
sql "insert into chats(chat_id, first_name, username, created_at, seen_at)
	values (42, 'Anna', 'anna_k', 1, 1);
	update leads set name = 'Anna', phone = '+79161234567'"
data() { sqlite3 "$db" '.dump runs messages chats leads tasks' | cksum; }
before=$(data)
render --title 'Shop bot' --json-file "$tmp/status.json" --badge "$tmp/b.svg"
is 'all is well' '0 1' "$status $(says 'Everything works')"
is 'nothing but what it saw is written' "$before" "$(data)"
passed 'sound' "$(judged)"
is 'smaller than 60 kB' 1 "$(($(wc -c <"$page") < 60000))"
is 'for everybody to read, nothing beside it' '644 b.svg page.html status.json' \
	"$(stat -c %a "$page") $(cd "$tmp" && echo *.svg page* .page* status* |
		sed 's/ \.page\*//')"
for words in 'Shop bot' 'the next one is due' 'to be sent' 'planned' \
	'Yesterday by now' 'Slowest message' 'Three months' 'poll-updates' \
	'tries again' 'awaiting_payment' 'HTTP 502' 'for the CRM'; do
	is "it says '$words'" yes "$([ "$(says "$words")" -gt 0 ] && echo yes)"
done
# part NAME FILE: its state
part() { jq -r --arg name "$1" '.components[] | select(.name == $name).state' "$2"; }
is 'what is not configured is no part that works' '0 ' \
	"$(says ' Redis ') $(part redis "$tmp/status.json")"
echo 'REDIS_URL=redis://127.0.0.1:1' >>"$tmp/env"
render --json-file "$tmp/with.json"
is '... and is one once it is' '1 OK' \
	"$(says ' Redis ') $(part redis "$tmp/with.json")"
sed -i '/^REDIS_URL/d' "$tmp/env"
render --title 'Shop bot'
is 'the CRM backlog with the command that mends it' 1 \
	"$(tr -d '\n' <"$page" | grep -c \
	'Leads on their way</th><td class="num">2</td>[^/]*<code>leadpipe sync-crm -v</code>')"
is 'ninety days, of which nine nobody looked at' '90 9' \
	"$(grep -o '<rect class="[a-z]*" x=' "$page" | wc -l) $(
	grep -o '<rect class="gap"' "$page" | wc -l)"
is 'four pictures of a day' 4 "$(grep -o 'class="plot"' "$page" | wc -l)"
passed 'nobody is on it' "$(cat "$page" "$tmp/status.json" "$tmp/b.svg" |
	grep -nE 'Anna|anna_k|7916|AAAAAA')"
is 'JSON says the same' '[1,"OK",0,2,81,7,"poll-updates"]' "$(jq -c '[.schema,
	.state, .exit, (.checks[] | select(.name == "leads").value),
	(.days | length), (.commands | length), .commands[2].command]' \
	"$tmp/status.json")"
is 'and until when it holds' '60 120' "$(jq -r '[.generated_at, .next_at,
	.valid_until] | map(sub("\\.[0-9]*Z"; "Z") | fromdate) |
	"\(.[1] - .[0]) \(.[2] - .[0])"' "$tmp/status.json")"
is 'the badge as well' 1 "$(grep -c 'aria-label="leadpipe: working"' \
	"$tmp/b.svg")"
passed 'it is sound XML' "$(python3 -c \
	'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' "$tmp/b.svg" 2>&1)"
render --every 5m
is 'it says when the next one is due, and comes back then' '302' \
	"$(sed -n 's/.*http-equiv="refresh" content="\([0-9]*\)".*/\1/p' "$page")"

# --- a bad day, and a stranger's data

evil='</td><script>alert(1)</script>"&'
sql "update breakers set reason = null;
	insert into breakers(name, failures, since, open_until, reason)
	values ('amocrm', 12, $(date +%s)000 - 3000000, $(date +%s)000 + 100000,
		'HTTP 502 $evil of +7 916 123-45-67, a@b.example');
	insert into runs(command, worker, started_at, finished_at, exit_code)
	values ('$evil', 1, 1, 2, 3);
	update samples set late_ms = 777000;
	update incidents set text = text || '$evil';
	insert into dead_letters(kind, item, reason, mend, died_at)
	values ('message', 1, '$evil', '$evil', $(date +%s)000 - 9000000);
	update meta set value = json_object('at', $(date +%s)000, 'flow', 'funnel',
	'funnels', json_object('$evil', json_array(json_object('state', '$evil',
	'people', 5, 'of_first', 7.5)))) where key = 'funnels'"
cp "$page" "$tmp/good.html"
render --title "Shop $evil" --json-file "$tmp/status.json"
is 'broken, and the first that mends it' '0 1 3' \
	"$status $(says 'Something is broken') $(says \
	'leadpipe check-config --online')"
passed 'sound all the same' "$(judged)"
is 'what is not sent at all is slow as well' 1 "$(says 'peak 12 min at')"
is 'people are not quoted' 0 "$(grep -cE '123-45|b\.example' "$page" \
	"$tmp/status.json" | cut -d: -f2 | paste -sd+ | bc)"
is 'what a bad day looks like in JSON' '["CRITICAL",2]' \
	"$(jq -c '[.state, .exit]' "$tmp/status.json")"
cp "$page" "$tmp/bad.html"
render --public --json-file "$tmp/status.json"
is 'everybody learns that, and which part' '1 1' \
	"$(says 'Something is broken') $(says 'CRM broken')"
passed 'but nothing else' "$(cat "$page" "$tmp/status.json" |
	grep -nE '4242|script|leadpipe [a-z]+-|502|due_lag|amocrm|"checks"|Today')"
passed 'sound' "$(judged)"
printf '<div><th>' >>"$page"
is 'the judge is awake' 'a heading of a table without a scope' \
	"$(judged | sed -n 3p)"

# --- it is looked after

sql "delete from breakers; delete from dead_letters; delete from runs
	where command like '<%'; delete from pages; delete from incidents"
render
run healthcheck --component page
is 'a page that was just made is up to date' '0' "$status"
is 'stdout is no page to look after' 1 "$(run render-status --html -
	sql 'select count(*) from pages')"
sql 'update pages set written_at = written_at - 300000'
run healthcheck --component page
is 'one that is not renewed is told of' '1 1' \
	"$status $(grep -c 'page.html. was to be renewed' "$tmp/out")"
render
is 'but not on itself' 1 "$(says 'Everything works')"
rm "$page"
sql 'update pages set written_at = written_at - 300000'
run healthcheck --component page
is 'nobody misses what somebody deleted' 0 "$status"
sql "insert into dead_letters(kind, item, reason, mend, died_at)
	values ('message', 1, 'no', 'x', $(date +%s)000 - 9000000)"
render
sql 'delete from dead_letters'
render
render
is 'what was wrong and is over is an incident' '1 1' \
	"$(says 'dead letters: 1') $(sql 'select count(*) from incidents
	where ended_at is not null')"
is 'and all has been well since then' 1 "$(says 'Everything works since')"

# --- broken

cp "$db" "$tmp/whole.db"
dd if=/dev/urandom of="$db" bs=4096 seek=2 count=60 conv=notrunc 2>/dev/null
rm -f "$db"-*
render --prometheus "$tmp/m.prom"
is 'a damaged database: exit 74, a page, metrics' '74 1 1' \
	"$status $(says 'Something is broken') $(grep -c \
	'component="database"} 2' "$tmp/m.prom")"
passed 'sound' "$(judged)"
cp "$tmp/whole.db" "$db"

# --- a real browser

browser=$(command -v chromium || command -v chromium-browser ||
	command -v google-chrome)
if [ -z "$browser" ]; then
	passed 'in a browser # SKIP no chromium here'
	tap_end
	exit
fi
{
	echo '<!doctype html><meta charset="utf-8"><body>'
	for file in good bad; do
		for width in 360 768 1280; do
			echo "<iframe src='$file.html' data-of='$file $width'" \
				"width=$width height=900 style='border:0'></iframe>"
		done
	done
	cat <<-'JS'
	<pre id="found"></pre><script>
	onload = () => { for (const f of document.querySelectorAll('iframe')) {
		const d = f.contentDocument, w = f.contentWindow.innerWidth;
		const wide = [...d.querySelectorAll('body *')].filter(e =>
			!e.closest('svg') && e.getBoundingClientRect().right > w + 0.5);
		found.textContent += `[${f.dataset.of}: ${w} ` +
			`${d.documentElement.scrollWidth > w} ${wide.length} ` +
			`${d.querySelector('h2').getBoundingClientRect().height > 0}]\n`;
	} };
	</script>
	JS
} >"$tmp/frames.html"
timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
	--user-data-dir="$tmp/profile" --allow-file-access-from-files \
	--virtual-time-budget=3000 --dump-dom "file://$tmp/frames.html" \
	>"$tmp/dom" 2>"$tmp/browser.log"
is 'no page is wider than a phone, a tablet, a screen' "$(
	for file in good bad; do
		for width in 360 768 1280; do
			echo "[$file $width: $width false 0 true]"
		done
	done)" "$(grep -o '\[[gb][^]`]*\]' "$tmp/dom" | grep -v '\$')"
tap_end
