# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of broadcasts beside tests/fault/floor.sh: many people, and
# who got what.
# shellcheck disable=SC2154 # of who sources it

# crowd COUNT: as many people; each third one has not the tag `vip`
crowd()
{
	sqlite3 "$floor_db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
		SELECT i + 1 FROM n WHERE i < $1)
	INSERT INTO chats(chat_id, first_name, tags, vars, created_at, seen_at)
	SELECT i, 'P' || i, iif(i % 3, '{\"vip\":1}', '{}'),
		'{\"name\":\"P' || i || '\"}', 1, 1 FROM n"
}

# crowd_admin: and one who is told how it went
crowd_admin()
{
	sqlite3 "$floor_db" "INSERT OR IGNORE INTO chats(chat_id, created_at,
		seen_at) VALUES(42, 1, 1)"
}

# announce NAME [OPTION...]: to those with the tag
announce()
{
	"$program/send-broadcast" --name "$1" --text 'News, {{name}}' \
		--tag vip --no-unsubscribe --yes "${@:2}" >"$tmp/announced" \
		2>&1 || cat "$tmp/announced"
}

# arrived: a line "CHAT TIMES" for each whom the simulator has shown the news
arrived()
{
	grep '"kind":"request"' "$tmp/record" | grep -F '"text":"News, ' |
		sed 's/.*"seq":\([0-9]*\),.*"chat_id":\([0-9]*\),"params".*/\1 \2/' \
			>"$tmp/asked"
	grep '"kind":"answer"' "$tmp/record" | grep '"effect":[0-9]' |
		sed 's/.*"seq":\([0-9]*\),.*/\1/' |
		awk 'NR == FNR { shown[$1]; next } $1 in shown { n[$2]++ }
			END { for (chat in n) print chat, n[chat] }' - "$tmp/asked" |
		sort -n
}

# amiss NAME: what the simulator and the database say that must not be. Who is
# counted as unknown may have got it or not; nobody got it twice.
amiss()
{
	arrived >"$tmp/arrived"
	ask "SELECT m.chat_id, m.state FROM messages m JOIN broadcasts b
		ON b.id = m.broadcast WHERE b.name = '$1' ORDER BY 1" |
		tr '|' ' ' >"$tmp/rows"
	awk 'NR == FNR { got[$1] = $2; next }
		{ row[$1] = $2 }
		$2 == "sent" && got[$1] != 1 { print $1, "missed" }
		$2 != "sent" && $2 != "unknown" && $1 in got {
			print $1, "is", $2, "and got it" }
		END { for (chat in got) {
			if (got[chat] > 1) print chat, "got it", got[chat], "times"
			if (!(chat in row)) print chat, "is not meant" } }' \
		"$tmp/arrived" "$tmp/rows" | sort | head -20
	ask "SELECT 'missed ' || chat_id FROM chats WHERE tags LIKE '%vip%'
		AND chat_id NOT IN (SELECT chat_id FROM messages WHERE broadcast =
		(SELECT id FROM broadcasts WHERE name = '$1')) LIMIT 9"
	ask "SELECT name || ' is ' || state FROM broadcasts WHERE name = '$1'
		AND state <> 'finished'"
	"$LEADPIPE" verify-state 2>&1 | grep -v '^ok'
}

# busiest LIMIT NAME: the most that were begun within a second; by the database,
# whose clock nobody disturbs
busiest()
{
	ask "SELECT started_at FROM messages WHERE started_at > 0 AND broadcast =
		(SELECT id FROM broadcasts WHERE name = '$1') ORDER BY 1" |
		awk '{ at[NR] = $1; while (at[NR] - at[first + 1] >= 1000) first++
			if (NR - first > most) most = NR - first }
			END { print most + 0 }'
}
