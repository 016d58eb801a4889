/* SPDX-License-Identifier: MIT */
/* needs: crm store net base */
/*
 * The loop that brings leads to CRMs, with CRMs of our own making: what it
 * writes down before anything leaves, what it does with each verdict, and that
 * one CRM is not in another's way.  Their calls are programs, as for exec.
 */
#include "state_db.h"

#include <time.h>

#include "base/config.h"
#include "base/mem.h"
#include "base/stop.h"
#include "crm/adapter.h"
#include "crm/sync.h"
#include "store/breaker.h"
#include "store/statement.h"

#define FAST "amocrm"
#define SLOW "exec"

/* Jobs of four leads each, where nothing limits them. */
#define AT_ONCE 16

const char *const crm_names[] = { FAST, SLOW, NULL };

struct crm {
	const char *name;
};

/* What a fake CRM does with its jobs. */
struct play {
	enum crm_verdict verdict;
	struct crm_state state;
	bool creates, changes;
	bool repeats;	    /* a lead in doubt is simply sent again */
	bool doubles;	    /* a search finds two */
	const char *script; /* of sh */
	int chores;	    /* to be done first */
	int jobs, most_at_once, at_once;
	size_t leads, dropped;
	char output[64];	/* of the last call */
	int64_t answered_after; /* ms since the start, of the first call */
};

static struct play plays[2];
static size_t batch;
static int64_t started;
static struct config *config;

struct crm_job {
	struct crm *crm;
	struct play *play;
	enum crm_task task;
	struct crm_lead *leads;
	size_t count;
	struct crm_state state;
	const char *argv[4];
	bool asked;
};

const char *
crm_default(const struct config *unused, struct fault *why)
{
	(void)unused;
	(void)why;
	return FAST;
}

bool
crm_is_configured(const struct config *unused, const char *name)
{
	(void)unused;
	return plays[strcmp(name, FAST) != 0].script != NULL;
}

enum outcome
crm_open(struct crm **crm, const char *name, const struct config *unused,
    struct db *state, struct fault *why)
{
	(void)unused;
	(void)state;
	(void)why;
	*crm = mem_alloc(sizeof(**crm));
	(*crm)->name = strcmp(name, FAST) == 0 ? FAST : SLOW;
	return OUT_OK;
}

void
crm_close(struct crm *crm)
{
	free(crm);
}

const char *
crm_name(const struct crm *crm)
{
	return crm->name;
}

struct crm_bounds
crm_bounds(const struct crm *crm)
{
	return (struct crm_bounds){ .batch = *crm->name == 'a' ? batch : 1 };
}

struct crm_job *
crm_job_open(struct crm *crm, enum crm_task task, struct crm_lead *leads,
    size_t count)
{
	struct crm_job *job = mem_alloc(sizeof(*job));

	job->crm = crm;
	job->play = &plays[*crm->name != 'a'];
	job->task = task;
	job->leads = leads;
	job->count = count;
	++job->play->jobs;
	job->play->leads += count;
	for (size_t i = 0; i < count; i++)
		job->play->dropped += json_array_size(leads[i].dropped);
	if (++job->play->at_once > job->play->most_at_once)
		job->play->most_at_once = job->play->at_once;
	return job;
}

void
crm_job_pull_from(struct crm_job *job, const char *cursor)
{
	(void)job;
	(void)cursor;
}

struct crm_job *
crm_chore(struct crm *crm, int64_t now)
{
	struct play *play = &plays[*crm->name != 'a'];

	(void)now;
	return play->chores-- > 0 ? crm_job_open(crm, CRM_NOTE, NULL, 0)
				  : NULL;
}

enum crm_next
crm_job_next(struct crm_job *job, int64_t now, struct crm_request *request)
{
	(void)now;
	if (job->asked)
		return CRM_DONE;
	job->asked = true;
	job->argv[0] = "/bin/sh";
	job->argv[1] = "-c";
	job->argv[2] = job->play->script;
	*request = (struct crm_request){ .creates = job->play->creates &&
		    job->task == CRM_CREATE,
		.argv = job->argv };
	for (size_t i = 0; i < job->count; i++)
		job->leads[i].leaving = request->creates;
	return CRM_ASK;
}

