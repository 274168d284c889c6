/* Rows of batches: their values go to the slots that the binding names. */
#include "sigma_binding.h"

static struct sigma_origin origin_of(const struct batch *batch, const struct row *row) {
    struct sigma_origin origin = {.dataset = (enum dataset)row->dataset};
    origin.is_windows = str_eq(dataset_info(origin.dataset)->family, STR("windows"));
    for (uint32_t i = 0; origin.is_windows && i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        struct str *part = v->field == FIELD_WINLOG_CHANNEL    ? &origin.channel
                           : v->field == FIELD_WINLOG_EVENT_ID ? &origin.event_id
                           : v->field == FIELD_WINLOG_PROVIDER ? &origin.provider
                                                               : NULL;
        if (part != NULL && part->len == 0) {
            *part = batch_value_text(batch, v);
        }
    }
    return origin;
}

/* Keywords look at what came from the device, not at what we wrote beside it. Lines in another
 * encoding have no slices: there every value counts. */
static bool is_keyword_text(const struct row *row, const struct sigma_bound_field *bound,
                            const struct value *v, bool is_windows) {
    if (is_windows || row->charset != CHARSET_UTF8) {
        return bound->is_native;
    }
    return v->transform != TRANSFORM_NONE;
}

struct str sigma_row_line(struct str raw) {
    while (raw.len > 0 && (raw.ptr[raw.len - 1] == '\n' || raw.ptr[raw.len - 1] == '\r')) {
        raw.len--;
    }
    return raw;
}

static void add_attributes(struct sigma_matcher *m, const struct batch *batch,
                           const struct row *row) {
    struct sigma_attribute *attributes = sigma_binding_of(m)->attributes;
    for (size_t i = 0; i < SIGMA_ATTRIBUTE_COUNT; i++) {
        struct sigma_attribute *a = &attributes[i];
        struct str text;
        buf_clear(&a->text);
        if (a->slot != INTERN_NONE && batch_get(&text, batch, row, a->field, &a->text)) {
            sigma_match_value(m, a->slot, text, a->field);
        }
    }
}

/* What the record holds as null is there, for `exists`. */
static void add_nulls(struct sigma_matcher *m, const struct sigma_origin *origin,
                      const struct batch *batch, const struct row *row) {
    struct sigma_binding *binding = sigma_binding_of(m);
    const struct null_field *nulls;
    size_t count = batch->null_count > 0 ? batch_nulls(&nulls, batch, row) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct sigma_bound_field *bound =
            sigma_binding_field(binding, sigma_matcher_rules(m), origin, nulls[i].field);
        for (size_t s = 0; s < bound->slots.count; s++) {
            sigma_match_null(m, bound->slots.ids[s]);
        }
    }
}

void sigma_match_row(struct sigma_matcher *matcher, const struct batch *batch,
                     const struct row *row, sigma_hit_fn *hit, void *ctx) {
    struct sigma_origin origin = origin_of(batch, row);
    struct sigma_binding *binding = sigma_binding_of(matcher);
    const struct sigma_rules *rules = sigma_matcher_rules(matcher);
    sigma_match_begin(matcher, &origin);
    bool keywords = sigma_match_wants(matcher, SIGMA_KEYWORD_SLOT);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        const struct sigma_bound_field *bound =
            sigma_binding_field(binding, rules, &origin, v->field);
        struct str text = batch_value_text(batch, v);
        for (size_t s = 0; s < bound->slots.count; s++) {
            sigma_match_value(matcher, bound->slots.ids[s], text, v->field);
        }
        for (size_t s = 0; s < bound->last_part_slots.count; s++) {
            sigma_match_value(matcher, bound->last_part_slots.ids[s], sigma_last_part(text),
                              v->field);
        }
        if (keywords && is_keyword_text(row, bound, v, origin.is_windows)) {
            sigma_match_value(matcher, SIGMA_KEYWORD_SLOT, text, v->field);
        }
    }
    add_nulls(matcher, &origin, batch, row);
    if (origin.is_windows) {
        add_attributes(matcher, batch, row);
    } else if (keywords && row->charset == CHARSET_UTF8 && origin.dataset != DATASET_JSON) {
        sigma_match_value(matcher, SIGMA_KEYWORD_SLOT, sigma_row_line(batch_raw(batch, row)),
                          FIELD_EVENT_ORIGINAL);
    }
    sigma_match_end(matcher, hit, ctx);
}
