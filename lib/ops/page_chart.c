/* SPDX-License-Identifier: MIT */
#include "ops/page_chart.h"

#include <stddef.h>

#include "ops/page_text.h"
#include "store/counters.h"

#define BAR 8
#define BAR_STEP 10
#define BARS_HEIGHT 40

/* Less of a day than this is no colour for the whole of it. */
#define PART_MS INT64_C(60000)

double
chart_top(const double *values, int count, double least)
{
	static const double steps[] = { 1, 2, 5 };
	double most = least, power = 1;
	int step = 0;

	for (int i = 0; i < count; i++)
		if (values[i] > most)
			most = values[i];
	while (steps[step] * power < most) {
		step = (step + 1) % 3;
		if (step == 0)
			power *= 10;
	}
	return steps[step] * power;
}

static double
height_of(double value, double top)
{
	/* A line at the very edge would be cut in half. */
	return CHART_HEIGHT - 1 - value / top * (CHART_HEIGHT - 2);
}

/* Ends a stretch without gaps that began at FIRST; the last point is wide, so
 * that one that stands alone is seen. */
static void
end_stretch(struct buf *out, int first, int end, bool area)
{
	const int step = CHART_WIDTH / STATUS_SLOTS;

	buf_printf(out, "h%d", step);
	if (area)
		buf_printf(out, "V%dH%dz", CHART_HEIGHT, first * step);
	(void)end;
}

void
chart_path(struct buf *out, const double *values, int count, double top,
    bool area)
{
	const int step = CHART_WIDTH / STATUS_SLOTS;
	int first = -1;

	for (int i = 0; i < count; i++) {
		bool gap = values[i] < 0;

		if (gap && first >= 0)
			end_stretch(out, first, i, area);
		if (gap) {
			first = -1;
			continue;
		}
		buf_printf(out, "%s%d %.1f", first < 0 ? "M" : "L", i * step,
		    height_of(values[i], top));
		if (first < 0)
			first = i;
	}
	if (first >= 0)
		end_stretch(out, first, count, area);
}

static void
take_values(const struct status *status, size_t member,
    double values[STATUS_SLOTS])
{
	for (int i = 0; i < STATUS_SLOTS; i++)
		values[i] = *(const double *)(const void
			*)((const char *)&status->slots[i] + member);
}

/* The index of the highest one, -1: nobody looked. */
static int
peak_of(const double *values)
{
	int peak = -1;

	for (int i = 0; i < STATUS_SLOTS; i++)
		if (values[i] >= 0 && (peak < 0 || values[i] > values[peak]))
			peak = i;
	return peak;
}

static void
add_value(struct buf *out, const struct chart *chart, double value)
{
	if (chart->spans)
		page_add_span(out, value);
	else
		page_add_number(out, (int64_t)(value + 0.5));
}

static void
add_peak(struct buf *out, const struct status *status,
    const struct chart *chart, const double *first, const double *second)
{
	int peak = peak_of(first), other = second ? peak_of(second) : -1;
	const double *values = first;

	if (other >= 0 && second[other] > first[peak]) {
		values = second;
		peak = other;
	}

	if (peak < 0) {
		buf_add_text(out, "nothing on record yet");
	} else if (values[peak] <= 0) {
		buf_add_text(out, "none");
	} else {
		buf_add_text(out, "peak ");
		add_value(out, chart, values[peak]);
		buf_add_text(out, " at ");
		page_add_clock(out, status,
		    status->first_slot + peak * COUNTER_SLOT_MS, false);
	}
}

static void
add_lines(struct buf *out, const struct chart *chart, const double *values,
    const double *second, double top)
{
	buf_printf(out,
	    "<svg class=\"plot\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"%s\">"
	    "<path class=\"grid\" d=\"M96 0V80M192 0V80M288 0V80M0 40H384\"/>",
	    CHART_WIDTH, CHART_HEIGHT, chart->id);
	buf_add_text(out, "<path class=\"area\" d=\"");
	chart_path(out, values, STATUS_SLOTS, top, true);
	buf_add_text(out, "\"/><path class=\"line\" d=\"");
	chart_path(out, values, STATUS_SLOTS, top, false);
	if (second != NULL) {
		buf_add_text(out, "\"/><path class=\"line second\" d=\"");
		chart_path(out, second, STATUS_SLOTS, top, false);
	}
	buf_add_text(out, "\"/></svg>");
}

static void
add_hours(struct buf *out, const struct status *status)
{
	buf_add_text(out, "<p class=\"hours\" aria-hidden=\"true\">");
	for (int i = 0; i < 4; i++) {
		buf_add_text(out, "<span>");
		page_add_clock(out, status,
		    status->first_slot +
			i * (STATUS_SLOTS / 4) * COUNTER_SLOT_MS,
		    false);
		buf_add_text(out, "</span>");
	}
	buf_add_text(out, "<span>now</span></p>");
}

