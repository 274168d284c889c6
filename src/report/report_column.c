#include "report_column.h"

#include "attack_tag.h"
#include "civil.h"
#include "i18n.h"
#include "mem.h"
#include "report_json.h"
#include "report_text.h"

static const struct str names[REPORT_COLUMN_COUNT] = {
#define REPORT_COLUMN(id, name) STR_INIT(name),
#include "report_columns.def"
};

struct str report_column_name(enum report_column column) {
    return names[column];
}

bool report_column_find(enum report_column *out, struct str name) {
    static const struct {
        struct str name;
        enum report_column column;
    } others[] = {{STR_INIT("time"), COLUMN_TIMESTAMP},
                  {STR_INIT("rule"), COLUMN_RULE_TITLE},
                  {STR_INIT("title"), COLUMN_RULE_TITLE},
                  /* as Hayabusa calls them */
                  {STR_INIT("RuleTitle"), COLUMN_RULE_TITLE},
                  {STR_INIT("RuleID"), COLUMN_RULE_ID},
                  {STR_INIT("RuleAuthor"), COLUMN_AUTHOR},
                  {STR_INIT("RuleCreationDate"), COLUMN_RULE_DATE},
                  {STR_INIT("RuleModifiedDate"), COLUMN_RULE_MODIFIED},
                  {STR_INIT("RuleFile"), COLUMN_RULE_FILE},
                  {STR_INIT("EvtxFile"), COLUMN_FILE},
                  {STR_INIT("EventID"), COLUMN_EVENT_ID},
                  {STR_INIT("RecordID"), COLUMN_RECORD_ID},
                  {STR_INIT("RecoveredRecord"), COLUMN_RECOVERED},
                  {STR_INIT("MitreTactics"), COLUMN_TACTICS},
                  {STR_INIT("MitreTags"), COLUMN_TECHNIQUES},
                  {STR_INIT("OtherTags"), COLUMN_OTHER_TAGS},
                  {STR_INIT("ExtraFieldInfo"), COLUMN_EXTRA_FIELDS},
                  {STR_INIT("AllFieldInfo"), COLUMN_ALL_FIELDS}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (str_eq_ci(name, others[i].name)) {
            *out = others[i].column;
            return true;
        }
    }
    for (size_t i = 0; i < REPORT_COLUMN_COUNT; i++) {
        if (str_eq_ci(name, names[i])) {
            *out = (enum report_column)i;
            return true;
        }
    }
    return false;
}

void report_column_names(struct buf *out) {
    for (size_t i = 0; i < REPORT_COLUMN_COUNT; i++) {
        buf_add(out, i > 0 ? STR(" ") : STR_EMPTY);
        buf_add(out, names[i]);
    }
}

enum status report_columns_parse(struct report_columns *out, struct str list, struct err *err) {
    struct report_columns columns = {.count = 0};
    struct str word;
    while (str_split_next(&word, &list, ',')) {
        word = str_trim(word);
        if (columns.count == REPORT_COLUMNS_MAX) {
            return err_set(err, STATUS_BAD_INPUT, _("more than %d columns"), REPORT_COLUMNS_MAX);
        }
        if (!report_column_find(&columns.ids[columns.count], word)) {
            struct buf known = BUF_INIT;
            report_column_names(&known);
            (void)err_set(err, STATUS_BAD_INPUT, _("no column \"%.*s\"; there are: %.*s"),
                          STR_ARG(str_head(word, 60)), STR_ARG(buf_str(&known)));
            buf_fini(&known);
            return STATUS_BAD_INPUT;
        }
        columns.count++;
    }
    if (columns.count == 0) {
        return err_set(err, STATUS_BAD_INPUT, _("no columns named"));
    }
    *out = columns;
    return STATUS_OK;
}

bool report_columns_have(const struct report_columns *columns, enum report_column column) {
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->ids[i] == column) {
            return true;
        }
    }
    return false;
}

/* --- cells --- */

static void add_number(struct buf *out, uint64_t number) {
    buf_printf(out, "%llu", (unsigned long long)number);
}

