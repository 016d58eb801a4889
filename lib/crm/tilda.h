/* SPDX-License-Identifier: MIT */
/*
 * Where a visitor came from, as Tilda's cookies and the addresses of pages
 * say it.
 */
#ifndef LEADPIPE_TILDA_H
#define LEADPIPE_TILDA_H

#include <jansson.h>
#include <stdbool.h>

/* Adds to UTM what TEXT, the cookie TILDAUTM, says ("utm_source=x|||..."),
 * encoded however often. */
void tilda_utm(json_t *utm, const char *text);

/* The same for a header of cookies: TILDAUTM and the visitor ids of counters
 * are taken, the others (sessions) are not looked at. */
void tilda_cookies(json_t *utm, const char *cookies);

/* The same for the query of URL: click ids always, utm_* only with CAMPAIGN. */
void tilda_query(json_t *utm, const char *url, bool campaign);

#endif
