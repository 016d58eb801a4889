/* SPDX-License-Identifier: MIT */
#include "base/zone_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define FILE_MAX (256U << 10)
#define HEADER 44
#define OFFSET_MAX (26 * 3600) /* RFC 8536, 3.2 */

/* The counts of a header, in their order there. */
enum { UT, STANDARD, LEAP, CHANGES, TYPES, LETTERS, COUNTS };

struct reader {
	const unsigned char *at, *end;
};

static int64_t
number(const unsigned char *at, size_t size)
{
	uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;

	while (size-- > 0)
		value = value << 8 | *at++;
	return (int64_t)value;
}

/* The next LEN bytes, or NULL. */
static const unsigned char *
take(struct reader *reader, size_t len)
{
	const unsigned char *at = reader->at;

	if ((size_t)(reader->end - at) < len)
		return NULL;
	reader->at += len;
	return at;
}

static bool
header_read(struct reader *reader, size_t counts[COUNTS])
{
	const unsigned char *at = take(reader, HEADER);
	size_t i;

	if (at == NULL || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
		return false;
	for (i = 0; i < COUNTS; i++) {
		int64_t count = number(at + 20 + 4 * i, 4);

		if (count < 0 || count > FILE_MAX)
			return false;
		counts[i] = (size_t)count;
	}
	return true;
}

static size_t
body_size(const size_t counts[COUNTS], size_t time)
{
	return counts[CHANGES] * (time + 1) + counts[TYPES] * 6 +
	    counts[LETTERS] + counts[LEAP] * (time + 4) + counts[STANDARD] +
	    counts[UT];
}

/* The changes, of which TYPES has the offsets. */
static bool
changes_read(struct zone *zone, const size_t counts[COUNTS],
    const unsigned char *body)
{
	const unsigned char *kinds = body + counts[CHANGES] * 8;
	const unsigned char *types = kinds + counts[CHANGES];
	size_t i;

	if (counts[TYPES] == 0)
		return false;
	zone->first = (int32_t)number(types, 4);
	zone->count = counts[CHANGES];
	zone->changes =
	    mem_array(NULL, zone->count + 1, sizeof(*zone->changes));
	for (i = 0; i < zone->count; i++) {
		struct zone_offset *change = &zone->changes[i];
		int64_t offset;

		if (kinds[i] >= counts[TYPES])
			return false;
		offset = number(types + 6 * (size_t)kinds[i], 4);
		change->at = number(body + 8 * i, 8);
		change->offset = (int32_t)offset;
		if (offset < -OFFSET_MAX || offset > OFFSET_MAX ||
		    (i > 0 && change->at <= change[-1].at))
			return false;
	}
	return zone->first >= -OFFSET_MAX && zone->first <= OFFSET_MAX;
}

/* The line behind the data. */
static bool
footer_read(struct zone *zone, struct reader *reader)
{
	const unsigned char *line = take(reader, 1), *end;
	char *text;
	bool fits;

	if (line == NULL || *line != '\n')
		return false;
	end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	if (end == NULL)
		return false;
	text = mem_dup_n((const char *)reader->at, (size_t)(end - reader->at));
	zone->has_rule = text[0] != '\0';
	fits = !zone->has_rule || zone_rule_read(text, &zone->rule);
	free(text);
	return fits;
}

static bool
zone_fill(struct zone *zone, struct reader reader)
{
	size_t counts[COUNTS];
	const unsigned char *body;

	/* The first body has times of 32 bits; all is in the second again. */
	if (!header_read(&reader, counts) ||
	    take(&reader, body_size(counts, 4)) == NULL ||
	    !header_read(&reader, counts))
		return false;
	body = take(&reader, body_size(counts, 8));
	return body != NULL && changes_read(zone, counts, body) &&
	    footer_read(zone, &reader);
}

struct zone *
zone_read(const char *path)
{
	struct zone *zone;
	char *data;
	size_t len;
	bool fits;

	if (file_read(path, FILE_MAX, &data, &len, NULL) != OUT_OK)
		return NULL;
	zone = mem_alloc(sizeof(*zone));
	fits = zone_fill(zone,
	    (struct reader){ (unsigned char *)data,
		(unsigned char *)data + len });
	free(data);
	if (fits)
		return zone;
	free(zone->changes);
	free(zone);
	return NULL;
}
