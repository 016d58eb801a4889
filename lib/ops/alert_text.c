/* SPDX-License-Identifier: MIT */
#include "ops/alert_text.h"

#include <stdlib.h>

#include "base/buf.h"

#define HOUR_MS INT64_C(3600000)

/* Telegram takes 4096 characters: an item more, and a sum, fit in. */
#define LETTER_FULL 2800
#define LETTER_MOST 16384

static void
add_since(struct buf *out, const struct alert_trouble *trouble, int64_t now)
{
	char at[CLOCK_TEXT_SIZE], span[CLOCK_TEXT_SIZE];

	if (trouble->since != 0)
		buf_printf(out, "  since %s, for %s\n",
		    clock_text(trouble->since, at),
		    check_span(now - trouble->since, span));
}

static void
add_trouble(struct buf *out, const struct alert_trouble *trouble, int64_t now)
{
	buf_printf(out, "[%s] %s: %s\n", check_state_name(trouble->told),
	    trouble->key, trouble->text);
	add_since(out, trouble, now);
	if (*trouble->remedy != '\0')
		buf_printf(out, "  mend: %s\n", trouble->remedy);
	if (trouble->eased > 0)
		buf_printf(out,
		    "  it comes and goes: better for a while, %lld times lately\n",
		    (long long)trouble->eased);
}

static void
add_recovery(struct buf *out, const struct alert_trouble *trouble, int64_t now)
{
	char span[CLOCK_TEXT_SIZE];

	buf_printf(out, "[OK] %s: was %s", trouble->key,
	    check_state_name(trouble->was));
	if (trouble->since != 0)
		buf_printf(out, " for %s",
		    check_span(trouble->seen_at - trouble->since, span));
	buf_printf(out, ", is well for %s\n",
	    check_span(now - trouble->seen_at, span));
}

/* Which troubles a letter is about. */
enum about { ABOUT_WORSE, ABOUT_BETTER, ABOUT_WRONG };

static bool
concerns(const struct alert_trouble *trouble, enum about about)
{
	switch (about) {
	case ABOUT_WORSE:
		return trouble->changed && trouble->told > trouble->was;
	case ABOUT_BETTER:
		return trouble->changed && trouble->told < trouble->was;
	default:
		return trouble->told != CHECK_OK;
	}
}

/* The worst first; returns the worst state. */
static enum check_state
add_all(struct buf *out, const struct alert_state *state, enum about about,
    int64_t now)
{
	enum check_state worst = CHECK_OK;
	int more = 0;

	for (int level = CHECK_CRITICAL; level >= CHECK_OK; level--) {
		for (size_t i = 0; i < state->trouble_count; i++) {
			const struct alert_trouble *trouble =
			    &state->troubles[i];

			if ((int)trouble->told != level ||
			    !concerns(trouble, about))
				continue;
			if (trouble->told > worst)
				worst = trouble->told;
			if (out->len > LETTER_FULL)
				more++;
			else if (trouble->told == CHECK_OK)
				add_recovery(out, trouble, now);
			else
				add_trouble(out, trouble, now);
		}
	}
	if (more > 0)
		buf_printf(out, "... and %d more: leadpipe healthcheck -v\n",
		    more);
	return worst;
}

static int
count_all(const struct alert_state *state, enum about about)
{
	int count = 0;

	for (size_t i = 0; i < state->trouble_count; i++)
		count += concerns(&state->troubles[i], about);
	return count;
}

static void
forget_sent(struct alert_state *state, int64_t now)
{
	int64_t kept = 0;

	for (int64_t i = 0; i < state->sent_count; i++)
		if (now - state->sent[i] < HOUR_MS)
			state->sent[kept++] = state->sent[i];
	state->sent_count = kept;
}

static struct alert_letter *
post(struct alert_state *state, const char *title, const char *sender,
    struct buf *body, int64_t now)
{
	struct buf text = BUF_INIT(LETTER_MOST);

	buf_printf(&text, "%s: %s\n", sender, title);
	buf_add_text(&text, body->data ? body->data : "");
	text.data[text.len - 1] = '\0';
	state->sent[state->sent_count++] = now;
	return alert_letter_add(state, now, buf_take(&text));
}

static void
add_sum(struct buf *out, struct alert_state *state)
{
	char at[CLOCK_TEXT_SIZE];

	buf_printf(out,
	    "not told one by one since %s, as there were %d letters within "
	    "an hour: got worse %lld, got better %lld\n",
	    clock_text(state->held_from, at), ALERTS_AN_HOUR,
	    (long long)state->held_worse, (long long)state->held_better);
	state->held_worse = state->held_better = state->held_from = 0;
}

/* Of everything that is wrong: after a sum, and as a reminder. */
static struct alert_letter *
write_all(struct alert_state *state, const char *sender, int64_t now)
{
	bool sum = state->held_from != 0;
	struct buf body = BUF_INIT(LETTER_MOST);

	if (sum)
		add_sum(&body, state);
	enum check_state worst = add_all(&body, state, ABOUT_WRONG, now);
	const char *title = worst == CHECK_OK ? "nothing is wrong any more"
	    : sum			      ? "wrong at present"
					      : "still wrong";
	for (size_t i = 0; i < state->trouble_count; i++)
		if (state->troubles[i].told != CHECK_OK)
			state->troubles[i].told_at = now;
	struct alert_letter *letter = post(state, title, sender, &body, now);
	buf_release(&body);
	return letter;
}

static struct alert_letter *
write_changes(struct alert_state *state, const char *sender, int64_t now)
{
	struct buf body = BUF_INIT(LETTER_MOST);
	enum check_state worst = add_all(&body, state, ABOUT_WORSE, now);

	add_all(&body, state, ABOUT_BETTER, now);
	int left = count_all(state, ABOUT_WRONG);
	if (worst == CHECK_OK && left > 0)
		buf_printf(&body,
		    "still wrong: %d, see leadpipe "
		    "healthcheck -v\n",
		    left);
	if (state->sent_count == ALERTS_AN_HOUR - 1)
		buf_printf(&body,
		    "this is letter %d within an hour: what "
		    "follows is summed\n",
		    ALERTS_AN_HOUR);
	struct alert_letter *letter = post(state,
	    worst != CHECK_OK ? check_state_name(worst) : "better", sender,
	    &body, now);
	buf_release(&body);
	return letter;
}

struct alert_letter *
alert_write(struct alert_state *state, bool remind, const char *sender,
    int64_t now)
{
	int worse = count_all(state, ABOUT_WORSE);
	int better = count_all(state, ABOUT_BETTER);

	forget_sent(state, now);
	bool full = state->sent_count >= ALERTS_AN_HOUR;
	if (full || (state->held_from != 0 && worse + better > 0)) {
		if (worse + better > 0 && state->held_from == 0)
			state->held_from = now;
		state->held_worse += worse;
		state->held_better += better;
	}
	if (full)
		return NULL;
	if (state->held_from != 0)
		return write_all(state, sender, now);
	if (worse + better > 0)
		return write_changes(state, sender, now);
	return remind ? write_all(state, sender, now) : NULL;
}
