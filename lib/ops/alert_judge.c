/* SPDX-License-Identifier: MIT */
#include "ops/alert_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "ops/health.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

/* Bad at two checks a minute apart, or known to be so for that long. */
#define CONFIRM_MS INT64_C(45000)

/* Well for this long, doubled each time: what comes and goes is told less. */
#define CALM_MS (3 * MINUTE_MS)
#define CALM_MOST_MS HOUR_MS

/* A failed unit says when it fails, never when it does well. */
#define UNIT_CALM_MS (15 * MINUTE_MS)

#define REMIND_MS (4 * HOUR_MS)

static bool
key_begins(const char *key, const char *component)
{
	size_t len = strlen(component);

	return strncmp(key, component, len) == 0 && key[len] == '/';
}

/* What the others cannot be judged without. */
static bool
is_root(const char *key)
{
	return key_begins(key, "config") ||
	    strcmp(key, "database/open") == 0 ||
	    strcmp(key, "database/database") == 0;
}

/* What stops, or cannot be read, with the database: told with its recovery,
 * should it stay. */
static bool
follows(const struct alert_trouble *trouble)
{
	static const char *const keys[] = { "telegram/poll_age",
		"telegram/telegram", "queue/due_lag", "queue/queue",
		"queue/updates", "crm/crm", "crm/lead_lag" };

	if (key_begins(trouble->key, "config") ||
	    key_begins(trouble->key, "database") ||
	    key_begins(trouble->key, "machine"))
		return false;
	if (trouble->now == CHECK_UNKNOWN || key_begins(trouble->key, "runs"))
		return true;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(trouble->key, keys[i]) == 0)
			return true;
	return false;
}

static bool
is_wrong(const struct alert_state *state, const char *key)
{
	for (size_t i = 0; i < state->trouble_count; i++)
		if (strcmp(state->troubles[i].key, key) == 0)
			return state->troubles[i].now != CHECK_OK ||
			    state->troubles[i].told != CHECK_OK;
	return false;
}

/* Whether what causes KEY is wrong, which tells more. */
static bool
has_cause(const struct alert_state *state, const char *key)
{
	static const struct {
		const char *cause, *effect;
	} chains[] = { { "telegram/poll_fault", "telegram/poll_age" },
		{ "telegram/poll_fault", "runs/last_run:poll-updates" },
		{ "runs/poll_run_age", "telegram/poll_age" } };

	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (strcmp(chains[i].effect, key) == 0 &&
		    is_wrong(state, chains[i].cause))
			return true;
	return false;
}

/* Whether nothing else could be judged or could work: until people have heard
 * that it is over. */
static bool
is_down(const struct alert_state *state)
{
	for (size_t i = 0; i < state->trouble_count; i++) {
		const struct alert_trouble *trouble = &state->troubles[i];
		bool full = strcmp(trouble->key, "machine/disk_free") == 0;

		if (is_root(trouble->key) &&
		    (trouble->now != CHECK_OK || trouble->told != CHECK_OK))
			return true;
		if (full &&
		    (trouble->now == CHECK_CRITICAL ||
			trouble->told == CHECK_CRITICAL))
			return true;
	}
	return false;
}

static int64_t
calm_ms(const struct alert_trouble *trouble)
{
	int64_t calm = key_begins(trouble->key, ALERT_UNITS) ? UNIT_CALM_MS
							     : CALM_MS;

	for (int64_t i = 0; i < trouble->eased && calm < CALM_MOST_MS; i++)
		calm *= 2;
	return calm < CALM_MOST_MS ? calm : CALM_MOST_MS;
}

static void
change(struct alert_trouble *trouble, int64_t now)
{
	trouble->was = trouble->told;
	trouble->told = trouble->now;
	trouble->changed = true;
	trouble->told_at = now;
	trouble->up_at = trouble->quiet_at = trouble->down_at = 0;
}

/* Worse than people know. */
static void
worsen(struct alert_trouble *trouble, int64_t now)
{
	bool at_once = key_begins(trouble->key, ALERT_UNITS);

	trouble->down_at = trouble->quiet_at = 0;
	if (trouble->up_at == 0)
		trouble->up_at = trouble->told == CHECK_OK &&
			trouble->since != 0 && trouble->since < now
		    ? trouble->since
		    : now;
	if (trouble->held || (!at_once && now - trouble->up_at < CONFIRM_MS))
		return;
	change(trouble, now);
}

/* Not worse, perhaps better. */
static void
ease(struct alert_trouble *trouble, int64_t now)
{
	if (trouble->up_at != 0 && trouble->quiet_at == 0)
		trouble->quiet_at = now;
	if (trouble->up_at != 0 && now - trouble->quiet_at >= CALM_MS)
		trouble->up_at = trouble->quiet_at = 0;
	if (trouble->now == trouble->told) {
		trouble->down_at = 0;
		return;
	}
	if (trouble->down_at == 0)
		trouble->down_at = now;
	if (now - trouble->down_at < calm_ms(trouble))
		return;
	change(trouble, now);
	trouble->eased++;
}

