#include "report_navigator.h"

#include <stdlib.h>

#include "json_out.h"
#include "mem.h"
#include "report_form.h"

enum { TITLES_SHOWN = 12 };

static const char *const colours[REPORT_LEVELS] = {"#c6dbef", "#fee391", "#fdae6b", "#fb6a4a",
                                                   "#b30000"};

struct technique {
    struct str id;
    uint64_t score;
    size_t rule_count;
    enum sigma_level level;
    struct buf titles;
};

struct layer {
    struct intern ids;
    struct technique *techniques; /* by id */
    size_t capacity;
    uint64_t highest;
};

static void add_title(struct technique *t, struct str title) {
    if (t->rule_count++ < TITLES_SHOWN) {
        buf_add(&t->titles, t->titles.len > 0 ? STR("\n") : STR_EMPTY);
        buf_add(&t->titles, title);
    }
}

static void layer_add(struct layer *layer, const struct sigma_rule_info *rule,
                      enum sigma_level level, uint64_t score) {
    for (size_t i = 0; i < rule->tag_count; i++) {
        struct attack_tag tag = attack_tag_read(rule->tags[i]);
        if (tag.kind != ATTACK_TECHNIQUE_TAG) {
            continue;
        }
        size_t known = layer->ids.count;
        uint32_t id = intern_add(&layer->ids, str_from_c(tag.technique));
        if (id == known) {
            MEM_GROW(layer->techniques, layer->capacity, known + 1);
            layer->techniques[id] = (struct technique){.id = intern_text(&layer->ids, id)};
        }
        struct technique *t = &layer->techniques[id];
        t->score += score;
        t->level = level > t->level ? level : t->level;
        add_title(t, rule->title);
        layer->highest = t->score > layer->highest ? t->score : layer->highest;
    }
}

static int compare_techniques(const void *a, const void *b) {
    const struct technique *x = a;
    const struct technique *y = b;
    return str_compare(x->id, y->id);
}

static void write_technique(struct buf *out, struct technique *t) {
    buf_add(out, STR("\n{\"techniqueID\":"));
    json_out_string(out, t->id);
    buf_printf(out, ",\"score\":%llu,\"color\":\"%s\",\"enabled\":true,\"comment\":",
               (unsigned long long)t->score, colours[t->level]);
    if (t->rule_count > TITLES_SHOWN) {
        buf_printf(&t->titles, "\n... %zu more", t->rule_count - TITLES_SHOWN);
    }
    json_out_string(out, buf_str(&t->titles));
    buf_add(out, STR(",\"metadata\":[{\"name\":\"level\",\"value\":"));
    json_out_string(out, sigma_level_name(t->level));
    buf_printf(out, "},{\"name\":\"rules\",\"value\":\"%zu\"}],\"showSubtechniques\":%s}",
               t->rule_count, t->id.len > 5 ? "false" : "true");
}

static void write_layer(struct buf *out, struct layer *layer, const char *name,
                        const char *description) {
    size_t count = layer->ids.count;
    if (count > 1) {
        qsort(layer->techniques, count, sizeof *layer->techniques, compare_techniques);
    }
    buf_printf(out,
               "{\"name\":\"%s\",\"versions\":{\"navigator\":\"5.1.0\",\"layer\":\"4.5\"},"
               "\"domain\":\"enterprise-attack\",\"description\":\"%s\",\"sorting\":3,"
               "\"hideDisabled\":false,\"techniques\":[",
               name, description);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        write_technique(out, &layer->techniques[i]);
        buf_fini(&layer->techniques[i].titles);
    }
    buf_printf(out,
               "\n],\"gradient\":{\"colors\":[\"#ffffff\",\"#b30000\"],\"minValue\":0,"
               "\"maxValue\":%llu},\"legendItems\":[",
               (unsigned long long)(layer->highest > 0 ? layer->highest : 1));
    for (size_t i = 0; i < REPORT_LEVELS; i++) {
        buf_printf(out, "%s{\"label\":\"%.*s\",\"color\":\"%s\"}", i > 0 ? "," : "",
                   STR_ARG(sigma_level_name((enum sigma_level)i)), colours[i]);
    }
    buf_add(out, STR("],\"showTacticRowBackground\":false,\"selectTechniquesAcrossTactics\":true,"
                     "\"selectSubtechniquesWithParent\":false}\n"));
    mem_free(layer->techniques);
    intern_fini(&layer->ids);
}

/* What the rules with hits found. */
static void write_hits(struct buf *out, const struct report_form_view *view,
                       const struct report_run *run) {
    (void)run;
    const struct report_stats *stats = view->stats;
    struct layer layer = {.ids = INTERN_INIT};
    for (size_t i = 0; i < stats->rule_count; i++) {
        const struct report_rule_row *row = &stats->rules[i];
        layer_add(&layer, row->rule, row->level, row->count);
    }
    write_layer(out, &layer, "konseki: hits",
                "Score: hits of Sigma rules. Colour: the highest level.");
}

const struct report_form_type report_navigator = {.end = write_hits};

void report_navigator_rules(struct buf *out, const struct sigma_rule_info *const *rules,
                            size_t count) {
    struct layer layer = {.ids = INTERN_INIT};
    for (size_t i = 0; i < count; i++) {
        layer_add(&layer, rules[i], rules[i]->level, 1);
    }
    write_layer(out, &layer, "konseki: rules",
                "Score: number of Sigma rules. Colour: the highest level.");
}