void
crm_job_answer(struct crm_job *job, const struct crm_response *response,
    int64_t now)
{
	struct play *play = job->play;

	(void)now;
	if (play->answered_after == 0)
		play->answered_after = clock_mono_ms() - started;
	snprintf(play->output, sizeof(play->output), "%.*s",
	    (int)response->output_len, response->output);
	job->state = play->state;
	for (size_t i = 0; i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];

		lead->verdict = play->verdict;
		if (job->task == CRM_SEARCH && play->repeats)
			lead->verdict = CRM_AGAIN;
		if (job->task == CRM_SEARCH && play->doubles)
			strcpy(lead->twin_id, "77");
		lead->noted = true;
		snprintf(lead->remote_id, sizeof(lead->remote_id), "%lld",
		    play->verdict == CRM_CREATED ? (long long)lead->id + 1000
						 : 0LL);
		if (play->verdict != CRM_CREATED)
			lead->remote_id[0] = '\0';
	}
}

void
crm_job_close(struct crm_job *job)
{
	if (job == NULL)
		return;
	--job->play->at_once;
	free(job);
}

const struct crm_state *
crm_job_state(const struct crm_job *job)
{
	return &job->state;
}

/* The same twice, as a CRM whose windows overlap tells it. */
const struct crm_change *
crm_job_changes(const struct crm_job *job, size_t *count)
{
	static const struct crm_change changes[] = {
		{ .remote_id = "1001", .status_id = "7", .at = 5 },
		{ .remote_id = "1001", .status_id = "7", .at = 5 },
		{ .remote_id = "9", .status_id = "7", .at = 5 },
		{ .remote_id = "1001",
		    .status_id = "142",
		    .won = true,
		    .at = 6 },
	};

	*count = job->play->changes ? 4 : 0;
	return changes;
}

const char *
crm_job_cursor(const struct crm_job *job)
{
	return job->play->changes ? "6" : NULL;
}

/* --- */

static void
add(int count, const char *crm)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	for (int i = 0; i < count; i++) {
		sqlite3_stmt *stmt = db_use(db,
		    "INSERT INTO leads(key, crm, created_at, chat_id)"
		    " VALUES(hex(randomblob(8)), ?1, ?2, 42)");

		db_bind_text(stmt, 1, crm);
		db_bind_int(stmt, 2, clock_wall_ms());
		db_run(db, stmt);
	}
	state_ok(db_commit(db, &fault), &fault);
}

static int64_t heard, won;

static enum outcome
hear(void *arg, const char *crm, int64_t lead, const struct crm_change *change,
    int64_t now, struct fault *why)
{
	(void)arg;
	(void)now;
	(void)why;
	assert_string_equal(FAST, crm);
	assert_int_equal(1, lead);
	++heard;
	won += change->won;
	return OUT_OK;
}

static struct sync_counts
run_pass(bool pull, enum outcome expected)
{
	struct worker worker = WORKER_INIT;
	struct recovered recovered;
	struct sync_counts counts;

	state_ok(worker_begin(db, &worker, "sync-crm", false, state_soon(),
		     &recovered, &fault),
	    &fault);
	started = clock_mono_ms();
	const struct sync_options options = { .config = config,
		.db = db,
		.worker = worker.id,
		.started = started,
		.hear = pull ? hear : NULL };
	struct sync *sync = sync_open(&options);
	enum outcome out = sync_run(sync, &fault);
	if (out != expected)
		fail_msg("%d: %s", out, fault.text);
	counts = *sync_counts(sync);
	sync_close(sync);
	worker_end(db, &worker, 0, "{}");
	return counts;
}

static int64_t
number(const char *sql)
{
	return state_number(state_path, sql);
}

static int
play_setup(void **state)
{
	memset(plays, 0, sizeof(plays));
	plays[0].script = ":";
	plays[0].creates = true;
	plays[0].verdict = CRM_CREATED;
	heard = won = 0;
	batch = 4;
	unsetenv("LEADPIPE_CONFIG");
	if (config_open(&config, "/dev/null", &fault) != OUT_OK)
		return -1;
	return setup(state);
}

static int
play_teardown(void **state)
{
	config_close(config);
	return teardown(state);
}

#define WITH_PLAY(test) \
	cmocka_unit_test_setup_teardown(test, play_setup, play_teardown)

