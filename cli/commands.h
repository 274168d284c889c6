/*
 * Commands: each takes its own arguments (argv[0] is the command's name) and returns the exit
 * code of CONTRACT "Output": 0 done, 1 negative answer, 2 usage, 3 intact with an unsealed tail,
 * 4 some inputs unreadable, 5 store or disk.
 */
#ifndef KONSEKI_COMMANDS_H
#define KONSEKI_COMMANDS_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_NEGATIVE = 1,
    EXIT_USAGE = 2,
    EXIT_UNSEALED = 3,
    EXIT_UNREADABLE = 4,
    EXIT_STORE = 5
};

#define COMMAND(name, function, usage, page, what) int function(int argc, char **argv);
#include "commands.def"

#endif