static void add_joined(struct buf *out, const struct str *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(" | ") : STR_EMPTY);
        buf_add(out, items[i]);
    }
}

static struct str tag_text(const struct attack_tag *tag, struct str written, bool is_short) {
    switch (tag->kind) {
    case ATTACK_TACTIC_TAG:
        return is_short ? attack_tactic_short(tag->tactic) : attack_tactic_name(tag->tactic);
    case ATTACK_TECHNIQUE_TAG:
        return str_from_c(tag->technique);
    default:
        return written;
    }
}

static void add_tags(struct buf *out, const struct sigma_rule_info *rule, enum attack_tag_kind kind,
                     bool is_short) {
    size_t start = out->len;
    for (size_t i = 0; i < rule->tag_count; i++) {
        struct attack_tag tag = attack_tag_read(rule->tags[i]);
        if (tag.kind == kind) {
            buf_add(out, out->len > start ? STR(" | ") : STR_EMPTY);
            buf_add(out, tag_text(&tag, rule->tags[i], is_short));
        }
    }
}

static struct str level_text(enum sigma_level level, bool is_short) {
    static const struct str shorts[REPORT_LEVELS] = {
        STR_INIT("info"), STR_INIT("low"), STR_INIT("med"), STR_INIT("high"), STR_INIT("crit")};
    return is_short ? shorts[level] : sigma_level_name(level);
}

static void rule_cell(struct buf *out, enum report_column column,
                      const struct sigma_rule_info *rule, const struct report_style *style) {
    switch (column) {
    case COLUMN_RULE_ID:
        buf_add(out, rule->id);
        break;
    case COLUMN_RULE_TITLE:
        buf_add(out, rule->title);
        break;
    case COLUMN_STATUS:
        buf_add(out, rule->status);
        break;
    case COLUMN_AUTHOR:
        buf_add(out, rule->author);
        break;
    case COLUMN_DESCRIPTION:
        buf_add(out, rule->description);
        break;
    case COLUMN_TAGS:
        add_joined(out, rule->tags, rule->tag_count);
        break;
    case COLUMN_TACTICS:
        add_tags(out, rule, ATTACK_TACTIC_TAG, style->short_names);
        break;
    case COLUMN_TECHNIQUES:
        add_tags(out, rule, ATTACK_TECHNIQUE_TAG, style->short_names);
        break;
    case COLUMN_OTHER_TAGS:
        add_tags(out, rule, ATTACK_OTHER_TAG, style->short_names);
        break;
    case COLUMN_REFERENCES:
        add_joined(out, rule->references, rule->reference_count);
        break;
    case COLUMN_FALSE_POSITIVES:
        add_joined(out, rule->false_positives, rule->false_positive_count);
        break;
    case COLUMN_RULE_DATE:
        buf_add(out, rule->date);
        break;
    case COLUMN_RULE_MODIFIED:
        buf_add(out, rule->modified);
        break;
    case COLUMN_RULE_FILE:
        buf_add(out, rule->path);
        break;
    default:
        break;
    }
}

static void event_cell(struct buf *out, enum report_column column, const struct report_hit *hit,
                       const struct report_style *style) {
    bool is_record = hit->place.line == 0;
    switch (column) {
    case COLUMN_TIMESTAMP:
        report_time_write(out, style->times, hit->time_ns, style->zone);
        break;
    case COLUMN_LEVEL:
        buf_add(out, level_text(hit->level, style->short_names));
        break;
    case COLUMN_COMPUTER:
        buf_add(out, hit->computer);
        break;
    case COLUMN_CHANNEL:
        buf_add(out, hit->channel);
        break;
    case COLUMN_PROVIDER:
        buf_add(out, hit->provider);
        break;
    case COLUMN_EVENT_ID:
        buf_add(out, hit->event_id);
        break;
    case COLUMN_RECORD_ID:
        if (hit->place.record_id != 0) {
            add_number(out, hit->place.record_id);
        }
        break;
    case COLUMN_DATASET:
        buf_add(out, hit->dataset);
        break;
    case COLUMN_FILE:
        buf_add(out, hit->place.file);
        break;
    case COLUMN_IDX:
        if (is_record) {
            add_number(out, hit->place.idx);
        }
        break;
    case COLUMN_LINE:
        if (!is_record) {
            add_number(out, hit->place.line);
        }
        break;
    case COLUMN_PLACE:
        report_text_place(out, &hit->place);
        break;
    case COLUMN_USER:
        buf_add(out, hit->user);
        break;
    case COLUMN_PROCESS:
        buf_add(out, hit->process);
        break;
    case COLUMN_SUPPRESSED_BY:
        buf_add(out, hit->suppressed_by);
        break;
    default:
        break;
    }
}

