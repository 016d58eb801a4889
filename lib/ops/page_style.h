/* SPDX-License-Identifier: MIT */
/*
 * How the status page looks.
 */
#ifndef LEADPIPE_PAGE_STYLE_H
#define LEADPIPE_PAGE_STYLE_H

/* CSS in pieces, ended by NULL. */
extern const char *const page_style[];

#endif
