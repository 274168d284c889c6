#include "sigma_image.h"

#include <stdlib.h>

#include "bytes.h"
#include "check.h"
#include "hash.h"
#include "mem.h"
#include "sigma_codec.h"

/*  0  magic "KSKRULES"     8  version, 4 bytes     12  zero, 4 bytes
 * 16  key, 32 bytes       48  length of the body   56  XXH3-64 of the body
 * 64  body */
enum { VERSION = 6, HEADER_BYTES = 64, PLAN_DEPTH_LIMIT = 256 };
static const char magic[8] = {'K', 'S', 'K', 'R', 'U', 'L', 'E', 'S'};

/* Whoever adds a member describes it below and counts VERSION up: else sets from the cache lack it.
 */
#define DESCRIBED(type, bytes)                                                                     \
    _Static_assert(sizeof(void *) != 8 || sizeof(type) == (bytes),                                 \
                   #type ": describe the new member here and count VERSION up")

/* --- rules --- */

DESCRIBED(struct sigma_rule_info, 288);
void sigma_image_info(struct sigma_codec *c, struct sigma_rule_info *i) {
    struct str *texts[] = {&i->id,          &i->title,   &i->path,   &i->status,
                           &i->description, &i->author,  &i->date,   &i->modified,
                           &i->category,    &i->product, &i->service};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        sigma_codec_str(c, texts[t]);
    }
    sigma_codec_strs(c, &i->tags, &i->tag_count);
    sigma_codec_strs(c, &i->references, &i->reference_count);
    sigma_codec_strs(c, &i->false_positives, &i->false_positive_count);
    sigma_codec_str(c, &i->hint);
    uint32_t level = i->level;
    sigma_codec_u32(c, &level, SIGMA_CRITICAL + 1);
    i->level = (enum sigma_level)level;
    sigma_codec_bool(c, &i->is_filter);
    sigma_codec_bool(c, &i->is_made);
    sigma_codec_bool(c, &i->is_source_known); /* runs is not kept: a judged set is not cached */
    i->runs = c->out != NULL ? i->runs : NULL;
    sigma_codec_str(c, &i->correlation);
    sigma_codec_strs(c, &i->refers_to, &i->refer_count);
}

DESCRIBED(struct sigma_logsource, 48);
DESCRIBED(struct sigma_document, 408);
static void document_members(struct sigma_codec *c, struct sigma_document *d) {
    sigma_image_info(c, &d->info);
    sigma_codec_str(c, &d->name);
    sigma_codec_str(c, &d->logsource.category);
    sigma_codec_str(c, &d->logsource.product);
    sigma_codec_str(c, &d->logsource.service);
    sigma_codec_bool(c, &d->is_filter);
}

/* Numbers of documents by the place of their id, which the reports of accepted rules share. */
static void number_documents(struct intern *numbers, const struct sigma_rules *set) {
    for (size_t i = 0; i < set->rule_count; i++) {
        const char *id = set->documents[i].info.id.ptr;
        (void)intern_add(numbers, str_make((const char *)&id, sizeof id));
    }
}

static uint32_t number_of(const struct intern *numbers, const struct sigma_report *report) {
    const char *id = report->info.id.ptr;
    uint32_t number = intern_find(numbers, str_make((const char *)&id, sizeof id));
    return number == INTERN_NONE ? 0 : number + 1;
}

/* Most reports are of rules that stand in the set: only their number is kept. */
static void reports(struct sigma_codec *c, struct sigma_rules *set) {
    struct intern numbers = INTERN_INIT;
    if (c->out != NULL) {
        number_documents(&numbers, set);
    }
    bool is_numbered = numbers.count == set->rule_count;
    set->reports =
        sigma_codec_heap_array(c, set->reports, &set->report_count, sizeof *set->reports, 12);
    for (size_t i = 0; i < set->report_count && !c->failed; i++) {
        struct sigma_report *r = &set->reports[i];
        uint32_t number = is_numbered ? number_of(&numbers, r) : 0;
        sigma_codec_u32(c, &number, set->rule_count + 1);
        if (number == 0) {
            sigma_image_info(c, &r->info);
        } else if (c->out == NULL) {
            r->info = set->documents[number - 1].info;
        }
        sigma_codec_str(c, &r->why);
    }
    intern_fini(&numbers);
}

