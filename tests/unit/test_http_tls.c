/* SPDX-License-Identifier: MIT */
/* needs: net base */
/*
 * Whom TLS trusts.  The peer is openssl's own server; what it decrypts comes
 * to us by a pipe, and we write the answer.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "unit/http_client.h"

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

extern char **environ;

static char dir[200];

struct peer {
	pid_t pid;
	int in, out; /* its stdin and stdout */
	int port;
	bool answered;
};

/* Runs COMMAND in dir; what it says goes to a log there. */
static void
shell(const char *command)
{
	char line[1300];

	snprintf(line, sizeof(line), "cd '%s' && { %s\n} >>log 2>&1", dir,
	    command);
	if (system(line) != 0)
		fail_msg("failed: %s", line);
}

/* peer/ for the name peer.test, old/ which is expired, other/ for another
 * name; all of the authority in peer/. */
static int
certificates_make(void **state)
{
	const char *tmp = getenv("TMPDIR"), *top = getenv("TOP");
	char path[300], make[400], *full;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/leadpipe-tls.XXXXXX",
	    tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/tests/fault/make-certs.sh",
	    top ? top : ".");
	full = realpath(path, NULL);
	assert_non_null(full);
	snprintf(make, sizeof(make), "sh '%s' peer peer.test", full);
	free(full);
	shell(make);
	shell("mkdir old other\n"
	      "cp peer/server.key old\n"
	      "cp peer/server.key other\n"
	      "openssl req -new -key peer/server.key -subj /CN=x -out csr\n"
	      "printf 'subjectAltName=DNS:peer.test\\n' >ext\n"
	      "openssl x509 -req -in csr -CA peer/ca.pem -CAkey peer/ca.key "
	      "-CAcreateserial -days -1 -extfile ext -out old/server.pem\n"
	      "printf 'subjectAltName=DNS:elsewhere.test\\n' >ext\n"
	      "openssl x509 -req -in csr -CA peer/ca.pem -CAkey peer/ca.key "
	      "-CAcreateserial -days 9 -extfile ext -out other/server.pem");
	return 0;
}

static int
certificates_drop(void **state)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return lookups_finish(state) + system(command);
}

/* Reads what the server prints until TEXT came; false when it ends first. */
static bool
peer_expect(struct peer *peer, const char *text, char *seen, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		if (read(peer->out, seen + len, 1) != 1)
			return false;
		seen[++len] = '\0';
		if (strstr(seen, text))
			return true;
	}
	return false;
}

static struct peer
peer_open(const char *name)
{
	struct peer peer = { 0 };
	char cert[300], key[300], seen[2000] = "", port[20] = "";
	char *argv[] = { "openssl", "s_server", "-accept", "127.0.0.1:0",
		"-cert", cert, "-key", key, "-naccept", "1", NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2];

	snprintf(cert, sizeof(cert), "%s/%s/server.pem", dir, name);
	snprintf(key, sizeof(key), "%s/%s/server.key", dir, name);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, out[1], 2);
	assert_int_equal(posix_spawnp(&peer.pid, "openssl", &actions, NULL,
			     argv, environ),
	    0);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	peer.in = in[1];
	peer.out = out[0];
	if (!peer_expect(&peer, "ACCEPT 127.0.0.1:", seen, sizeof(seen)) ||
	    !peer_expect(&peer, "\n", port, sizeof(port)))
		fail_msg("openssl s_server said: %s", seen);
	peer.port = atoi(port);
	return peer;
}

static void
peer_close(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	waitpid(peer->pid, NULL, 0);
	close(peer->in);
	close(peer->out);
}

/* Answers once the request is whole. */
static void *
peer_answer(void *data)
{
	struct peer *peer = data;
	char seen[8192] = "";

	if (peer_expect(peer, "first-call\"}", seen, sizeof(seen)))
		peer->answered = write(peer->in, ANSWER, strlen(ANSWER)) > 0;
	return NULL;
}

struct trust {
	const char *name;	   /* which certificate the peer shows */
	const char *file, *folder; /* SSL_CERT_FILE, SSL_CERT_DIR in dir */
	const char *fault;	   /* NULL: trusted */
};

#define FAILED(name, why) \
	"verification of the TLS certificate of '" name "' failed: " why \
	"; a CA of your own is named by SSL_CERT_FILE"

static const struct trust trusts[] = {
	{ "peer", "peer/ca.pem", "peer/empty", NULL },
	{ "peer", NULL, "peer/hashed", NULL },
	{ "peer", NULL, "peer/empty",
	    FAILED("peer.test", "its issuer is not known here") },
	{ "peer", NULL, NULL,
	    FAILED("peer.test", "its issuer is not known here") },
	{ "old", "peer/ca.pem", NULL,
	    FAILED("peer.test", "it has expired, or this clock is wrong") },
	{ "other", "peer/ca.pem", NULL,
	    FAILED("peer.test", "it is for another name") },
	{ "peer", "nowhere.pem", NULL,
	    "the CA certificates cannot be read; check SSL_CERT_FILE" },
};

static void
name_set(const char *name, const char *path)
{
	char full[300];

	snprintf(full, sizeof(full), "%s/%s", dir, path ? path : "");
	if (path)
		setenv(name, full, 1);
	else
		unsetenv(name);
}

static void
trust_check(const struct trust *trust)
{
	struct peer peer = peer_open(trust->name);
	struct http_request request = { 0 };
	struct http_result *result;
	struct http_call *call;
	struct http *http;
	pthread_t thread;

	name_set("SSL_CERT_FILE", trust->file);
	name_set("SSL_CERT_DIR", trust->folder);
	http = http_open(&plain);
	pthread_create(&thread, NULL, peer_answer, &peer);
	call = call_make(http, &request,
	    url_of("https", "peer.test", peer.port), 15000);
	result = http_call_result(call);
	if (trust->fault) {
		fault_check(result, trust->fault);
		assert_int_equal(result->left, HTTP_NOT_LEFT);
		assert_int_equal(result->fault.what, OUT_LATER);
	} else if (!result->answered) {
		fail_msg("%s", result->fault.text);
	}
	http_call_free(call);
	http_close(http);
	kill(peer.pid, SIGKILL);
	pthread_join(thread, NULL);
	assert_int_equal(peer.answered, !trust->fault);
	peer_close(&peer);
}

static void
test_trust(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(trusts) / sizeof(trusts[0]); i++)
		trust_check(&trusts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, certificates_make,
	    certificates_drop);
}
