/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* A turn of the event loop reads no more than this of one pipe. */
#define READ_MOST 65536

/* Killed it is gone at once, unless the kernel is busy for it. */
#define GONE_MS 1000

/* Where the kernel cannot tell that it ended (no pidfd) it is asked. */
#define ASK_MS 10

struct child {
	pid_t pid; /* and process group; 0: reaped */
	int epoll, pidfd;
	int in, out, err; /* our ends, -1: closed */
	char *input;
	size_t input_len, input_sent;
	int64_t deadline;
	int64_t give_up_at;		 /* after the kill */
	size_t output_lost, errors_lost; /* bytes that did not fit */
	bool killed, ended;
	struct child_result result;
};

/* What is needed to start it: our ends and theirs. */
struct pipes {
	int in[2], out[2], err[2];
};

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
pipes_release(struct pipes *pipes)
{
	int *fds[] = { pipes->in, pipes->out, pipes->err };

	for (int i = 0; i < 3; i++) {
		shut(&fds[i][0]);
		shut(&fds[i][1]);
	}
}

static bool
pipe_open(int fds[2], int ours)
{
	return pipe2(fds, O_CLOEXEC) == 0 &&
	    fcntl(fds[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* errno's number; 0 when it runs. */
static int
spawn(struct child *child, const struct child_spec *spec,
    const struct pipes *pipes)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
		POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawn_file_actions_init(&files);
	error = posix_spawn_file_actions_adddup2(&files, pipes->in[0], 0);
	if (error == 0)
		error =
		    posix_spawn_file_actions_adddup2(&files, pipes->out[1], 1);
	if (error == 0)
		error =
		    posix_spawn_file_actions_adddup2(&files, pipes->err[1], 2);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(&files, 3);
	if (error == 0 && spec->cwd != NULL)
		error =
		    posix_spawn_file_actions_addchdir_np(&files, spec->cwd);
	if (error == 0)
		error = posix_spawn(&child->pid, spec->path, &files, &how,
		    (char *const *)(uintptr_t)spec->argv,
		    (char *const *)(uintptr_t)spec->env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return error;
}

static bool
watch(struct child *child, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return fd >= 0 &&
	    epoll_ctl(child->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum outcome
no_start(struct fault *fault, const char *path, int error)
{
	bool later = error == EAGAIN || error == ENOMEM || error == EMFILE ||
	    error == ENFILE || error == ETXTBSY;

	return fault_set(fault, later ? OUT_LATER : OUT_NEVER,
	    later ? EXIT_LATER : EXIT_INPUT, "cannot run '%s': %s", path,
	    strerror(error));
}

static int
start(struct child *child, const struct child_spec *spec, struct pipes *pipes)
{
	child->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (child->epoll < 0 || !pipe_open(pipes->in, 1) ||
	    !pipe_open(pipes->out, 0) || !pipe_open(pipes->err, 0))
		return errno;
	int error = spawn(child, spec, pipes);
	if (error != 0) {
		child->pid = 0;
		return error;
	}
	child->in = pipes->in[1];
	child->out = pipes->out[0];
	child->err = pipes->err[0];
	pipes->in[1] = pipes->out[0] = pipes->err[0] = -1;
	child->pidfd = pidfd_open(child->pid, 0);
	if ((child->pidfd >= 0 && !watch(child, child->pidfd, EPOLLIN)) ||
	    !watch(child, child->in, EPOLLOUT) ||
	    !watch(child, child->out, EPOLLIN) ||
	    !watch(child, child->err, EPOLLIN))
		return errno;
	return 0;
}

enum outcome
child_start(struct child **child, const struct child_spec *spec,
    struct fault *fault)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct child *c = mem_alloc(sizeof(*c));
	const struct buf output = BUF_INIT(spec->max_output);
	const struct buf errors = BUF_INIT(spec->max_errors);

	c->epoll = c->pidfd = c->in = c->out = c->err = -1;
	c->deadline = spec->deadline;
	c->result = (struct child_result){ .status = -1,
		.output = output,
		.errors = errors };
	int error = start(c, spec, &pipes);
	pipes_release(&pipes);
	if (error != 0) {
		child_close(c);
		return no_start(fault, spec->path, error);
	}
	c->input = mem_dup_n(spec->input ? spec->input : "", spec->input_len);
	c->input_len = spec->input_len;
	*child = c;
	return OUT_OK;
}

int
child_fd(const struct child *child)
{
	return child->epoll;
}

int64_t
child_due(const struct child *child)
{
	int64_t due = child->killed ? child->give_up_at : child->deadline;
	int64_t ask = clock_mono_ms() + ASK_MS;

	return child->pidfd < 0 && ask < due ? ask : due;
}

/* The leader is reaped only after this, so that its number cannot be that of
 * another group meanwhile. */
static void
end(struct child *child)
{
	if (child->pid == 0)
		return;
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);
	if (!child->killed)
		child->give_up_at = clock_mono_ms() + GONE_MS;
	child->killed = true;
}

/* Who does not want to read all of it says so by closing stdin. */
static void
feed(struct child *child)
{
	while (child->in >= 0) {
		size_t left = child->input_len - child->input_sent;
		ssize_t sent = left == 0
		    ? 0
		    : write(child->in, child->input + child->input_sent, left);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent <= 0)
			shut(&child->in);
		else
			child->input_sent += (size_t)sent;
	}
}

/* Keeps what fits; the rest is counted in LOST. */
static void
drain(int *fd, struct buf *buf, size_t *lost)
{
	static char piece[READ_MOST];
	size_t room;
	ssize_t got;

	if (*fd < 0)
		return;
	do
		got = read(*fd, piece, sizeof(piece));
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		shut(fd);
		return;
	}
	room = buf->max - buf->len;
	if ((size_t)got <= room) {
		buf_add(buf, piece, (size_t)got);
		return;
	}
	buf_add(buf, piece, room);
	buf->overflow = true;
	*lost += (size_t)got - room;
}

/* True when its first process ended: then the others must not go on, and what
 * they leave in the pipes is all that counts. */
static bool
leader_gone(const struct child *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == child->pid;
}

/* The pipes hold this much and nobody writes any more. */
static void
drain_rest(int *fd, struct buf *buf, size_t *lost)
{
	struct pollfd wait = { .fd = *fd, .events = POLLIN };

	for (int most = 64; *fd >= 0 && most > 0; most--) {
		if (poll(&wait, 1, 0) != 1)
			break;
		drain(fd, buf, lost);
	}
	shut(fd);
}

static void
reap(struct child *child)
{
	struct child_result *result = &child->result;
	int status = 0;

	drain_rest(&child->out, &result->output, &child->output_lost);
	drain_rest(&child->err, &result->errors, &child->errors_lost);
	result->overflow = child->output_lost > 0;
	if (waitpid(child->pid, &status, WNOHANG) == child->pid) {
		if (WIFEXITED(status))
			result->status = WEXITSTATUS(status);
		else if (WIFSIGNALED(status))
			result->signal = WTERMSIG(status);
	}
	child->pid = 0;
	child->ended = true;
}

bool
child_work(struct child *child)
{
	struct child_result *result = &child->result;

	if (child->ended)
		return true;
	feed(child);
	drain(&child->err, &result->errors, &child->errors_lost);
	drain(&child->out, &result->output, &child->output_lost);
	result->flooded = child->errors_lost >= CHILD_FLOOD;
	if (result->flooded || child->output_lost > 0)
		end(child);
	if (leader_gone(child)) {
		end(child);
		reap(child);
	} else if (!child->killed && clock_mono_ms() >= child->deadline) {
		result->timed_out = true;
		end(child);
	} else if (child->killed && clock_mono_ms() >= child->give_up_at) {
		reap(child);
	}
	return child->ended;
}

const struct child_result *
child_result(const struct child *child)
{
	return &child->result;
}

void
child_close(struct child *child)
{
	if (child == NULL)
		return;
	end(child);
	while (child->pid != 0 && !child_work(child)) {
		struct pollfd wait = { .fd = child->pidfd, .events = POLLIN };
		poll(&wait, 1, clock_left_ms(child_due(child)));
	}
	shut(&child->in);
	shut(&child->out);
	shut(&child->err);
	shut(&child->pidfd);
	shut(&child->epoll);
	free(child->input);
	buf_release(&child->result.output);
	buf_release(&child->result.errors);
	free(child);
}
