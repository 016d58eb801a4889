/* SPDX-License-Identifier: MIT */
/*
 * Forms as browsers and form services send them.
 */
#ifndef LEADPIPE_FORM_H
#define LEADPIPE_FORM_H

#include "crm/intake.h"

/* Decodes application/x-www-form-urlencoded in place, returns the length. */
size_t form_decode(char *text, size_t len);

/* Puts the fields of the urlencoded TEXT into INTAKE. */
void form_read(struct intake *intake, const char *text, size_t len);

/* The same for multipart/form-data (RFC 7578) of the media type TYPE; files
 * are named in the note and not kept.  False when TEXT is not that. */
bool form_read_multipart(struct intake *intake, const char *type,
    const char *text, size_t len);

#endif
