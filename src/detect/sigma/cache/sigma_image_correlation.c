/* Correlations and what they want of rules, as members of the image (sigma_image.c). */
#include "sigma_codec.h"
#include "sigma_image.h"

/* An array in the arena; its items take at least `least_bytes` each. */
static void *items_of(struct sigma_codec *c, void *items, size_t *count, size_t item_bytes,
                      size_t least_bytes) {
    sigma_codec_count(c, count, least_bytes);
    return c->out != NULL ? items : arena_array(c->arena, *count + 1, item_bytes);
}

static void number(struct sigma_codec *c, uint64_t *value) {
    size_t wide = (size_t)*value;
    sigma_codec_size(c, &wide);
    *value = wide;
}

static void refs(struct sigma_codec *c, const struct sigma_rules *set, struct sigma_correlation *k,
                 size_t index) {
    k->refs = items_of(c, k->refs, &k->ref_count, sizeof *k->refs, 21);
    c->failed = c->failed || k->ref_count == 0 || k->ref_count > SIGMA_CORRELATION_REF_LIMIT;
    for (size_t i = 0; i < k->ref_count && !c->failed; i++) {
        struct sigma_correlation_ref *r = &k->refs[i];
        sigma_codec_str(c, &r->text);
        sigma_codec_size(c, &r->line);
        sigma_codec_bool(c, &r->is_correlation);
        sigma_codec_u32(c, &r->target, r->is_correlation ? index : set->rule_count);
    }
    k->aliases = items_of(c, k->aliases, &k->alias_count, sizeof *k->aliases, 28);
    for (size_t i = 0; i < k->alias_count && !c->failed; i++) {
        struct sigma_correlation_alias *a = &k->aliases[i];
        sigma_codec_str(c, &a->name);
        sigma_codec_str(c, &a->rule);
        sigma_codec_str(c, &a->field);
        sigma_codec_u32(c, &a->ref, k->ref_count);
    }
}

static void condition(struct sigma_codec *c, struct sigma_correlation *k) {
    sigma_codec_count(c, &k->limit_count, 12);
    c->failed = c->failed || k->limit_count > SIGMA_LIMIT_MAX;
    for (size_t i = 0; i < k->limit_count && !c->failed; i++) {
        uint32_t op = k->limits[i].op;
        sigma_codec_u32(c, &op, SIGMA_LIMIT_NEQ + 1);
        k->limits[i].op = (enum sigma_limit_op)op;
        sigma_codec_double(c, &k->limits[i].number);
    }
    uint64_t refs_mask = c->failed ? 0 : UINT64_MAX >> (64 - k->ref_count);
    k->terms = items_of(c, k->terms, &k->term_count, sizeof *k->terms, 16);
    for (size_t i = 0; i < k->term_count && !c->failed; i++) {
        number(c, &k->terms[i].required);
        number(c, &k->terms[i].forbidden);
        c->failed = c->failed || ((k->terms[i].required | k->terms[i].forbidden) & ~refs_mask) != 0;
    }
}

static void correlation(struct sigma_codec *c, const struct sigma_rules *set,
                        struct sigma_correlation *k, size_t index) {
    uint32_t type = k->type;
    uint64_t timespan = (uint64_t)k->timespan_ns;
    sigma_image_info(c, &k->info);
    sigma_codec_str(c, &k->name);
    sigma_codec_u32(c, &type, SIGMA_VALUE_SHARE + 1);
    k->type = (enum sigma_correlation_type)type;
    sigma_codec_bool(c, &k->generate);
    sigma_codec_bool(c, &k->is_referred);
    sigma_codec_bool(c, &k->is_quiet);
    sigma_codec_bool(c, &k->is_from_legacy);
    number(c, &timespan);
    k->timespan_ns = (int64_t)timespan;
    sigma_codec_double(c, &k->percentile);
    c->failed = c->failed || k->timespan_ns <= 0 || !(k->percentile >= 0 && k->percentile <= 100);
    sigma_codec_strs(c, &k->group_by, &k->group_count);
    sigma_codec_strs(c, &k->fields, &k->field_count);
    refs(c, set, k, index);
    condition(c, k);
}

/* An inner correlation has the smaller index: a hostile image cannot make a circle. */
void sigma_image_correlations(struct sigma_codec *c, struct sigma_rules *set) {
    set->correlations =
        items_of(c, set->correlations, &set->correlation_count, sizeof *set->correlations, 100);
    for (size_t i = 0; i < set->correlation_count && !c->failed; i++) {
        correlation(c, set, &set->correlations[i], i);
    }
    bool has_wants = set->wants != NULL;
    sigma_codec_bool(c, &has_wants);
    if (!has_wants || c->failed) {
        set->wants = NULL;
        return;
    }
    size_t count = set->rule_count;
    set->wants = items_of(c, set->wants, &count, sizeof *set->wants, 10);
    c->failed = c->failed || count != set->rule_count;
    for (size_t i = 0; i < count && !c->failed; i++) {
        size_t fields = set->wants[i].field_count;
        sigma_codec_strs(c, &set->wants[i].fields, &fields);
        set->wants[i].field_count = (uint32_t)fields;
        sigma_codec_bool(c, &set->wants[i].is_named);
        sigma_codec_bool(c, &set->wants[i].is_quiet);
    }
}
