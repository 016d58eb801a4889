/* SPDX-License-Identifier: MIT */
/*
 * Telephone numbers as people type them, to E.164 (ITU-T), the form in which
 * two of them can be compared.
 */
#ifndef LEADPIPE_PHONE_H
#define LEADPIPE_PHONE_H

#define PHONE_SIZE 17 /* + and 15 digits (E.164, section 6.1), and the end */

enum phone_verdict {
	PHONE_INVALID,
	PHONE_GUESSED, /* reads as a number of another country, without its + */
	PHONE_VALID
};

/*
 * Reads TEXT, a number of REGION ("RU", "KZ" ...; NULL: RU) unless it says
 * otherwise, into OUT, "" when it is PHONE_INVALID.  Area codes are not
 * looked up: a number that no one has may be valid.
 */
enum phone_verdict phone_parse(const char *text, const char *region,
    char out[PHONE_SIZE]);

#endif