static void rules(struct sigma_codec *c, struct sigma_rules *set) {
    set->documents =
        sigma_codec_heap_array(c, set->documents, &set->rule_count, sizeof *set->documents, 100);
    for (size_t i = 0; i < set->rule_count && !c->failed; i++) {
        document_members(c, &set->documents[i]);
    }
    reports(c, set);
}

/* --- tests --- */

DESCRIBED(struct sigma_test, 64);
static void test_members(struct sigma_codec *c, struct sigma_test *t) {
    uint32_t kind = t->kind;
    sigma_codec_u32(c, &kind, SIGMA_TEST_TIME + 1);
    t->kind = (enum sigma_test_kind)kind;
    sigma_codec_bool(c, &t->cased);
    sigma_codec_bool(c, &t->truth);
    sigma_codec_bool(c, &t->is_v6);
    sigma_codec_u8(c, &t->compare, SIGMA_GTE + 1);
    sigma_codec_u8(c, &t->part, SIGMA_YEAR + 1);
    sigma_codec_u8(c, &t->regex_flags, 8);
    sigma_codec_str(c, &t->text);
    sigma_codec_double(c, &t->number);
    sigma_codec_raw(c, t->network.address.bytes, sizeof t->network.address.bytes);
    sigma_codec_u8(c, &t->network.prefix_bits, 129);
}

DESCRIBED(struct sigma_set_test, 104);
static void tests(struct sigma_codec *c, struct sigma_rules *set) {
    set->tests = sigma_codec_heap_array(c, set->tests, &set->test_count, sizeof *set->tests, 50);
    sigma_codec_count(c, &set->regex_count, 1);
    size_t regexes = set->regex_count > 0 ? set->regex_count : 1; /* other tests have number 0 */
    for (size_t i = 0; i < set->test_count && !c->failed; i++) {
        struct sigma_set_test *t = &set->tests[i];
        test_members(c, &t->test);
        sigma_codec_u32(c, &t->slot, set->slot_count);
        sigma_codec_bool(c, &t->is_sure);
        sigma_codec_u32(c, &t->regex, regexes);
        sigma_codec_ids(c, &t->triggers, set->variant_count);
    }
}

/* --- slots --- */

static void keyed_members(struct sigma_codec *c, struct sigma_keyed *k, size_t test_count) {
    size_t count = k->keys.count;
    sigma_codec_count(c, &count, 16);
    if (c->out == NULL) {
        intern_reserve(&k->keys, (uint32_t)count);
        k->tests = mem_calloc(count + 1, sizeof *k->tests);
        k->capacity = count + 1;
    }
    for (uint32_t i = 0; i < count && !c->failed; i++) {
        struct str key = c->out != NULL ? intern_text(&k->keys, i) : STR_EMPTY;
        sigma_codec_str(c, &key);
        if (c->out == NULL && intern_add(&k->keys, key) != i) {
            c->failed = true; /* a key occurs twice */
            return;
        }
        sigma_codec_ids(c, &k->tests[i], test_count);
    }
}

static void write_database(struct sigma_codec *c, const hs_database_t *database) {
    char *bytes = NULL;
    size_t len = 0;
    if (database != NULL && hs_serialize_database(database, &bytes, &len) != HS_SUCCESS) {
        c->failed = true;
    }
    struct str block = bytes != NULL ? str_make(bytes, len) : STR_EMPTY;
    sigma_codec_block(c, &block);
    free(bytes); /* style: heap: vectorscan allocates it */
}