void
chart_add(struct buf *out, const struct status *status,
    const struct chart *chart)
{
	double values[STATUS_SLOTS], second[STATUS_SLOTS], top, other;

	take_values(status, chart->member, values);
	top = chart_top(values, STATUS_SLOTS, chart->least);
	if (chart->second != 0) {
		take_values(status, chart->second, second);
		other = chart_top(second, STATUS_SLOTS, chart->least);
		top = other > top ? other : top;
	}
	buf_printf(out, "<figure><figcaption id=\"%s\"><b>%s</b> <span>",
	    chart->id, chart->title);
	add_peak(out, status, chart, values,
	    chart->second != 0 ? second : NULL);
	buf_add_text(out, "</span>");
	if (chart->second != 0)
		buf_printf(out,
		    "<span class=\"key\"><span><i></i>%s</span>"
		    "<span><i class=\"second\"></i>%s</span></span>",
		    chart->names[0], chart->names[1]);
	buf_add_text(out,
	    "</figcaption><div class=\"frame\">"
	    "<span class=\"top\" aria-hidden=\"true\">");
	add_value(out, chart, top);
	buf_add_text(out,
	    "</span><span class=\"top\" aria-hidden=\"true\">0"
	    "</span>");
	add_lines(out, chart, values, chart->second != 0 ? second : NULL, top);
	buf_add_text(out, "</div>");
	add_hours(out, status);
	buf_add_text(out, "</figure>\n");
}

static int64_t
seen_ms(const struct status_day *day)
{
	return day->ok_ms + day->warning_ms + day->critical_ms;
}

static const char *
day_class(const struct status_day *day)
{
	if (seen_ms(day) == 0)
		return "gap";
	if (day->critical_ms >= PART_MS)
		return "crit";
	return day->warning_ms >= PART_MS ? "warn" : "ok";
}

static void
add_day_title(struct buf *out, const struct status_day *day, int64_t number)
{
	page_add_day(out, number);
	if (seen_ms(day) == 0) {
		buf_add_text(out, ": nobody looked");
		return;
	}
	if (day->critical_ms < PART_MS && day->warning_ms < PART_MS)
		buf_add_text(out, ": working");
	if (day->critical_ms >= PART_MS) {
		buf_add_text(out, ": broken for ");
		page_add_span(out, (double)day->critical_ms);
	}
	if (day->warning_ms >= PART_MS) {
		buf_add_text(out,
		    day->critical_ms >= PART_MS ? ", needed a look for "
						: ": needed a look for ");
		page_add_span(out, (double)day->warning_ms);
	}
}

/* A bad day stands out by being lower, too. */
static void
add_bar(struct buf *out, const struct status *status, int i)
{
	const struct status_day *day = &status->days[i];
	const char *class = day_class(day);
	int cut = *class == 'g' ? 30
	    : *class == 'c'	? 14
	    : *class == 'w'	? 7
				: 0;

	buf_printf(out,
	    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	    "rx=\"1.5\"><title>",
	    class, i * BAR_STEP, cut, BAR, BARS_HEIGHT - cut);
	add_day_title(out, day, status->today_day - STATUS_DAYS + 1 + i);
	buf_add_text(out, "</title></rect>");
}

static void
add_share(struct buf *out, const struct status *status)
{
	int64_t seen = 0, broken = 0, days = 0;

	for (int i = 0; i < STATUS_DAYS; i++) {
		seen += seen_ms(&status->days[i]);
		broken += status->days[i].critical_ms;
		days += seen_ms(&status->days[i]) > 0;
	}
	if (seen == 0) {
		buf_add_text(out, "nothing on record yet");
		return;
	}
	/* Rounded down: a day with a failure is never 100 %. */
	int64_t share = (seen - broken) * 10000 / seen;
	buf_printf(out,
	    "not broken for %lld.%02lld %% of the time on record, "
	    "%lld %s",
	    (long long)share / 100, (long long)share % 100, (long long)days,
	    days == 1 ? "day" : "days");
}

void
chart_add_days(struct buf *out, const struct status *status)
{
	buf_add_text(out,
	    "<figure class=\"days\"><figcaption id=\"days\"><b>"
	    "Three months</b> <span>");
	add_share(out, status);
	buf_printf(out,
	    "</span><span class=\"key\"><span><i class=\"ok\"></i>working"
	    "</span><span><i class=\"warn\"></i>needed a look</span>"
	    "<span><i class=\"crit\"></i>broken</span>"
	    "<span><i class=\"gap\"></i>nobody looked</span></span>"
	    "</figcaption><svg viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\" role=\"img\" "
	    "aria-labelledby=\"days\">",
	    STATUS_DAYS * BAR_STEP - (BAR_STEP - BAR), BARS_HEIGHT);
	for (int i = 0; i < STATUS_DAYS; i++)
		add_bar(out, status, i);
	buf_add_text(out,
	    "</svg><p class=\"hours\" aria-hidden=\"true\">"
	    "<span>");
	page_add_day(out, status->today_day - STATUS_DAYS + 1);
	buf_add_text(out, "</span><span>today</span></p></figure>\n");
}
