#include "case_report.h"

#include "file_io.h"
#include "i18n.h"
#include "json_out.h"
#include "xml_out.h"

/* "expected at least 1, got 0", or why the case did not run. */
static void add_reason(struct buf *out, const struct sigma_case *c,
                       const struct case_result *result) {
    if (result->why.len > 0) {
        output_append_visible(out, buf_str(&result->why));
    } else if (c->most == UINT64_MAX) {
        buf_printf(out, _("expected at least %llu hits, got %llu"), (unsigned long long)c->least,
                   (unsigned long long)result->hits);
    } else {
        buf_printf(out, _("expected %llu hits, got %llu"), (unsigned long long)c->least,
                   (unsigned long long)result->hits);
    }
}

static struct str rule_id(const struct sigma_case *c, const struct case_result *result) {
    return result->rule != NULL ? result->rule->info.id : c->rule;
}

static struct str rule_title(const struct case_result *result) {
    return result->rule != NULL ? result->rule->info.title : STR_EMPTY;
}

static void add_json(struct buf *out, const struct sigma_case *c,
                     const struct case_result *result) {
    buf_add(out, STR("{\"path\":"));
    json_out_string(out, c->path);
    buf_add(out, STR(",\"case\":"));
    json_out_string(out, c->name);
    buf_add(out, STR(",\"rule\":{\"id\":"));
    json_out_string(out, rule_id(c, result));
    buf_add(out, STR(",\"title\":"));
    json_out_string(out, rule_title(result));
    buf_printf(out, "},\"result\":\"%s\",\"expected\":{\"least\":%llu",
               result->has_passed ? "passed" : "failed", (unsigned long long)c->least);
    if (c->most != UINT64_MAX) {
        buf_printf(out, ",\"most\":%llu", (unsigned long long)c->most);
    }
    buf_printf(out, "},\"hits\":%llu", (unsigned long long)result->hits);
    if (result->why.len > 0) {
        buf_add(out, STR(",\"why\":"));
        json_out_string(out, buf_str(&result->why));
    }
    buf_add(out, STR("}\n"));
}

static void add_line(struct buf *out, const struct sigma_case *c,
                     const struct case_result *result) {
    buf_add(out, result->has_passed ? STR("passed   ") : STR("FAILED   "));
    output_append_visible(out, c->path);
    buf_add(out, STR(": "));
    output_append_visible(out, c->name);
    if (!result->has_passed) {
        buf_add(out, STR(": "));
        add_reason(out, c, result);
    }
    buf_putc(out, '\n');
}

/* --- JUnit --- */

static void begin_testcase(struct buf *out, struct str class_name, struct str name) {
    buf_add(out, STR("  <testcase classname=\""));
    xml_out_attribute(out, class_name);
    buf_add(out, STR("\" name=\""));
    xml_out_attribute(out, name);
    buf_putc(out, '"');
}

static void end_testcase(struct buf *out, struct str failure) {
    if (failure.len == 0) {
        buf_add(out, STR("/>\n"));
        return;
    }
    buf_add(out, STR(">\n    <failure message=\""));
    xml_out_attribute(out, failure);
    buf_add(out, STR("\"/>\n  </testcase>\n"));
}

static void add_junit(struct buf *out, const struct sigma_case *c,
                      const struct case_result *result) {
    struct buf reason = BUF_INIT;
    if (!result->has_passed) {
        add_reason(&reason, c, result);
    }
    begin_testcase(out, c->path, c->name);
    end_testcase(out, buf_str(&reason));
    buf_fini(&reason);
}

void case_report_add(struct case_report *report, const struct sigma_case *c,
                     const struct case_result *result) {
    *(result->has_passed ? &report->passed : &report->failed) += 1;
    buf_clear(&report->line);
    if (report->is_jsonl) {
        add_json(&report->line, c, result);
    } else {
        add_line(&report->line, c, result);
    }
    (void)output_write(stdout, buf_str(&report->line)); /* output_finish tells a full disk */
    add_junit(&report->junit, c, result);
}

void case_report_untested(struct case_report *report, const struct known_rule *rule,
                          bool is_failure) {
    struct buf *out = &report->line;
    if (!is_failure) {
        return;
    }
    report->failed++;
    buf_clear(out);
    if (report->is_jsonl) {
        buf_add(out, STR("{\"path\":"));
        json_out_string(out, rule->info.path);
        buf_add(out, STR(",\"rule\":{\"id\":"));
        json_out_string(out, rule->info.id);
        buf_add(out, STR(",\"title\":"));
        json_out_string(out, rule->info.title);
        buf_add(out, STR("},\"result\":\"failed\",\"why\":\"no test\"}\n"));
    } else {
        buf_add(out, STR("FAILED   "));
        output_append_visible(out, rule->info.path);
        buf_printf(out, ": %s\n", _("the rule has no test"));
    }
    (void)output_write(stdout, buf_str(out));
    begin_testcase(&report->junit, rule->info.path, STR("has a test"));
    end_testcase(&report->junit, STR("the rule has no test"));
}

enum status case_report_junit(const struct case_report *report, const char *path, struct err *err) {
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
               "<testsuite name=\"konseki rules test\" tests=\"%llu\" failures=\"%llu\">\n",
               (unsigned long long)(report->passed + report->failed),
               (unsigned long long)report->failed);
    buf_add(&text, buf_str(&report->junit));
    buf_add(&text, STR("</testsuite>\n</testsuites>\n"));
    enum status s = file_replace(path, FILE_CREATE_NEW, buf_str(&text), err);
    buf_fini(&text);
    return s;
}

void case_report_fini(struct case_report *report) {
    buf_fini(&report->line);
    buf_fini(&report->junit);
}
