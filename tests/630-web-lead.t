#!/bin/bash
# SPDX-License-Identifier: MIT
# add-lead behind a real nginx and fcgiwrap, configured as examples/web says: a
# form in a browser, Tilda's webhook, JSON of a script; what the visitor sees.
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
bot_setup http://127.0.0.1:1
web_start
browser='Accept: text/html,application/xhtml+xml,*/*;q=0.8'

# post [CURL-OPTION...]: another visitor; leaves $code, $said, and $tmp/head
visitors=1
post()
{
	visitors=$((visitors + 1))
	code=$(curl -s -m 30 --interface "127.0.0.$visitors" -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' \
		"$@" "$web_root/lead")
	said=$(cat "$tmp/body")
}
head_of() { tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //p"; }
leads() { sql 'SELECT count(*) FROM leads'; }
# lead QUERY: of the last one
lead() { sql "SELECT $1 FROM leads ORDER BY id DESC LIMIT 1"; }

# --- who is no browser

post -d 'name=Anna&phone=8+916+123-45-67&comment=call'
is 'a form: 200 ok, and it is stored' '200 ok Anna|+79161234567' \
	"$code $said $(lead 'name, phone_e164')"
post -H 'Content-Type: application/json' \
	-d '{"name":"Jay","phone":"89161234568","utm_source":"ads"}'
is 'JSON' '200 ok Jay|ads' \
	"$code $said $(lead "name, details ->> '$.utm.utm_source'")"
post -F name=Multi -F email=multi@example.org
is 'multipart, as FormData has it' '200 ok multi@example.org' \
	"$code $said $(lead email)"
printf 'name=Chunk&phone=89161234569' |
	post -H 'Transfer-Encoding: chunked' --data-binary @-
is 'a body in pieces, of no known length' '200 ok Chunk' \
	"$code $said $(lead name)"
post --data-binary 'name=%C0%ED%ED%E0&phone=89161234570'
is 'windows-1251' '200 ok Анна' "$code $said $(lead name)"

before=$(leads)
post -d test=test
is "Tilda's test is ok and nothing" "200 ok $before" "$code $said $(leads)"
tilda()
{
	post -d 'Name=Tim&Phone=%2B7+%28999%29+123-45-71&tranid=467251:8442970' \
		-d 'formid=form467251&formname=Order' -d "COOKIES=sid%3Dsecret1;\
%20TILDAUTM%3Dutm_source%253Dvk%257C%257C%257Cutm_medium%253Dcpc%257C%257C%257C"
}
tilda
is "Tilda's form, its campaign out of the cookie" \
	'200 ok Tim|+79991234571|tilda|vk|cpc' "$code $said $(lead "name,
	phone_e164, source, details ->> '$.utm.utm_source',
	details ->> '$.utm.utm_medium'")"
tilda
is 'which it sends again when we were slow: still one' \
	"200 ok $((before + 1)) 1" "$code $said $(leads) $(sql \
	"SELECT count(*) FROM lead_sources WHERE source = 'tilda'")"
is 'the rest of its cookies is nowhere' '' "$(sql '.dump' | grep secret1)"

# --- a browser

post -H "$browser" -d 'name=Bo&phone=89161234572' \
	-e 'https://site.example/?utm_source=mail&utm_term=x"><b>'
is 'a browser gets a page, and the way back' '200 text/html 1 1' "$code $(
	head_of Content-Type | cut -d ';' -f 1) $(grep -c '<h1>Thank you!' \
	"$tmp/body") $(grep -c 'x&quot;&gt;&lt;b&gt;">Back' "$tmp/body")"
is 'where it stood is the campaign' "mail|127.0.0.$visitors" \
	"$(lead "details ->> '$.utm.utm_source', details ->> 'ip'")"
post -H "$browser" -H 'Accept-Language: ru-RU,ru;q=0.9' -d 'name=Be&phone=1'
is 'in Russian for whoever reads it' 1 "$(grep -c '<h1>Спасибо!' "$tmp/body")"
post -H "$browser" -d 'name=Bi&phone=89161234573' -d _next=/thanks.html
is 'or the page that the form names' '303 /thanks.html 0' \
	"$code $(head_of Location) $(lead "instr(details, 'thanks')")"
post -H "$browser" -H 'Origin: https://shop.example' \
	-d 'name=By&phone=89161234574' -d _next=/thanks.html?a=1
is 'on the site that it stands on' '303 https://shop.example/thanks.html?a=1' \
	"$code $(head_of Location)"
while IFS= read -r next; do
	post -H "$browser" -d 'name=Evil&phone=89161234575' \
		-d "_next=$next"
	is "nowhere else: $next" '200 ' "$code $(head_of Location)"
done <<-'CASES'
	//evil.example
	/%5Cevil.example
	/%09/evil.example
	https://evil.example/
	javascript:alert(1)
	/a%0d%0aSet-Cookie:%20a=b
	thanks.html
CASES
for origin in null 'https://evil.example/x' 'https://a@b' 'https://' \
	'https://a:b' 'javascript://x' 'https://shop.example;x'; do
	post -H "$browser" -H "Origin: $origin" -d 'name=E&phone=89161234575' \
		-d _next=/thanks.html
	is "nor by an origin of $origin" '303 /thanks.html' \
		"$code $(head_of Location)"
done
before=$(leads)
post -H "$browser" -d 'name=&phone='
is 'who said nothing is told to' '400 1' \
	"$code $(grep -c '<h1>Not sent yet' "$tmp/body")"
post -H "$browser" -d 'name=Bot&phone=89161234576&_gotcha=http://spam.example'
is 'who fills in what nobody sees may be a person: it is kept, and marked' \
	'200 Bot|spam?|1' "$code $(lead "name, details ->> '$.tags[0]',
	instr(details, '_gotcha') > 0")"
before=$(leads)
exec 9<"$state/write.lock"
flock 9
post -H "$browser" -d 'name=Late&phone=89161234577'
exec 9<&-
is 'when we cannot store it, the page says so, and the header when' \
	"503 60 1 $before" "$code $(head_of Retry-After) $(grep -c \
	'in a minute' "$tmp/body") $(leads)"

# --- a script of another host

post -X OPTIONS -H 'Origin: https://landing.example' \
	-H 'Access-Control-Request-Method: POST'
is 'may it send? It may' '204 * POST Content-Type' "$code $(head_of \
	Access-Control-Allow-Origin) $(head_of Access-Control-Allow-Methods) \
$(head_of Access-Control-Allow-Headers)"
post -H 'Origin: https://landing.example' -d 'name=Fetch&phone=89161234578'
is 'and it hears the answer' '200 *' \
	"$code $(head_of Access-Control-Allow-Origin)"

# --- what others see of it

is 'the log of the server has no person, the journal no visitor' '' \
	"$(grep -hE '8916|Anna|Tim|spam' "$tmp/web/access" "$tmp/web/journal")"
is 'what a command complains of is in the journal alone' '1 0' "$(
	grep -c 'another command is writing' "$tmp/web/journal") $(
	grep -c 'another command is writing' "$tmp/web/errors")"
