/* SPDX-License-Identifier: MIT */
#include "ops/broadcast_order.h"

#include <string.h>

#include "base/clock.h"
#include "base/prompt.h"
#include "base/utf8.h"

#define NAME_LETTERS 64

/* Telegram takes no more from one bot in a second. */
#define RATE_MAX 1000

/* Of a time that was not meant as "now". */
#define LATE_MS 60000

static bool
has_audience(const struct broadcast_order *order)
{
	return order->whom.tags.count + order->whom.no_tags.count +
		order->whom.states.count + order->whom.vars.count +
		order->whom.langs.count >
	    0 ||
	    order->whom.seen_within_ms >= 0 || order->whom.not_seen_ms >= 0 ||
	    order->whom.part != NULL || order->whom.guard != NULL;
}

static void
check_name(const struct opt_command *command,
    const struct broadcast_order *order)
{
	if (order->name == NULL)
		return;
	if (order->name[0] == '\0' ||
	    order->name[strspn(order->name, "0123456789")] == '\0' ||
	    strpbrk(order->name, " \t\r\n") != NULL ||
	    !utf8_valid(order->name, strlen(order->name)) ||
	    utf8_length(order->name) > NAME_LETTERS)
		opt_usage(command,
		    "--name needs 1 to %d characters without a blank, not a "
		    "number alone",
		    NAME_LETTERS);
}

static void
check_sending(const struct opt_command *command,
    const struct broadcast_order *order, char **operands)
{
	if (!broadcast_words_any(&order->words))
		opt_usage(command,
		    "what is to be said? give --text, --text-file or "
		    "--message; --list shows what was");
	if (*operands != NULL && !order->test)
		opt_usage(command,
		    "what is '%s'? a text is quoted, and each file has an "
		    "option of its own",
		    *operands);
	if (order->test && order->dry_run)
		opt_usage(command, "--test sends, --dry-run does not");
	if (!order->test && has_audience(order) == order->everybody)
		opt_usage(command,
		    order->everybody
			? "--everybody leaves nobody out: it goes "
			  "without --tag and the like"
			: "to whom? --tag, --state, --lang and others "
			  "choose, --everybody means all");
	if (!order->yes && !order->dry_run && !order->test && !prompt_can())
		opt_usage(command,
		    "without a terminal --yes is needed; --dry-run says whom "
		    "it would reach");
	if (order->rate > RATE_MAX)
		opt_usage(command, "--rate is %d at the most", RATE_MAX);
	if (order->words.message != NULL &&
	    broadcast_words_many(&order->words))
		opt_usage(command,
		    "--message has all of the message: text, media, buttons, "
		    "silent");
	if (order->words.texts.count > 1)
		opt_usage(command,
		    "--text is given twice; several languages need --message");
	if (order->words.texts.count > 0 && order->words.text_file != NULL)
		opt_usage(command, "give one of --text and --text-file");
	if (order->when.at != NULL && order->when.in_ms >= 0)
		opt_usage(command, "give one of --at and --in");
	check_name(command, order);
}

void
broadcast_order_check(const struct opt_command *command,
    const struct broadcast_order *order, char **operands)
{
	int looks = order->status + order->watch + order->pause +
	    order->resume + order->cancel + order->report;
	bool sends = broadcast_words_any(&order->words) ||
	    has_audience(order) || order->everybody || order->dry_run ||
	    order->test || order->yes || order->again || order->paid ||
	    order->no_unsubscribe || order->rate > 0 || order->name != NULL ||
	    order->when.at != NULL || order->when.in_ms >= 0;

	if (looks + order->list > 1)
		opt_usage(command,
		    "one of --list, --status, --watch, --pause, --resume, "
		    "--cancel and --report at a time");
	if (order->bom && !order->report)
		opt_usage(command, "--bom goes with --report only");
	if (looks + order->list == 0)
		check_sending(command, order, operands);
	else if (sends)
		opt_usage(command,
		    "a broadcast that is there is not changed: --cancel it "
		    "and send another");
	else if (order->list ? *operands != NULL
			     : *operands == NULL || operands[1] != NULL)
		opt_usage(command,
		    order->list ? "--list shows all"
				: "which? give its number or its name");
}

/* A time that is over is mostly the wrong zone: with --yes nobody would see
 * that. */
enum outcome
broadcast_order_time(const struct broadcast_order *order, int64_t now,
    struct broadcast_draft *draft, struct fault *fault)
{
	char at[CLOCK_TEXT_SIZE];
	enum outcome out =
	    request_due(&order->when, now, &draft->start_at, fault);

	draft->late = draft->start_at < now;
	if (out != OUT_OK || !order->yes || order->dry_run || order->test ||
	    draft->start_at >= now - LATE_MS)
		return out;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "%s is in the past; leave --at out to begin at once",
	    clock_text(draft->start_at, at));
}