static void
every_lead_is_created_once(void **state)
{
	struct sync_counts counts;

	(void)state;
	add(30, NULL);
	counts = run_pass(false, OUT_OK);
	assert_int_equal(30, counts.created);
	assert_int_equal(30, plays[0].leads);
	assert_int_equal(8, plays[0].jobs);
	assert_true(plays[0].most_at_once > 1);
	assert_int_equal(30,
	    number("SELECT count(*) FROM leads WHERE state = 'created'"
		   " AND remote_id = id + 1000 AND errand IS NULL"
		   " AND worker IS NULL AND sends = 1"));
	counts = run_pass(false, OUT_OK);
	assert_int_equal(0, counts.created);
	assert_int_equal(30, plays[0].leads);
}

/* A few are shared out, so that their persons are asked for side by side, but
 * not into a call for each. */
static void
a_few_leads_are_shared_out(void **state)
{
	(void)state;
	batch = 50;
	plays[0].script = "sleep 0.5";
	add(40, FAST);
	assert_int_equal(40, run_pass(false, OUT_OK).created);
	assert_int_equal(4, plays[0].jobs);
	assert_int_equal(4, plays[0].most_at_once);
}

/* A lead that was found again: what had been struck out is still told. */
static void
what_was_dropped_is_noted(void **state)
{
	(void)state;
	add(2, FAST);
	state_exec(state_path,
	    "UPDATE leads SET state = 'created', errand = 'note',"
	    " remote_id = '9', dropped = '[{\"field\":\"City\"}]'");
	state_exec(state_path,
	    "UPDATE leads SET told = 0, joins = 1,"
	    " details = '{\"updates\":[\"x\"]}' WHERE id = 2");
	run_pass(false, OUT_OK);
	assert_int_equal(1, plays[0].dropped);
}

/* Seen by the call itself: a crash from here on leaves it to be searched. */
static void
what_leaves_was_written_down(void **state)
{
	char script[300];

	(void)state;
	snprintf(script, sizeof(script),
	    "sqlite3 -readonly %s \"SELECT state || errand || sends FROM"
	    " leads\"",
	    state_path);
	plays[0].script = script;
	add(1, FAST);
	run_pass(false, OUT_OK);
	assert_string_equal("sendingsearch1\n", plays[0].output);
}

static void
a_slow_crm_is_in_nobodys_way(void **state)
{
	(void)state;
	plays[1] = plays[0];
	plays[1].script = "sleep 1.5";
	add(4, SLOW);
	add(4, FAST);
	run_pass(false, OUT_OK);
	assert_true(plays[0].answered_after < 1000);
	assert_true(plays[1].answered_after >= 1500);
	assert_int_equal(4, plays[1].most_at_once);
	assert_int_equal(8,
	    number("SELECT count(*) FROM leads WHERE state = 'created'"));
}

/* A fresh token, say: nothing else is asked meanwhile, and waiting for it
 * costs nothing. */
static void
a_chore_comes_first(void **state)
{
	clock_t before = clock();

	(void)state;
	plays[0].chores = 1;
	plays[0].script = "sleep 0.7";
	add(1, FAST);
	assert_int_equal(1, run_pass(false, OUT_OK).created);
	assert_int_equal(1, plays[0].most_at_once);
	assert_true(clock_mono_ms() - started >= 1400);
	assert_true(clock() - before < CLOCKS_PER_SEC / 5);
}

/* Surely not created: three tries 2 s and 4 s apart, then 5 min later. */
static void
what_surely_failed_is_tried_three_times(void **state)
{
	struct sync_counts counts;
	int64_t before = clock_wall_ms();

	(void)state;
	plays[0].verdict = CRM_AGAIN;
	plays[0].state =
	    (struct crm_state){ .health = CRM_FAILING, .text = "HTTP 502" };
	add(1, FAST);
	counts = run_pass(false, OUT_LATER);
	assert_int_equal(3, counts.retried);
	assert_true(clock_wall_ms() - before >= 6000);
	assert_true(
	    number("SELECT not_before FROM leads") >= before + 6000 + 300000);
	assert_int_equal(1,
	    number("SELECT tries = 3 AND state = 'queued'"
		   " AND errand = 'create' FROM leads"));
	assert_string_equal("HTTP 502", fault.text);
	assert_int_equal(EXIT_LATER, fault.code);
}