bool report_field_is_of_system(struct str name) {
    static const struct str wholes[] = {
        STR_INIT("EventID"),  STR_INIT("Version"),      STR_INIT("Level"),      STR_INIT("Task"),
        STR_INIT("Opcode"),   STR_INIT("Keywords"),     STR_INIT("Qualifiers"), STR_INIT("Channel"),
        STR_INIT("Computer"), STR_INIT("EventRecordID")};
    static const struct str parts[] = {STR_INIT("Provider_"),    STR_INIT("TimeCreated"),
                                       STR_INIT("Correlation_"), STR_INIT("Execution_"),
                                       STR_INIT("Security_"),    STR_INIT("EventID_")};
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        if (str_eq(name, wholes[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (str_starts(name, parts[i])) {
            return true;
        }
    }
    return false;
}

static bool is_shown(const struct report_hit *hit, struct str name) {
    if (report_field_is_of_system(name)) {
        return true;
    }
    struct str rest = hit->detail_names;
    struct str shown;
    while (str_split_next(&shown, &rest, REPORT_PART_MARK[0])) {
        if (str_eq_ci(name, shown)) {
            return true;
        }
    }
    for (size_t i = 0; hit->details.len == 0 && i < hit->field_count; i++) {
        if (str_eq(name, hit->fields[i].name)) {
            return true;
        }
    }
    return false;
}

size_t report_column_extra(struct report_field *out, const struct report_hit *hit) {
    size_t n = 0;
    for (size_t i = 0; i < hit->all_count; i++) {
        if (!is_shown(hit, hit->all[i].name)) {
            out[n++] = hit->all[i];
        }
    }
    return n;
}

static void extra_cell(struct buf *out, const struct report_hit *hit, struct str separator) {
    struct report_field *extra = mem_calloc(hit->all_count + 1, sizeof *extra);
    report_text_fields(out, extra, report_column_extra(extra, hit), separator);
    mem_free(extra);
}

static void fields_cell(struct buf *out, const struct report_hit *hit,
                        const struct report_style *style) {
    if (style->has_json_fields) {
        report_json_fields(out, hit->fields, hit->field_count);
    } else {
        report_text_fields(out, hit->fields, hit->field_count, style->separator);
    }
}

const struct report_style report_style_plain = {.separator = STR_INIT(" | "),
                                                .has_json_fields = true};

void report_column_cell(struct buf *out, enum report_column column, const struct report_hit *hit,
                        const struct report_style *style) {
    switch (column) {
    case COLUMN_DETAILS:
        report_text_details(out, hit, style->separator);
        break;
    case COLUMN_FIELDS:
        fields_cell(out, hit, style);
        break;
    case COLUMN_EXTRA_FIELDS:
        extra_cell(out, hit, style->separator);
        break;
    case COLUMN_ALL_FIELDS:
        report_text_fields(out, hit->all, hit->all_count, style->separator);
        break;
    case COLUMN_RECOVERED:
        buf_add(out, hit->is_recovered ? STR("yes") : STR_EMPTY);
        break;
    case COLUMN_TIME_RECEIVED:
        buf_add(out, hit->is_time_received ? STR("yes") : STR_EMPTY);
        break;
    case COLUMN_EVENTS:
        report_text_events(out, hit->correlation);
        break;
    case COLUMN_CORRELATION:
        report_text_correlation(out, hit->correlation);
        break;
    default:
        rule_cell(out, column, hit->rule, style);
        event_cell(out, column, hit, style);
        break;
    }
}
