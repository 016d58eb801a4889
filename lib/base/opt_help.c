/* SPDX-License-Identifier: MIT */
#include "base/opt_help.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 79
#define WIDEST_NAME 30

/* Prints the words of TEXT from COLUMN on, in lines that begin at INDENT. */
static void
print_wrapped(const char *text, int column, int indent)
{
	int len;

	for (bool first = true; *text != '\0'; first = false) {
		len = (int)strcspn(text, " ");
		if (!first && column + 1 + len > WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, (size_t)len, stdout);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* "  -f, --for SECONDS" */
static int
format_name(const struct opt *row, char *out, size_t size)
{
	char letter[5] = "    ";

	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return snprintf(out, size, "  %s--%s%s%s", letter, row->name,
	    row->arg != NULL ? " " : "", row->arg != NULL ? row->arg : "");
}

void
opt_help_print(const struct opt_command *command, const struct opt *rows,
    int count)
{
	char name[80];
	int indent = 0, len;

	for (int i = 0; i < count; i++) {
		len = format_name(&rows[i], name, sizeof(name)) + 2;
		if (len > indent && len <= WIDEST_NAME)
			indent = len;
	}
	len = printf("Usage: leadpipe %s ", command->name);
	print_wrapped(command->synopsis != NULL && command->synopsis[0]
		? command->synopsis
		: "[OPTION]...",
	    len, 4);
	if (command->summary != NULL) {
		putchar('\n');
		print_wrapped(command->summary, 0, 0);
	}
	printf("\nOptions:\n");
	for (int i = 0; i < count; i++) {
		len = format_name(&rows[i], name, sizeof(name));
		if (len + 2 > indent)
			printf("%s\n%*s", name, indent, "");
		else
			printf("%-*s", indent, name);
		print_wrapped(rows[i].help, indent, indent);
	}
	if (command->details != NULL)
		printf("\n%s\n", command->details);
}

void
opt_version_print(const struct opt_command *command)
{
	bool self = strcmp(command->name, "leadpipe") == 0;

	printf("leadpipe %s%s" LEADPIPE_VERSION "\n"
	       "MIT License <https://spdx.org/licenses/MIT>; no warranty\n",
	    self ? "" : command->name, self ? "" : " ");
}
