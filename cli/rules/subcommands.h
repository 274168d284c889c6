/*
 * The subcommands of `konseki rules`: each takes its own arguments (argv[0] is its name) and
 * returns the exit code (commands.h).
 */
#ifndef KONSEKI_SUBCOMMANDS_H
#define KONSEKI_SUBCOMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#define SUBCOMMAND(name, function, usage, what) int function(int argc, char **argv);
#include "subcommands.def"

/* Prints how the subcommand is called: to stdout if it was asked for, else to stderr. Returns the
 * exit code. */
int subcommand_usage(const char *name, bool asked);
/* To stderr: what was given holds no rule at all, or none that runs (`refused` > 0). */
void subcommand_tell_no_rules(const char *name, size_t refused);

#endif
