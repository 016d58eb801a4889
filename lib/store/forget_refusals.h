/* SPDX-License-Identifier: MIT */
/*
 * What a website left in Redis and nobody could read names a person by its
 * words alone, be it JSON or a form: SQL for store/forget_rows.h.
 */
#ifndef LEADPIPE_FORGET_REFUSALS_H
#define LEADPIPE_FORGET_REFUSALS_H

#define FORGET_WORDS \
	"replace(replace(replace(replace(lower(r.raw), '%40', '@')," \
	" '%2e', '.'), '%2d', '-'), '%5f', '_')"

#define FORGET_DIGITS \
	"replace(replace(replace(replace(replace(replace(replace(" \
	"replace(" FORGET_WORDS ", '%20', ''), '%28', ''), '%29', '')," \
	" ' ', ''), '-', ''), '+', ''), '(', ''), ')', '')"

/* Their ids.  A number of few digits is anything, and the digits before the
 * last nine are written in more ways than one. */
#define FORGET_REFUSALS \
	"(SELECT r.id FROM refusals AS r WHERE (length(?2) > 5" \
	" AND instr(r.raw, ?2) > 0) OR EXISTS" \
	" (SELECT 1 FROM " FORGET_CONTACTS " AS c WHERE" \
	"  (c.phone GLOB '+[0-9]*' AND length(c.phone) > 9" \
	"   AND instr(" FORGET_DIGITS ", substr(c.phone, -9)) > 0)" \
	"  OR (c.email LIKE '%_@_%'" \
	"   AND instr(" FORGET_WORDS ", c.email) > 0)))"

#endif