static void
five_failures_open_the_circuit(void **state)
{
	struct breaker breaker;

	(void)state;
	plays[0].verdict = CRM_AGAIN;
	plays[0].state.health = CRM_FAILING;
	add(160, FAST);
	run_pass(false, OUT_LATER);
	breaker_load(db, FAST, &breaker);
	assert_true(breaker.failures >= BREAKER_FAILURES);
	assert_true(breaker.open_until > clock_wall_ms() + 20000);
	/* Once it was known to fail one at a time was tried. */
	assert_true(plays[0].jobs <= AT_ONCE + 3);
	int jobs = plays[0].jobs;
	run_pass(false, OUT_LATER);
	assert_int_equal(jobs, plays[0].jobs);
	/* Its time is over, and it answers: all that wait are due. */
	state_exec(state_path, "UPDATE breakers SET open_until = 1");
	state_exec(state_path,
	    "UPDATE leads SET not_before = 0 WHERE id = 160");
	plays[0].verdict = CRM_CREATED;
	plays[0].state.health = CRM_WELL;
	assert_int_equal(160, run_pass(false, OUT_OK).created);
	breaker_load(db, FAST, &breaker);
	assert_int_equal(0, breaker.failures);
}

static void
a_lost_reply_is_searched_for(void **state)
{
	struct sync_counts counts;

	(void)state;
	plays[0].verdict = CRM_UNKNOWN;
	plays[0].state.health = CRM_FAILING;
	add(1, FAST);
	counts = run_pass(false, OUT_LATER);
	assert_int_equal(1, counts.unknown);
	assert_int_equal(1, plays[0].jobs);
	state_exec(state_path, "UPDATE leads SET not_before = 0");
	plays[0].verdict = CRM_CREATED;
	plays[0].creates = false;
	plays[0].state.health = CRM_WELL;
	counts = run_pass(false, OUT_OK);
	assert_int_equal(1, counts.found);
	assert_int_equal(0, counts.created);
	assert_int_equal(1, number("SELECT sends = 1 FROM leads"));
}

/* After a crash, of a CRM for which the same lead twice is one lead. */
static void
what_may_be_repeated_is_sent_again(void **state)
{
	struct sync_counts counts;

	(void)state;
	plays[0].repeats = true;
	add(1, FAST);
	state_exec(state_path,
	    "UPDATE leads SET state = 'unknown', errand = 'search',"
	    " sends = 1");
	counts = run_pass(false, OUT_OK);
	assert_int_equal(2, plays[0].jobs);
	assert_int_equal(1, counts.created);
	assert_int_equal(1,
	    number("SELECT state = 'created' AND sends = 2 FROM leads"));
}

static void
a_double_is_reported_once(void **state)
{
	(void)state;
	add(2, FAST);
	run_pass(false, OUT_OK);
	state_exec(state_path, "UPDATE leads SET check_at = 1 WHERE id = 1");
	plays[0].doubles = true;
	assert_int_equal(1, run_pass(false, OUT_OK).doubled);
	assert_int_equal(1,
	    number("SELECT item = 1 AND answer = 'amocrm has 1001 and 77'"
		   " FROM dead_letters"));
	assert_int_equal(2,
	    number("SELECT count(*) FROM leads WHERE state = 'created'"
		   " AND errand IS NULL AND told = 0"));
	assert_int_equal(0, run_pass(false, OUT_OK).doubled);
}

/* Nobody calls until then, whatever is due. */
static void
a_flood_wait_holds_everybody(void **state)
{
	(void)state;
	plays[0].verdict = CRM_PENDING;
	plays[0].state =
	    (struct crm_state){ .health = CRM_LIMITED, .wait_ms = 60000 };
	add(1, FAST);
	int64_t before = clock_wall_ms();
	struct worker worker = WORKER_INIT;
	struct recovered recovered;

	state_ok(worker_begin(db, &worker, "sync-crm", false, state_soon(),
		     &recovered, &fault),
	    &fault);
	const struct sync_options options = { .config = config,
		.db = db,
		.worker = worker.id,
		.started = clock_mono_ms(),
		.for_ms = 1500 };
	struct sync *sync = sync_open(&options);
	state_ok(sync_run(sync, &fault), &fault);
	sync_close(sync);
	worker_end(db, &worker, 0, "{}");
	assert_true(clock_wall_ms() - before < 10000);
	assert_int_equal(1,
	    number("SELECT count(*) FROM limits WHERE kind = 'crm'"
		   " AND blocked_until > unixepoch() * 1000 + 50000"));
	assert_int_equal(1,
	    number("SELECT tries = 0 AND errand = 'create' FROM leads"));
}

