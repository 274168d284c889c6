#include "rule_tuning.h"

#include "clock.h"
#include "i18n.h"
#include "mem.h"
#include "windows_names.h"

enum { LEVEL_COUNT = SIGMA_CRITICAL + 1 };

/* What is known of one rule: made when it first hits. */
struct tuned_rule {
    bool is_known;
    size_t *sections; /* indexes of those about it, in the order of the file */
    size_t section_count;
    struct sigma_rule_info *with_level[LEVEL_COUNT];
};

/* The event fields that a name in `match` may mean. */
struct match_field {
    uint32_t as_field;
    uint32_t as_windows;
};

struct rule_tuning {
    const struct site *site;
    struct arena arena;
    struct intern rules; /* addresses of rules, as bytes */
    struct tuned_rule *tuned;
    size_t capacity;
    struct match_field **fields; /* by section, by match */
    uint64_t *acted;             /* by section */
    struct buf reason;
    struct buf scratch;
};

struct rule_tuning *rule_tuning_create(const struct site *site) {
    size_t count = site != NULL ? site_rule_count(site) : 0;
    if (count == 0) {
        return NULL;
    }
    struct rule_tuning *tuning = mem_calloc(1, sizeof *tuning);
    tuning->site = site;
    tuning->acted = arena_array(&tuning->arena, count, sizeof *tuning->acted);
    tuning->fields = arena_array(&tuning->arena, count, sizeof *tuning->fields);
    for (size_t i = 0; i < count; i++) {
        const struct site_rule *section = site_rule_at(site, i);
        tuning->fields[i] =
            arena_array(&tuning->arena, section->match_count + 1, sizeof **tuning->fields);
        for (size_t m = 0; m < section->match_count; m++) {
            struct str name = site_rule_field(section, m);
            tuning->fields[i][m] = (struct match_field){schema_field(name), windows_field(name)};
        }
    }
    return tuning;
}

void rule_tuning_destroy(struct rule_tuning **tuning) {
    struct rule_tuning *gone = *tuning;
    if (gone == NULL) {
        return;
    }
    intern_fini(&gone->rules);
    mem_free(gone->tuned);
    buf_fini(&gone->reason);
    buf_fini(&gone->scratch);
    arena_fini(&gone->arena);
    mem_free(gone);
    *tuning = NULL;
}

static void learn(struct rule_tuning *tuning, struct tuned_rule *tuned,
                  const struct sigma_rule_info *rule) {
    size_t count = site_rule_count(tuning->site);
    tuned->is_known = true;
    for (size_t i = 0; i < count; i++) {
        if (!site_rule_names(site_rule_at(tuning->site, i), rule)) {
            continue;
        }
        if (tuned->sections == NULL) {
            tuned->sections = arena_array(&tuning->arena, count, sizeof *tuned->sections);
        }
        tuned->sections[tuned->section_count++] = i;
    }
}

static struct tuned_rule *tuned_rule(struct rule_tuning *tuning,
                                     const struct sigma_rule_info *rule) {
    uint32_t id = intern_add(&tuning->rules, str_make((const char *)&rule, sizeof rule));
    if (id >= tuning->capacity) {
        size_t before = tuning->capacity;
        MEM_GROW(tuning->tuned, tuning->capacity, (size_t)id + 1);
        memset(tuning->tuned + before, 0, (tuning->capacity - before) * sizeof *tuning->tuned);
    }
    if (!tuning->tuned[id].is_known) {
        learn(tuning, &tuning->tuned[id], rule);
    }
    return &tuning->tuned[id];
}

/* --- the event --- */

/* What the sections look at: an event, or what a correlation is grouped by. */
struct subject {
    const struct batch *batch; /* NULL: a correlation */
    const struct row *row;
    const struct str *names;
    const struct str *values;
    size_t count;
};

static bool group_fits(const struct site_rule *section, size_t m, const struct subject *subject) {
    for (size_t i = 0; i < subject->count; i++) {
        if (str_eq(subject->names[i], site_rule_field(section, m))) {
            return site_rule_covers(section, m, subject->values[i]);
        }
    }
    return false;
}

/* The event has the field, and each of its values is one of those named. */
static bool field_fits(struct rule_tuning *tuning, const struct site_rule *section, size_t m,
                       const struct match_field *field, const struct batch *batch,
                       const struct row *row) {
    struct str text;
    bool has_any = false;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (v->field != field->as_field && v->field != field->as_windows) {
            continue;
        }
        if (!site_rule_covers(section, m, batch_value_text(batch, v))) {
            return false;
        }
        has_any = true;
    }
    buf_clear(&tuning->scratch);
    if (!has_any && schema_is_attribute(field->as_field) &&
        batch_get(&text, batch, row, field->as_field, &tuning->scratch)) {
        return site_rule_covers(section, m, text);
    }
    return has_any;
}

static bool subject_fits(struct rule_tuning *tuning, size_t i, const struct subject *subject) {
    const struct site_rule *section = site_rule_at(tuning->site, i);
    for (size_t m = 0; m < section->match_count; m++) {
        bool fits = subject->batch == NULL ? group_fits(section, m, subject)
                                           : field_fits(tuning, section, m, &tuning->fields[i][m],
                                                        subject->batch, subject->row);
        if (!fits) {
            return false;
        }
    }
    return true;
}

static const struct sigma_rule_info *with_level(struct rule_tuning *tuning,
                                                struct tuned_rule *tuned,
                                                const struct sigma_rule_info *rule,
                                                enum sigma_level level) {
    if (tuned->with_level[level] == NULL) {
        tuned->with_level[level] = arena_alloc(&tuning->arena, sizeof *rule);
        *tuned->with_level[level] = *rule;
        tuned->with_level[level]->level = level;
    }
    return tuned->with_level[level];
}

