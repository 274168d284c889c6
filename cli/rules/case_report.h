/*
 * Results of rule tests: a line each for people or as JSON, and a JUnit XML file for those who
 * collect test results. What comes from files is escaped in every form. Threads: one.
 */
#ifndef KONSEKI_CASE_REPORT_H
#define KONSEKI_CASE_REPORT_H

#include "case_run.h"
#include "output.h"

struct case_report {
    bool is_jsonl;
    uint64_t passed;
    uint64_t failed;
    struct buf line;
    struct buf junit; /* the <testcase> elements so far */
};

/* Prints the result to stdout and counts it. */
void case_report_add(struct case_report *report, const struct sigma_case *c,
                     const struct case_result *result);
/* A rule without any case; `is_failure`: it is counted as a failed case. */
void case_report_untested(struct case_report *report, const struct known_rule *rule,
                          bool is_failure);
/* The results so far as a JUnit file, which is replaced if it is there. */
enum status case_report_junit(const struct case_report *report, const char *path,
                              struct err *err) MUST_CHECK;
void case_report_fini(struct case_report *report);

#endif
