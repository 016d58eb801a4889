/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_fault.h"

static void
set_signal(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* A core file would hold the token, and so would what a debugger sees; a pipe
 * in core_pattern takes no notice of RLIMIT_CORE. */
static void
hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

void
file_sanitize_process(void)
{
	sigset_t empty;
	int fd;

	/* Else a database would become fd 2 and an error message damage it. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	umask(077);
	set_signal(SIGPIPE, SIG_IGN);
	set_signal(SIGXFSZ, SIG_IGN);
	/* Ignored children could not be waited for; both are inherited. */
	set_signal(SIGCHLD, SIG_DFL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	hide_memory();
}

/* The owner's own group where the directory has root's. */
static gid_t
group_of(const struct stat *st)
{
	struct passwd owner, *found = NULL;
	char text[4096];

	if (st->st_gid != 0)
		return st->st_gid;
	if (getpwuid_r(st->st_uid, &owner, text, sizeof(text), &found) != 0 ||
	    found == NULL)
		return st->st_gid;
	return found->pw_gid;
}

/* Gives root up for good; false when any of it is left. */
static bool
become(uid_t uid, gid_t gid)
{
	uid_t real, effective, saved;
	gid_t real_group, group, saved_group;

	if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return false;
	if (getresuid(&real, &effective, &saved) < 0 || real != uid ||
	    effective != uid || saved != uid)
		return false;
	if (getresgid(&real_group, &group, &saved_group) < 0 ||
	    real_group != gid || group != gid || saved_group != gid)
		return false;
	return setuid(0) < 0 && seteuid(0) < 0;
}

enum outcome
file_become_owner(const char *dir, struct fault *fault)
{
	enum outcome result = OUT_OK;
	char *existing;
	struct stat st;

	if (geteuid() != 0)
		return OUT_OK;
	existing = file_nearest(dir);
	if (stat(existing, &st) < 0)
		result = file_fault(fault, "look at", existing);
	else if (st.st_uid != 0 && !become(st.st_uid, group_of(&st)))
		result = fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "cannot become the owner of '%s' (user %lu), run the "
		    "command as that user",
		    existing, (unsigned long)st.st_uid);
	hide_memory(); /* a change of user may undo it */
	free(existing);
	return result;
}