static void database_member(struct sigma_codec *c, hs_database_t **database) {
    struct str block = STR_EMPTY;
    if (c->out != NULL) {
        write_database(c, *database);
        return;
    }
    sigma_codec_block(c, &block);
    if (block.len > 0 && !c->failed &&
        hs_deserialize_database(block.ptr, block.len, database) != HS_SUCCESS) {
        c->failed = true;
        *database = NULL;
    }
}

DESCRIBED(struct sigma_slot, 376);
static void slot_members(struct sigma_codec *c, struct sigma_slot *s, size_t test_count) {
    keyed_members(c, &s->equal, test_count);
    keyed_members(c, &s->numbers, test_count);
    keyed_members(c, &s->literals, test_count);
    sigma_codec_ids(c, &s->regexes, test_count);
    sigma_codec_ids(c, &s->direct_regexes, test_count);
    sigma_codec_ids(c, &s->always, test_count);
    sigma_codec_bool(c, &s->is_used);
    database_member(c, &s->literal_db);
    database_member(c, &s->regex_db);
}

static void slots(struct sigma_codec *c, struct sigma_rules *set) {
    for (uint32_t i = 0; i < set->slot_count && !c->failed; i++) {
        struct str name = c->out != NULL ? set->slots[i].name : STR_EMPTY;
        sigma_codec_str(c, &name);
        if (c->out == NULL) {
            c->failed = c->failed || intern_add(&set->slot_names, name) != i;
            set->slots[i].name = c->failed ? STR_EMPTY : intern_text(&set->slot_names, i);
        }
        slot_members(c, &set->slots[i], set->test_count);
    }
}

/* --- variants --- */

DESCRIBED(struct sigma_gate, 112);
static void gates(struct sigma_codec *c, struct sigma_rules *set) {
    set->gates = sigma_codec_heap_array(c, set->gates, &set->gate_count, sizeof *set->gates, 31);
    for (size_t i = 0; i < set->gate_count && !c->failed; i++) {
        struct sigma_gate *g = &set->gates[i];
        uint32_t kind = g->kind;
        uint32_t channels = (uint32_t)g->channel_count;
        sigma_codec_u32(c, &kind, SIGMA_GATE_DATASETS + 1);
        sigma_codec_u32(c, &channels, SIGMA_CHANNEL_LIMIT + 1);
        g->kind = (enum sigma_gate_kind)kind;
        g->channel_count = channels;
        for (size_t n = 0; n < channels; n++) {
            sigma_codec_cstr(c, &g->channels[n]);
        }
        sigma_codec_cstr(c, &g->ids);
        sigma_codec_cstr(c, &g->provider);
        sigma_codec_cstr(c, &g->datasets);
        sigma_codec_bool(c, &g->takes_bare);
    }
}

DESCRIBED(struct sigma_plan, 20);
static void plans(struct sigma_codec *c, struct sigma_rules *set) {
    for (size_t i = 0; i < set->plan_count && !c->failed; i++) {
        struct sigma_plan *p = &set->plans[i];
        sigma_codec_u8(c, &p->op, SIGMA_NODE_FIELDREF + 1);
        sigma_codec_u8(c, &p->anchor, SIGMA_INSIDE + 1);
        sigma_codec_bool(c, &p->cased);
        sigma_codec_u32(c, &p->size, set->plan_count - i + 1);
        sigma_codec_u32(c, &p->test, set->test_count + 1);
        sigma_codec_u32(c, &p->slot, set->slot_count);
        sigma_codec_u32(c, &p->other, set->slot_count);
    }
}

/* Every node lies inside the tree above it, and no tree is so deep that walking it takes much
 * stack. */
