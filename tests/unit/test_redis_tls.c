/* SPDX-License-Identifier: MIT */
/* needs: shared store net base */
/*
 * rediss://: whom it trusts, and that it keeps the same time.
 */
#include "redis_server.h"
#include "state_db.h"

static struct redis_server server;
static struct redis *redis;
static char certs[64], url[160];
static int tls_port;

static void
shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static char *
cert(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", certs, name);
	return path;
}

static int
start(void **state)
{
	const char *top = getenv("TOP");
	char command[256], port[16];

	(void)state;
	strcpy(certs, "/tmp/lp-certs.XXXXXX");
	assert_non_null(mkdtemp(certs));
	snprintf(command, sizeof(command),
	    "sh '%s/tests/fault/make-certs.sh'"
	    " %s redis.test",
	    top ? top : ".", certs);
	shell(command);
	snprintf(command, sizeof(command),
	    "sh '%s/tests/fault/make-certs.sh'"
	    " %s/other",
	    top ? top : ".", certs);
	shell(command);
	tls_port = redis_free_port();
	snprintf(port, sizeof(port), "%d", tls_port);
	redis_server_start(&server,
	    (const char *[]){ "--tls-port", port, "--tls-cert-file",
		cert("server.pem"), "--tls-key-file", cert("server.key"),
		"--tls-ca-cert-file", cert("ca.pem"), "--tls-auth-clients",
		"no", "--requirepass", "sesame", NULL });
	return 0;
}

static int
stop(void **state)
{
	char command[96];

	(void)state;
	redis_server_remove(&server);
	snprintf(command, sizeof(command), "rm -rf '%s'", certs);
	shell(command);
	return 0;
}

static int
end(void **state)
{
	redis_close(redis);
	redis = NULL;
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	return teardown(state);
}

#define TLS(test) cmocka_unit_test_setup_teardown(test, setup, end)

static enum outcome
ask_once(const char *host, int port)
{
	redis_close(redis);
	snprintf(url, sizeof(url), "rediss://:sesame@%s:%d/1", host, port);
	redis = redis_client(url, db, REDIS_BOT);
	redis_add(redis, "SET a 1");
	redis_add(redis, "GET a");
	return redis_run(redis, &fault);
}

/* For what Redis says: a machine that is slow just now is out of time first. */
static enum outcome
ask(const char *host, int port)
{
	enum outcome out = ask_once(host, port);

	for (int i = 0; i < 20 && out == OUT_LATER &&
	     strstr(fault.text, "no answer") != NULL;
	     i++) {
		state_exec(state_path, "DELETE FROM breakers");
		out = ask_once(host, port);
	}
	return out;
}

static void
says(const char *words)
{
	if (!strstr(fault.text, words))
		fail_msg("'%s' says nothing of '%s'", fault.text, words);
}

static void
a_trusted_one_is_spoken_to(void **state)
{
	(void)state;
	setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
	assert_int_equal(OUT_OK, ask("127.0.0.1", tls_port));
	assert_string_equal("1", redis_reply(redis, 1)->str);
	/* The connection is used again. */
	redis_add(redis, "CLIENT ID");
	redis_run_ok(redis);
	long long id = redis_reply(redis, 0)->integer;
	redis_add(redis, "CLIENT ID");
	redis_run_ok(redis);
	assert_int_equal(id, redis_reply(redis, 0)->integer);
}

static void
a_hashed_directory_is_enough(void **state)
{
	(void)state;
	setenv("SSL_CERT_DIR", cert("hashed"), 1);
	assert_int_equal(OUT_OK, ask("127.0.0.1", tls_port));
}

static void
large_replies_come_whole(void **state)
{
	static char large[3000000];

	(void)state;
	setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
	snprintf(url, sizeof(url), "rediss://:sesame@127.0.0.1:%d", tls_port);
	redis = redis_client(url, db, REDIS_SYNC);
	memset(large, 'x', sizeof(large));
	redis_add(redis, "SET large %b", large, sizeof(large));
	redis_add(redis, "GET large");
	redis_run_ok(redis);
	assert_int_equal(sizeof(large), redis_reply(redis, 1)->len);
}

static void
another_authority_is_refused(void **state)
{
	(void)state;
	setenv("SSL_CERT_FILE", cert("other/ca.pem"), 1);
	setenv("SSL_CERT_DIR", cert("empty"), 1);
	assert_int_equal(OUT_NEVER, ask("127.0.0.1", tls_port));
	assert_int_equal(EXIT_CONFIG, fault.code);
	says("certificate is not trusted");
	says("SSL_CERT_FILE");
}

/* The certificate is asked for by the name, which leads to the address. */
static void
another_name_is_refused(void **state)
{
	static const struct {
		const char *name;
		enum outcome out;
	} cases[] = { { "redis.test", OUT_OK }, { "else.test", OUT_NEVER } };
	char sql[160];

	(void)state;
	setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
	for (size_t i = 0; i < 2; i++) {
		snprintf(sql, sizeof(sql),
		    "INSERT OR REPLACE INTO meta(key, value)"
		    " VALUES('redis_address', '%s 127.0.0.1 1')",
		    cases[i].name);
		state_exec(state_path, sql);
		assert_int_equal(cases[i].out, ask(cases[i].name, tls_port));
	}
	says("certificate is not trusted");
}

static void
what_speaks_no_tls_is_refused(void **state)
{
	(void)state;
	assert_int_equal(OUT_LATER, ask("127.0.0.1", server.port));
	says("TLS");
}

static void
one_that_hangs_costs_its_time(void **state)
{
	int64_t before;

	(void)state;
	setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
	redis_server_freeze(&server);
	before = clock_mono_ms();
	assert_int_equal(OUT_LATER, ask_once("127.0.0.1", tls_port));
	assert_in_range(clock_mono_ms() - before, 125, REDIS_LATE_MS);
	says("no answer");
	redis_server_thaw(&server);
}

static void
one_that_hangs_later_costs_less(void **state)
{
	int64_t before;

	(void)state;
	setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
	assert_int_equal(OUT_OK, ask("127.0.0.1", tls_port));
	redis_server_freeze(&server);
	before = clock_mono_ms();
	redis_add(redis, "PING");
	assert_int_equal(OUT_LATER, redis_run(redis, &fault));
	assert_in_range(clock_mono_ms() - before, 90, REDIS_LATE_MS);
	redis_server_thaw(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TLS(a_trusted_one_is_spoken_to),
		TLS(a_hashed_directory_is_enough),
		TLS(large_replies_come_whole),
		TLS(another_authority_is_refused),
		TLS(another_name_is_refused),
		TLS(what_speaks_no_tls_is_refused),
		TLS(one_that_hangs_costs_its_time),
		TLS(one_that_hangs_later_costs_less),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