fcgi_stop TERM
post -H "$browser" -d 'name=Down&phone=89161234579'
is 'without fcgiwrap the visitor is asked to try again' '502 60 1' \
	"$code $(head_of Retry-After) $(grep -c 'send the form again' "$tmp/body")"
fcgi_start
post -d 'name=Down&phone=89161234579'
is 'and once it is there again it works' '200 Down' "$code $(lead name)"

# --- a real browser

chromium=$(command -v chromium || command -v chromium-browser ||
	command -v google-chrome)
if [ -z "$chromium" ]; then
	passed 'in a browser # SKIP no chromium here'
	tap_end
	exit
fi
cat >"$tmp/web/site/drive.html" <<-'HTML'
	<!doctype html><meta charset="utf-8"><pre id="found"></pre>
	<pre id="heard"></pre>
	<iframe id="f" width="360" height="800"></iframe><script>
	const f = document.getElementById('f'), told = [];
	f.onload = () => {
		const d = f.contentDocument, form = d.querySelector('form');
		const wide = d.documentElement.scrollWidth;
		told.push(f.contentWindow.location.pathname + ' ' + wide + ' ' +
			d.querySelector('h1').textContent);
		found.textContent = '[' + told.join('] [') + ']';
		if (!form) return;
		form.elements.name.value = 'Chromium Иванова';
		form.elements.phone.value = '8 (916) 123-45-80';
		form.elements.consent.click();
		form.querySelector('button').click();
	};
	f.src = 'form.html?utm_source=yandex&utm_campaign=spring%20sale&x=1';
	fetch('http://localhost:' + location.port + '/lead', { method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: '{"name":"Fetched","phone":"89161234581"}' })
		.then(answer => answer.text()).catch(String)
		.then(text => heard.textContent = text.trim());
	</script>
HTML
timeout 60 "$chromium" --headless --no-sandbox --disable-gpu \
	--user-data-dir="$tmp/profile" --virtual-time-budget=8000 --dump-dom \
	"$web_root/drive.html" >"$tmp/dom" 2>"$tmp/browser.log"
is 'a browser fills the form in, sends it, and sees the thanks' \
	'[/form.html 360 Call me back] [/thanks.html 360 Thank you!]' \
	"$(sed -n 's/.*id="found">\(.*\)<\/pre>.*/\1/p' "$tmp/dom")"
is 'a script of another host may ask, and hears the answer' 'ok 1' "$(
	sed -n 's/.*id="heard">\(.*\)<\/pre>.*/\1/p' "$tmp/dom") $(sql \
	"SELECT count(*) FROM leads WHERE name = 'Fetched'")"
is 'and what it sent is a lead' \
	'+79161234580|yandex|spring sale|yes' "$(sql "SELECT phone_e164,
	details ->> '$.utm.utm_source', details ->> '$.utm.utm_campaign',
	details ->> 'consent' FROM leads WHERE name = 'Chromium Иванова'")"
tap_end
