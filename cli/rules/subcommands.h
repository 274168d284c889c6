/*
 * The subcommands of `konseki rules`: each takes its own arguments (argv[0] is its name) and
 * returns the exit code (commands.h).
 */
#ifndef KONSEKI_SUBCOMMANDS_H
#define KONSEKI_SUBCOMMANDS_H

#include <stdbool.h>

#define SUBCOMMAND(name, function, usage, what) int function(int argc, char **argv);
#include "subcommands.def"

/* Prints how the subcommand is called: to stdout if it was asked for, else to stderr. Returns the
 * exit code. */
int subcommand_usage(const char *name, bool asked);

#endif
