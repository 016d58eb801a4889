/* SPDX-License-Identifier: MIT */
/*
 * How long a command may live: waiting for a migration does not count, and who
 * started it by hand is not told that another run goes on.
 */
#include "state_dir.h"

#include <fcntl.h>
#include <sys/file.h>

#include "base/opt.h"
#include "ops/run.h"
#include "unit/child.h"

#define LIFE_MS 300
#define MIGRATION_MS 900

static const struct opt_command command = { .name = "fire-event" };
static char out[4096];

struct plan {
	enum db_mode mode;
	bool recurs, hangs;
};

static void
begin(void *arg)
{
	const struct plan *plan = arg;
	struct run run = RUN_INIT;

	run.recurs = plan->recurs;
	run.shared.config_file = "/dev/null";
	run.shared.db_file = state_path;
	if (run_begin(&run, &command, plan->mode, LIFE_MS) != OUT_OK) {
		printf("%s", run.fault.text);
		fflush(stdout);
		_exit(10);
	}
	while (plan->hangs)
		pause();
	_exit(run_end(&run, false, NULL));
}

static void
migration_is_waited_for(void **state)
{
	struct plan plan = { .mode = DB_WRITE };
	char path[160];
	pid_t pid;

	(void)state;
	db_close(state_open(DB_CREATE));
	snprintf(path, sizeof(path), "%s/migrate.lock", state_dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(0, flock(fd, LOCK_EX));
	pid = fork();
	if (pid == 0) {
		clock_sleep_until(clock_mono_ms() + MIGRATION_MS);
		flock(fd, LOCK_UN);
		_exit(0);
	}
	close(fd);
	int64_t start = clock_mono_ms();
	int code = child_run(begin, &plan, out, sizeof(out));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	if (code != 0)
		fail_msg("%d: %s", code, out);
	assert_true(clock_mono_ms() - start > MIGRATION_MS - 100);
}

static void
last_words_fit(void **state)
{
	static const struct {
		struct plan plan;
		const char *words;
	} cases[] = {
		{ { .mode = DB_WRITE, .hangs = true },
		    "leadpipe fire-event: hard lifetime reached: see whether "
		    "it was done before you run it again\n" },
		{ { .mode = DB_READ, .hangs = true },
		    "leadpipe fire-event: hard lifetime reached: run it "
		    "again\n" },
		{ { .mode = DB_WRITE, .recurs = true, .hangs = true },
		    "leadpipe fire-event: hard lifetime reached, the next run "
		    "goes on\n" },
	};

	(void)state;
	db_close(state_open(DB_CREATE));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct plan plan = cases[i].plan;
		int64_t start = clock_mono_ms();

		assert_int_equal(75,
		    child_run(begin, &plan, out, sizeof(out)));
		assert_string_equal(cases[i].words, out);
		assert_true(clock_mono_ms() - start >= LIFE_MS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(migration_is_waited_for),
		IN_STATE_DIR(last_words_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
