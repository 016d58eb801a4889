/* SPDX-License-Identifier: MIT */
#include "ops/output.h"

#include <errno.h>
#include <string.h>

bool
output_flush(struct run *run, FILE *to, struct buf *page)
{
	/* What is larger than the buffer is written at once: then nothing is
	 * left that a flush could fail on. */
	bool written = fwrite(page->data, 1, page->len, to) == page->len;

	buf_clear(page);
	if (written && fflush(to) == 0)
		return true;
	if (errno != EPIPE)
		fault_set(&run->fault, OUT_LATER, EXIT_IO,
		    "cannot write to stdout: %s", strerror(errno));
	return false;
}