static void
a_rejected_token_stops_all_and_loses_nothing(void **state)
{
	struct breaker breaker;

	(void)state;
	plays[0].verdict = CRM_PENDING;
	plays[0].state = (struct crm_state){ .health = CRM_REAUTH,
		.text = "the token is revoked" };
	add(9, FAST);
	run_pass(false, OUT_NEVER);
	assert_int_equal(EXIT_PERMISSION, fault.code);
	assert_string_equal("the token is revoked", fault.text);
	breaker_load(db, FAST, &breaker);
	assert_int_equal(BREAKER_REAUTH, breaker.kind);
	assert_true(breaker.open_until > clock_wall_ms() + 50000);
	assert_int_equal(9,
	    number("SELECT count(*) FROM leads WHERE errand = 'create'"
		   " AND tries = 0 AND worker IS NULL"));
	/* With other settings nobody waits for the time to be over. */
	setenv("AMOCRM_LONG_LIVED_TOKEN", "another-token", 1);
	config_close(config);
	state_ok(config_open(&config, "/dev/null", &fault), &fault);
	unsetenv("AMOCRM_LONG_LIVED_TOKEN");
	state_exec(state_path, "UPDATE leads SET not_before = 0");
	plays[0].verdict = CRM_CREATED;
	plays[0].state = (struct crm_state){ .health = CRM_WELL };
	assert_int_equal(9, run_pass(false, OUT_OK).created);
}

static void
a_change_is_heard_of_once(void **state)
{
	(void)state;
	add(1, FAST);
	run_pass(false, OUT_OK);
	plays[0].changes = true;
	assert_int_equal(2, run_pass(true, OUT_OK).changes);
	assert_int_equal(2, heard);
	assert_int_equal(1, won);
	run_pass(true, OUT_OK);
	assert_int_equal(2, heard);
	assert_int_equal(1,
	    number("SELECT value = '6' FROM meta"
		   " WHERE key = 'pulled_amocrm'"));
}

/* The last one: a signal ends this process's runs. */
static void
a_signal_leaves_each_where_it_belongs(void **state)
{
	char script[200];

	(void)state;
	/* The first of the calls sends the signal. */
	snprintf(script, sizeof(script),
	    "mkdir %s/once 2>/dev/null && kill -TERM $PPID; sleep 20",
	    state_dir);
	plays[0].script = script;
	add(4 * AT_ONCE + 4, FAST);
	run_pass(false, OUT_OK);
	assert_in_range(clock_mono_ms() - started, 3500, 19000);
	assert_int_equal(4 * AT_ONCE,
	    number("SELECT count(*) FROM leads WHERE state = 'unknown'"
		   " AND errand = 'search' AND worker IS NULL"));
	assert_int_equal(4,
	    number("SELECT count(*) FROM leads WHERE errand = 'create'"
		   " AND worker IS NULL AND sends = 0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLAY(every_lead_is_created_once),
		WITH_PLAY(a_few_leads_are_shared_out),
		WITH_PLAY(what_was_dropped_is_noted),
		WITH_PLAY(what_leaves_was_written_down),
		WITH_PLAY(a_slow_crm_is_in_nobodys_way),
		WITH_PLAY(a_chore_comes_first),
		WITH_PLAY(what_surely_failed_is_tried_three_times),
		WITH_PLAY(five_failures_open_the_circuit),
		WITH_PLAY(a_lost_reply_is_searched_for),
		WITH_PLAY(what_may_be_repeated_is_sent_again),
		WITH_PLAY(a_double_is_reported_once),
		WITH_PLAY(a_flood_wait_holds_everybody),
		WITH_PLAY(a_rejected_token_stops_all_and_loses_nothing),
		WITH_PLAY(a_change_is_heard_of_once),
		WITH_PLAY(a_signal_leaves_each_where_it_belongs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
