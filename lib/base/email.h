/* SPDX-License-Identifier: MIT */
/*
 * E-mail addresses as people type them, in the form in which two of them can
 * be compared.
 */
#ifndef LEADPIPE_EMAIL_H
#define LEADPIPE_EMAIL_H

#include <stdbool.h>

#define EMAIL_SIZE 255 /* RFC 5321, 4.5.3.1.3: 254 bytes, and the end */

/*
 * Reads TEXT ("Ann <Ann@Example.ORG>", "mailto:ann@example.org") into OUT, in
 * lower case: no provider in use tells Ann from ann.  False and "" when it is
 * no address; whether anybody reads it is not looked up.
 */
bool email_parse(const char *text, char out[EMAIL_SIZE]);

#endif
