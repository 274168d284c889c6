/*
 * The report of a run as one HTML page, in the language of the program: nothing is loaded from
 * elsewhere (Content-Security-Policy: only the style and the script whose hashes the page names),
 * every value is escaped, it reads without the script, prints, and follows the reader's light or
 * dark. Sizes are bounded: the page says how much was left out.
 */
#include "base64.h"
#include "html_out.h"
#include "i18n.h"
#include "report_form.h"
#include "report_html_parts.h"
#include "report_page.h"
#include "sha256.h"

enum { SAMPLES_PER_RULE = 10 };

/* 'sha256-...' of Content Security Policy Level 3. */
static void add_hash(struct buf *out, struct str text) {
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, text);
    buf_add(out, STR("'sha256-"));
    base64_encode(out, str_make((const char *)hash, sizeof hash));
    buf_putc(out, '\'');
}

static const char *language(void) {
    const char *code = _("language-code");
    return strcmp(code, "language-code") == 0 ? "en" : code;
}

static void add_head(struct buf *out, struct str css, struct str js) {
    buf_printf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
               language());
    buf_add(out, STR("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src "));
    add_hash(out, css);
    buf_add(out, STR("; script-src "));
    add_hash(out, js);
    buf_add(out, STR("; base-uri 'none'; form-action 'none'\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"));
    html_out_element(out, "title", NULL, str_from_c(_("konseki: report of a scan")));
    buf_add(out, STR("\n<style>"));
    buf_add(out, css);
    buf_add(out, STR("</style>\n</head>\n<body>\n"));
}

static void write_page(struct buf *out, const struct report_form_view *view,
                       const struct report_run *run) {
    const struct report_stats *stats = view->stats;
    struct str css = str_make(report_page_css, report_page_css_size);
    struct str js = str_make(report_page_js, report_page_js_size);
    add_head(out, css, js);
    html_out_element(out, "h1", NULL, str_from_c(_("Report of a scan")));
    report_html_subtitle(out, stats, run);
    report_html_levels(out, stats);
    report_html_run(out, stats, run);
    if (stats->total > 0) {
        report_html_first(out, stats);
        report_html_who(out, stats);
        report_html_timeline(out, stats);
        report_html_days(out, stats);
        report_html_next(out, stats, run);
        report_html_tallies(out, stats);
        report_html_rules(out, stats);
    }
    buf_add(out, STR("<script>"));
    buf_add(out, js);
    buf_add(out, STR("</script>\n</body>\n</html>\n"));
}

const struct report_form_type report_html = {
    .end = write_page, .shows_details = true, .samples = SAMPLES_PER_RULE};
