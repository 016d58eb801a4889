# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that write the rows themselves; needs a directory $tmp.
: "${tmp:?a directory}"

# schema_db FILE: a database with the tables of the program, and no row
schema_db()
{
	mkdir -m 700 "$tmp/made" &&
		BOT_TOKEN='' DATABASE_PATH='' "$LEADPIPE" schedule-task \
			--db "$tmp/made/x.db" --text x --chat 1 --in 1h \
			>/dev/null &&
		sqlite3 "$tmp/made/x.db" '.schema --nosys' | sqlite3 "$1" &&
		rm -r "$tmp/made" && return
	echo 'Bail out! no schema'
	exit 1
}