static bool are_plans_sound(const struct sigma_rules *set) {
    size_t ends[PLAN_DEPTH_LIMIT];
    size_t depth = 0;
    for (size_t i = 0; i < set->plan_count; i++) {
        const struct sigma_plan *p = &set->plans[i];
        while (depth > 0 && i >= ends[depth - 1]) {
            depth--;
        }
        bool leaf = p->op > SIGMA_NODE_NOT;
        if (p->size == 0 || (leaf && p->size != 1) || (p->op == SIGMA_NODE_NOT && p->size < 2) ||
            (p->op == SIGMA_NODE_TEST && p->test >= set->test_count) ||
            (depth > 0 && i + p->size > ends[depth - 1]) || depth == PLAN_DEPTH_LIMIT) {
            return false;
        }
        ends[depth++] = i + p->size;
    }
    return true;
}

DESCRIBED(struct sigma_variant, 16);
static void variants(struct sigma_codec *c, struct sigma_rules *set) {
    for (size_t i = 0; i < set->variant_count && !c->failed; i++) {
        struct sigma_variant *v = &set->variants[i];
        sigma_codec_u32(c, &v->rule, set->rule_count);
        sigma_codec_u32(c, &v->gate, set->gate_count);
        sigma_codec_u32(c, &v->plan, set->plan_count);
        sigma_codec_u32(c, &v->wanted, set->plan_count);
    }
}

/* --- the set --- */

DESCRIBED(struct sigma_rules, 496);
static void body(struct sigma_codec *c, struct sigma_rules *set) {
    rules(c, set);
    gates(c, set);
    set->slots = sigma_codec_heap_array(c, set->slots, &set->slot_count, sizeof *set->slots, 64);
    set->plans = sigma_codec_heap_array(c, set->plans, &set->plan_count, sizeof *set->plans, 19);
    set->variants =
        sigma_codec_heap_array(c, set->variants, &set->variant_count, sizeof *set->variants, 16);
    tests(c, set);
    slots(c, set);
    plans(c, set);
    variants(c, set);
    sigma_codec_ids(c, &set->always, set->variant_count);
    sigma_codec_bool(c, &set->uses_provider);
    sigma_image_correlations(c, set);
}

bool sigma_image_write(struct buf *out, struct sigma_rules *set,
                       const struct sigma_cache_key *key) {
    size_t start = out->len;
    char header[HEADER_BYTES] = {0};
    struct sigma_codec c = {.out = out};
    if (!are_plans_sound(set)) {
        return false;
    }
    buf_append(out, header, sizeof header);
    body(&c, set);
    struct str written = str_skip(buf_str(out), start + HEADER_BYTES);
    memcpy(header, magic, sizeof magic);
    bytes_put_le32(header + 8, VERSION);
    memcpy(header + 16, key->hash, sizeof key->hash);
    bytes_put_le64(header + 48, written.len);
    bytes_put_le64(header + 56, hash_str(written));
    memcpy(out->ptr + start, header, sizeof header);
    return !c.failed;
}

static bool is_header_right(struct str image, const struct sigma_cache_key *key) {
    return image.len >= HEADER_BYTES && memcmp(image.ptr, magic, sizeof magic) == 0 &&
           bytes_le32(image.ptr + 8) == VERSION &&
           memcmp(image.ptr + 16, key->hash, sizeof key->hash) == 0 &&
           bytes_le64(image.ptr + 48) == image.len - HEADER_BYTES &&
           bytes_le64(image.ptr + 56) == hash_str(str_skip(image, HEADER_BYTES));
}

bool sigma_image_read(struct sigma_rules *set, struct str image,
                      const struct sigma_cache_key *key) {
    if (!is_header_right(image, key) || hs_valid_platform() != HS_SUCCESS) {
        return false;
    }
    struct sigma_codec c = {.in = image, .at = HEADER_BYTES, .arena = &set->arena};
    body(&c, set);
    if (c.failed || c.at != image.len || set->slot_count == 0 || !are_plans_sound(set)) {
        struct sigma_mapping *mapping = set->mapping; /* not of the image */
        set->mapping = NULL;
        sigma_set_fini(set);
        sigma_set_init(set);
        set->mapping = mapping;
        return false;
    }
    return true;
}
