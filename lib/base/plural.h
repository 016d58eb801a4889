/* SPDX-License-Identifier: MIT */
#ifndef LEADPIPE_PLURAL_H
#define LEADPIPE_PLURAL_H

/* What a noun behind COUNT, of any integer type, ends in, as in "%lld chat%s":
 * "" for one. */
#define plural(count) ((count) == 1 ? "" : "s")

#endif