/* Texts may hold what strangers wrote, and a secret of the configuration. */
static void
set_text(char **to, const char *text)
{
	free(*to);
	*to = utf8_clean(text, strlen(text));
	log_redact(*to);
	for (char *at = *to; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
}

static void
take(struct alert_trouble *trouble, const struct check *check, int64_t now)
{
	bool anew = trouble->now == CHECK_OK && trouble->told == CHECK_OK;

	trouble->judged = true;
	if (check->state != CHECK_OK) {
		/* A further failure is no new beginning. */
		if (anew)
			trouble->since = check->since ? check->since : now;
		else if (check->since != 0 && check->since < trouble->since)
			trouble->since = check->since;
		trouble->seen_at = now;
		set_text(&trouble->text, check->text);
		set_text(&trouble->remedy, check->remedy);
	}
	trouble->now = check->state;
}

static void
take_all(struct alert_state *state, const struct checks *checks)
{
	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = &checks->list[i];
		char *key = health_key(check);
		bool known = false;

		for (size_t j = 0; j < state->trouble_count; j++)
			known |= strcmp(state->troubles[j].key, key) == 0;
		if (known || check->state != CHECK_OK)
			take(alert_trouble(state, key), check, checks->now);
		free(key);
	}
}

static bool
has_component(const struct checks *checks, const char *key)
{
	for (size_t i = 0; i < checks->count; i++)
		if (key_begins(key, checks->list[i].component))
			return true;
	return false;
}

/*
 * What is not in the report is well when it would be there otherwise: its
 * component was looked at, and nothing was in the way.
 */
static void
take_absent(struct alert_state *state, const struct checks *checks)
{
	bool blind = false, looked = false;

	/* The configuration is read for each look but that at a unit. */
	for (size_t i = 0; i < checks->count; i++)
		looked |= strcmp(checks->list[i].component, ALERT_UNITS) != 0;
	for (size_t i = 0; i < state->trouble_count; i++)
		blind |= state->troubles[i].judged &&
		    is_root(state->troubles[i].key) &&
		    state->troubles[i].now != CHECK_OK;
	for (size_t i = 0; i < state->trouble_count; i++) {
		struct alert_trouble *trouble = &state->troubles[i];

		if (trouble->judged)
			continue;
		trouble->judged =
		    (looked && key_begins(trouble->key, "config")) ||
		    key_begins(trouble->key, ALERT_UNITS) ||
		    (!blind && has_component(checks, trouble->key));
		if (trouble->judged)
			trouble->now = CHECK_OK;
		if (key_begins(trouble->key, ALERT_UNITS) &&
		    trouble->down_at == 0)
			trouble->down_at = trouble->seen_at;
	}
}

static bool
needs_reminder(const struct alert_state *state, int64_t now)
{
	for (size_t i = 0; i < state->trouble_count; i++) {
		const struct alert_trouble *trouble = &state->troubles[i];

		if (trouble->told != CHECK_OK &&
		    now - trouble->told_at >= REMIND_MS)
			return true;
	}
	return false;
}

bool
alert_judge(struct alert_state *state, const struct checks *checks)
{
	for (size_t i = 0; i < state->trouble_count; i++)
		state->troubles[i].judged = state->troubles[i].changed = false;
	take_all(state, checks);
	take_absent(state, checks);
	/* Before anything changes: what comes first must not matter. */
	bool down = is_down(state);
	for (size_t i = 0; i < state->trouble_count; i++) {
		struct alert_trouble *trouble = &state->troubles[i];

		trouble->held = (down && follows(trouble)) ||
		    has_cause(state, trouble->key);
	}
	for (size_t i = 0; i < state->trouble_count; i++) {
		struct alert_trouble *trouble = &state->troubles[i];

		if (trouble->judged && trouble->now > trouble->told)
			worsen(trouble, checks->now);
		else if (trouble->judged)
			ease(trouble, checks->now);
	}
	return needs_reminder(state, checks->now);
}

void
alert_forget(struct alert_state *state, int64_t now)
{
	for (size_t i = state->trouble_count; i-- > 0;) {
		struct alert_trouble *trouble = &state->troubles[i];
		bool calm = trouble->now == CHECK_OK &&
		    trouble->told == CHECK_OK && trouble->up_at == 0;

		/* Its relapses are forgotten when it was well for as long as
		 * the longest calm that they can ask for, and more. */
		if (calm && now - trouble->told_at >= REMIND_MS)
			alert_trouble_drop(state, i);
	}
}
