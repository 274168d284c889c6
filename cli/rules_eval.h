/*
 * Rules of one file on bare events (native field names), for trying rules and for conformance
 * tests. Input: JSON objects, one a line, bare or in the wrapper of `dump --flat`
 * ({"file","idx","event":{...}}); or one JSON array of them.
 */
#ifndef KONSEKI_RULES_EVAL_H
#define KONSEKI_RULES_EVAL_H

#include <stdbool.h>

struct rules_eval_options {
    const char *rules; /* a rule file, or a folder of them */
    const char *events;
    bool everywhere; /* whatever the log source */
    bool print_ids;  /* also which rules match */
};

/* Prints one line {"match":true|false} an event: true if any rule of the file matches. Returns
 * the exit code: 2 if a document of the rule file is refused, 4 if a line of the events is no
 * JSON object (its line says so) or a file is unreadable. */
int rules_eval(const struct rules_eval_options *options);

#endif
