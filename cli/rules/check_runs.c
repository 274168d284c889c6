#include "check_runs.h"

#include "i18n.h"
#include "json_out.h"
#include "output.h"

static const char *const how_names[] = {"no", "degraded", "full"};

static void put_texts(struct buf *out, const char *key, const struct str *texts, size_t count) {
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, texts[i]);
    }
    buf_putc(out, ']');
}

static void put_text(struct buf *out, const char *key, struct str text) {
    buf_printf(out, "%s\"%s\":", str_ends(buf_str(out), STR("{")) ? "" : ",", key);
    json_out_string(out, text);
}

/* The way that serves the rule best. */
static const struct sigma_runs_way *best_way(const struct sigma_runs *runs) {
    const struct sigma_runs_way *best = NULL;
    for (size_t i = 0; i < runs->way_count; i++) {
        best = best == NULL || runs->ways[i].how > best->how ? &runs->ways[i] : best;
    }
    return best;
}

static struct str needs_of(const struct sigma_runs *runs) {
    const struct sigma_runs_way *best = best_way(runs);
    return best != NULL && best->needs.len > 0 ? best->needs : runs->needs;
}

/* Why a rule that was accepted can never match; empty if it can. */
static struct str why_not(const struct sigma_runs *runs) {
    if (runs->way_count == 0) {
        return STR("no event that konseki reads is of its log source");
    }
    return runs->how == SIGMA_RUNS_NOT ? STR("it asks for fields that no such event carries")
                                       : STR_EMPTY;
}

void check_runs_json(struct buf *out, const struct sigma_runs *runs) {
    const struct sigma_runs_way *best = best_way(runs);
    buf_printf(out, ",\"runs\":\"%s\",\"ways\":[", how_names[runs->how]);
    for (size_t i = 0; i < runs->way_count; i++) {
        const struct sigma_runs_way *way = &runs->ways[i];
        buf_add(out, i > 0 ? STR(",{") : STR("{"));
        put_text(out, "way", way->name);
        buf_printf(out, ",\"runs\":\"%s\"", how_names[way->how]);
        put_texts(out, "missing", way->missing, way->missing_count);
        put_text(out, "needs", way->needs);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
    put_texts(out, "missing", best != NULL ? best->missing : NULL,
              best != NULL ? best->missing_count : 0);
    if (why_not(runs).len > 0) {
        put_text(out, "why", why_not(runs));
    }
    put_text(out, "needs", needs_of(runs));
}

static void say_missing(struct buf *out, const struct sigma_runs_way *way) {
    buf_printf(out, " %s", _("without"));
    for (size_t i = 0; i < way->missing_count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR(" "));
        output_append_visible(out, way->missing[i]);
    }
}

/* "[Sysmon 1; Security 4688 without ParentCommandLine]" */
static void say_ways(struct buf *out, const struct sigma_runs *runs) {
    const char *before = " [";
    for (size_t i = 0; i < runs->way_count; i++) {
        const struct sigma_runs_way *way = &runs->ways[i];
        if (way->how == SIGMA_RUNS_NOT && runs->how != SIGMA_RUNS_NOT) {
            continue;
        }
        buf_printf(out, "%s", before);
        output_append_visible(out, way->name);
        if (way->missing_count > 0) {
            say_missing(out, way);
        }
        before = "; ";
    }
    buf_add(out, before[0] == ';' ? STR("]") : STR_EMPTY);
}

void check_runs_text(struct buf *out, const struct sigma_runs *runs) {
    say_ways(out, runs);
    if (why_not(runs).len > 0) {
        buf_printf(out, " (%s", _("cannot run"));
        buf_printf(out, ": %s",
                   runs->way_count == 0 ? _("no event that konseki reads is of its log source")
                                        : _("it asks for fields that no such event carries"));
        struct str needs = needs_of(runs);
        if (needs.len > 0) {
            buf_printf(out, "; %s ", _("needs"));
            output_append_visible(out, needs);
        }
        buf_putc(out, ')');
    }
}
