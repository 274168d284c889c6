#include "retention.h"

#include "chain.h"
#include "i18n.h"
#include "note_text.h"
#include "num.h"

/* --- classes --- */

static struct retention_class *find_class(struct retention *r, struct str name) {
    for (size_t i = 0; i < r->class_count; i++) {
        if (str_eq(r->classes[i].name, name)) {
            return &r->classes[i];
        }
    }
    return NULL;
}

static bool put_class(struct retention *r, struct str name, uint32_t hot, uint32_t total) {
    struct retention_class *c = find_class(r, name);
    if (c == NULL) {
        if (r->class_count == RETENTION_MAX_CLASSES) {
            return false;
        }
        c = &r->classes[r->class_count++];
        c->name = arena_str(&r->arena, name);
    }
    c->hot_days = hot;
    c->total_days = total;
    return true;
}

static void put_built_in(struct retention *r) {
#define RETENTION_CLASS(name, hot, total, why) (void)put_class(r, STR(name), hot, total);
#include "retention.def"
}

/* "90/365" or "keep". */
static bool parse_days(uint32_t *hot, uint32_t *total, struct str text) {
    struct str first;
    uint64_t h;
    uint64_t t;
    if (str_eq(text, STR("keep"))) {
        *hot = 0;
        *total = 0;
        return true;
    }
    if (!str_split_next(&first, &text, '/') || !num_parse_u64(&h, first) ||
        !num_parse_u64(&t, text) || h < 1 || h > t || t > RETENTION_MAX_DAYS) {
        return false;
    }
    *hot = (uint32_t)h;
    *total = (uint32_t)t;
    return true;
}

static bool is_class_name(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return name.len > 0 && name.len <= 64;
}

enum status retention_set_class(struct retention *r, struct str text, struct err *err) {
    struct str name;
    struct str rest = text;
    uint32_t hot;
    uint32_t total;
    bool good =
        str_split_next(&name, &rest, '=') && is_class_name(name) && parse_days(&hot, &total, rest);
    if (!good) {
        return err_set(err, STATUS_BAD_INPUT,
                       "'%.*s' is no class of retention; allowed is NAME=HOT/TOTAL in whole days,"
                       " 1 <= HOT <= TOTAL <= %d, or NAME=keep (for ever)",
                       STR_ARG(str_head(text, 200)), RETENTION_MAX_DAYS);
    }
    return put_class(r, name, hot, total)
               ? STATUS_OK
               : err_set(err, STATUS_BAD_INPUT, "%d classes of retention are the most",
                         RETENTION_MAX_CLASSES);
}

enum status retention_set_dataset(struct retention *r, struct str text, struct err *err) {
    struct str name;
    struct str rest = text;
    bool good = str_split_next(&name, &rest, '=');
    bool all = good && str_eq(name, STR("*"));
    enum dataset dataset = good && str_eq(name, STR("unknown")) ? DATASET_UNKNOWN
                           : good                               ? dataset_find(name)
                                                                : DATASET_COUNT;
    if (!all && dataset == DATASET_COUNT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "'%.*s' names no dataset; allowed is DATASET=CLASS (konseki datasets lists"
                       " them), unknown=CLASS for lines that no parser knows, *=CLASS for the rest",
                       STR_ARG(str_head(text, 200)));
    }
    const struct retention_class *c = find_class(r, rest);
    if (c == NULL) {
        return err_set(err, STATUS_BAD_INPUT,
                       "'%.*s' is no class of retention; make it with --class",
                       STR_ARG(str_head(rest, 200)));
    }
    if (all) {
        r->standard = c->name;
    } else {
        r->by_dataset[dataset] = c->name;
    }
    return STATUS_OK;
}

/* --- the note --- */

static void take_pair(struct str name, struct str value, void *ctx) {
    struct retention *r = ctx;
    uint32_t hot;
    uint32_t total;
    if (str_starts(name, STR("class."))) {
        bool good = parse_days(&hot, &total, value);
        (void)put_class(r, str_skip(name, 6), good ? hot : 0, good ? total : 0);
    } else if (str_starts(name, STR("dataset."))) {
        struct str dataset = str_skip(name, 8);
        enum dataset d = str_eq(dataset, STR("unknown")) ? DATASET_UNKNOWN : dataset_find(dataset);
        if (d != DATASET_COUNT) {
            r->by_dataset[d] = arena_str(&r->arena, value);
        }
    } else if (str_eq(name, STR("default"))) {
        r->standard = arena_str(&r->arena, value);
    }
}

static void forget(struct retention *r) {
    r->class_count = 0;
    r->standard = STR_EMPTY;
    for (int d = 0; d < DATASET_COUNT; d++) {
        r->by_dataset[d] = STR_EMPTY;
    }
    put_built_in(r);
}

void retention_load(struct retention *out, const struct chain *chain) {
    memset(out, 0, sizeof *out);
    forget(out);
    size_t i = chain->note_count;
    while (i > 0 && !str_eq(chain->notes[i - 1].kind, STR("retention"))) {
        i--;
    }
    if (i > 0) {
        out->note = i;
        if (!note_read(chain->notes[i - 1].text, take_pair, out)) {
            forget(out); /* rules that cannot be read let nothing go */
        }
    }
}

void retention_fini(struct retention *r) {
    arena_fini(&r->arena);
}

static void encode_class(struct buf *out, const struct retention_class *c) {
    struct buf name = BUF_INIT;
    struct buf days = BUF_INIT;
    buf_printf(&name, "class.%.*s", STR_ARG(c->name));
    if (c->total_days == 0) {
        buf_printf(&days, "keep");
    } else {
        buf_printf(&days, "%u/%u", c->hot_days, c->total_days);
    }
    note_put(out, buf_str(&name), buf_str(&days));
    buf_fini(&name);
    buf_fini(&days);
}

void retention_encode(struct buf *out, const struct retention *r, struct str by) {
    struct buf name = BUF_INIT;
    note_put(out, STR("by"), by);
    for (size_t i = 0; i < r->class_count; i++) {
        encode_class(out, &r->classes[i]);
    }
    note_put(out, STR("default"), r->standard);
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct str dataset = dataset_info((enum dataset)d)->name;
        buf_clear(&name);
        buf_printf(&name, "dataset.%.*s", STR_ARG(dataset.len > 0 ? dataset : STR("unknown")));
        note_put(out, buf_str(&name), r->by_dataset[d]);
    }
    note_end(out);
    buf_fini(&name);
}

/* --- ages --- */

const struct retention_class *retention_of(const struct retention *r, enum dataset dataset) {
    struct str name = r->by_dataset[dataset].len > 0 ? r->by_dataset[dataset] : r->standard;
    for (size_t i = 0; i < r->class_count; i++) {
        if (str_eq(r->classes[i].name, name) && r->classes[i].total_days > 0) {
            return &r->classes[i];
        }
    }
    return NULL;
}

int64_t retention_limit(int64_t now_ns, uint32_t days) {
    int64_t span; /* 2^32 days are more than int64 ns hold */
    int64_t limit;
    if (__builtin_mul_overflow((int64_t)days, NS_PER_DAY, &span) ||
        __builtin_sub_overflow(now_ns, span, &limit)) {
        return INT64_MIN;
    }
    return limit;
}