bool rule_tuning_is_expired(const struct site_rule *section, int64_t now_wall_ns) {
    return now_wall_ns >= section->until_ns;
}

/* The first section in force that suppresses the hit; *level: the first that changes the level. */
static const struct site_rule *find_sections(struct rule_tuning *tuning,
                                             const struct tuned_rule *tuned, size_t *level,
                                             const struct subject *subject) {
    int64_t now_ns = clock_wall_ns();
    for (size_t s = 0; s < tuned->section_count; s++) {
        size_t i = tuned->sections[s];
        const struct site_rule *section = site_rule_at(tuning->site, i);
        bool is_level = section->action == SITE_RULE_LEVEL;
        if (rule_tuning_is_expired(section, now_ns) || (is_level && *level != SIZE_MAX) ||
            !subject_fits(tuning, i, subject)) {
            continue;
        }
        if (!is_level) {
            tuning->acted[i]++;
            return section;
        }
        *level = i;
    }
    return NULL;
}

static const struct site_rule *apply(struct rule_tuning *tuning, struct sigma_hit *hit,
                                     const struct subject *subject) {
    if (tuning == NULL) {
        return NULL;
    }
    struct tuned_rule *tuned = tuned_rule(tuning, hit->rule);
    size_t level = SIZE_MAX;
    if (tuned->section_count == 0) {
        return NULL;
    }
    const struct site_rule *suppressed = find_sections(tuning, tuned, &level, subject);
    if (level != SIZE_MAX) {
        hit->rule = with_level(tuning, tuned, hit->rule, site_rule_at(tuning->site, level)->level);
        tuning->acted[level] += suppressed == NULL;
    }
    return suppressed;
}

const struct site_rule *rule_tuning_apply(struct rule_tuning *tuning, struct sigma_hit *hit,
                                          const struct batch *batch, const struct row *row) {
    const struct subject subject = {.batch = batch, .row = row};
    return apply(tuning, hit, &subject);
}

const struct site_rule *rule_tuning_apply_group(struct rule_tuning *tuning, struct sigma_hit *hit,
                                                const struct str *names, const struct str *values,
                                                size_t count) {
    const struct subject subject = {.names = names, .values = values, .count = count};
    return apply(tuning, hit, &subject);
}

struct str rule_tuning_reason(struct rule_tuning *tuning, const struct site_rule *section) {
    if (section == NULL) {
        return STR_EMPTY;
    }
    buf_clear(&tuning->reason);
    buf_printf(&tuning->reason, "%.*s: %.*s", STR_ARG(section->owner), STR_ARG(section->reason));
    return buf_str(&tuning->reason);
}

void rule_tuning_add_day(struct buf *out, const struct site *site,
                         const struct site_rule *section) {
    if (section->until_ns == INT64_MAX) {
        buf_add(out, STR("never"));
        return;
    }
    struct civil day =
        civil_from_ns(zone_to_local(site_zone(site), section->until_ns) - NS_PER_DAY);
    buf_printf(out, "%04d-%02d-%02d", (int)day.year, (int)day.month, (int)day.day);
}

static bool names_any(const struct site_rule *section, const struct sigma_rules *rules) {
    size_t count = rules != NULL ? sigma_rules_count(rules) : 0;
    for (size_t i = 0; i < count; i++) {
        if (site_rule_names(section, sigma_rules_info(rules, i))) {
            return true;
        }
    }
    return false;
}

static void add_expired(struct buf *text, const struct site *site, const struct site_rule *section,
                        const char *path) {
    struct buf day = BUF_INIT;
    rule_tuning_add_day(&day, site, section);
    buf_printf(text, _("%s: line %u: expired on %.*s and does not act any more: ask %.*s"), path,
               section->line, STR_ARG(buf_str(&day)), STR_ARG(section->owner));
    buf_fini(&day);
}

void rule_tuning_warn(const struct site *site, const struct sigma_rules *rules, const char *path,
                      void (*warn)(const char *text, void *ctx), void *ctx) {
    struct buf text = BUF_INIT;
    int64_t now_ns = clock_wall_ns();
    for (size_t i = 0; i < site_rule_count(site); i++) {
        const struct site_rule *section = site_rule_at(site, i);
        buf_clear(&text);
        if (rule_tuning_is_expired(section, now_ns)) {
            add_expired(&text, site, section, path);
        } else if (rules != NULL && !names_any(section, rules)) {
            buf_printf(&text, _("%s: line %u: names no rule that is loaded"), path, section->line);
        }
        if (text.len > 0) {
            buf_putc(&text, '\0');
            warn(text.ptr, ctx);
        }
    }
    buf_fini(&text);
}

void rule_tuning_tell(const struct rule_tuning *tuning, const char *path,
                      void (*tell)(const char *text, void *ctx), void *ctx) {
    struct buf text = BUF_INIT;
    size_t count = tuning != NULL ? site_rule_count(tuning->site) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct site_rule *section = site_rule_at(tuning->site, i);
        if (tuning->acted[i] > 0) {
            buf_clear(&text);
            buf_printf(&text, _("%s: line %u: %.*s acted on %llu hits"), path, section->line,
                       STR_ARG(site_rule_action_name(section->action)),
                       (unsigned long long)tuning->acted[i]);
            buf_putc(&text, '\0');
            tell(text.ptr, ctx);
        }
    }
    buf_fini(&text);
}
