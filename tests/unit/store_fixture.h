/*
 * For tests of the store: a store in a fresh folder, rows made from a repeatable random sequence,
 * and comparing what comes back. Include after cmocka.h.
 */
#ifndef KONSEKI_STORE_FIXTURE_H
#define KONSEKI_STORE_FIXTURE_H

#include <ftw.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "mem.h"
#include "store.h"

struct fixture {
    char path[64];
};

struct random {
    uint64_t state;
};

static inline uint32_t random_below(struct random *r, uint32_t limit) {
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->state >> 33) % limit;
}

/* Where files are in memory if there is room: syncing a disk makes up most of a store's tests. */
static inline const char *fixture_root(void) {
    struct statvfs room;
    bool in_memory = statvfs("/dev/shm", &room) == 0 && access("/dev/shm", W_OK) == 0 &&
                     room.f_bavail * room.f_frsize >= UINT64_C(1) << 30;
    return in_memory ? "/dev/shm" : "/tmp";
}

static inline int fixture_setup(void **state) {
    struct fixture *f = mem_calloc(1, sizeof *f);
    (void)snprintf(f->path, sizeof f->path, "%s/konseki-test-XXXXXX", fixture_root());
    *state = f;
    return mkdtemp(f->path) == NULL;
}

static inline int fixture_remove_entry(const char *path, const struct stat *st, int type,
                                       struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int fixture_teardown(void **state) {
    struct fixture *f = *state;
    (void)nftw(f->path, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(f);
    return 0;
}

static inline struct store *fixture_open(const struct fixture *f, enum store_mode mode) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options o = {.path = f->path, .mode = mode, .create = mode != STORE_READ};
    if (store_open(&s, &o, &err) != STATUS_OK) {
        fail_msg("store_open: %s", err.message);
    }
    return s;
}

/* A row of a line and a source; everything else is to be set. */
static inline struct row *fixture_begin_row(struct batch *b, struct str line, const char *source) {
    size_t off = b->raw.len;
    buf_add(&b->raw, line);
    struct row *row = batch_row_begin(b, off, line.len);
    row->source = row->origin = intern_add(&b->names, str_from_c(source));
    return row;
}

/* A log line with slices, decoded values, extras and lists, or an unknown line. */
static inline void fixture_add_line(struct batch *b, struct random *r) {
    static const char *const users[] = {"alice", "bob", "carol", "\xe5\xb1\xb1\xe7\x94\xb0"};
    char line[256];
    uint32_t kind = random_below(r, 3);
    const char *user = users[random_below(r, 4)];
    int len =
        snprintf(line, sizeof line,
                 kind == 2 ? "%02u:%02u unknown thing %s-%u happened in room %u\n"
                           : "2026-11-%02uT10:%02u:30Z user=%s bytes=%u path=\"C:\\\\t%u\"\r\n",
                 1 + random_below(r, 28), random_below(r, 60), user, random_below(r, 100000),
                 random_below(r, 50));
    size_t off = b->raw.len;
    buf_append(&b->raw, line, (size_t)len);
    struct row *row = batch_row_begin(b, off, (size_t)len);
    row->time_ns = (int64_t)random_below(r, 1000000) * 1000000000;
    row->receive_ns = 5;
    row->source = intern_add(&b->names, random_below(r, 2) == 0 ? STR("fw1") : STR("srv"));
    row->origin = intern_add(&b->names, STR("dir/a.log"));
    row->line = (uint32_t)b->row_count;
    row->dataset = kind == 2 ? DATASET_UNKNOWN : (kind == 1 ? DATASET_SYSLOG : DATASET_JSON);
    row->flags = kind == 2 ? ROW_UNPARSED : 0;
    if (kind == 2) {
        return;
    }
    struct str raw = batch_raw(b, row);
    size_t at = str_find(raw, STR("user=")) + 5;
    struct str name = str_make(raw.ptr + at, strlen(user));
    batch_add(b, FIELD_USER_NAME, name);
    batch_add(b, FIELD_SOURCE_USER_NAME, name);
    struct str rest = str_skip(raw, str_find(raw, STR("bytes=")) + 6);
    batch_add(b, FIELD_SOURCE_BYTES, str_head(rest, str_find_char(rest, ' ')));
    rest = str_skip(rest, str_find_char(rest, '"') + 1);
    struct str slice = str_head(rest, str_find_char(rest, '"'));
    char decoded[64];
    int decoded_len =
        snprintf(decoded, sizeof decoded, "C:\\t%.*s", (int)slice.len - 5, slice.ptr + 5);
    batch_add_decoded(b, FIELD_FILE_PATH, str_make(decoded, (size_t)decoded_len), slice,
                      TRANSFORM_JSON);
    batch_add(b, FIELD_MESSAGE, str_head(raw, raw.len - 2));
    batch_add_constant(b, FIELD_EVENT_KIND, "event");
    if (random_below(r, 5) == 0) {
        batch_add(b, FIELD_TAGS, STR(""));
        batch_add_i64(b, FIELD_TAGS, random_below(r, 7));
    }
}

/* Random bytes, overlapping values, wrong transforms, numbers at their limits. */
static inline void fixture_add_hostile(struct batch *b, struct random *r) {
    size_t off = b->raw.len;
    uint32_t len = random_below(r, 4) == 0 ? 0 : random_below(r, 300);
    for (uint32_t i = 0; i < len; i++) {
        static const char common[] = "0123456789 .:-ab&amp;\\u00410\"\n";
        char c = random_below(r, 3) == 0 ? (char)random_below(r, 256)
                                         : common[random_below(r, sizeof common - 1)];
        buf_putc(&b->raw, c);
    }
    struct row *row = batch_row_begin(b, off, len);
    row->time_ns = random_below(r, 9) == 0 ? INT64_MAX : (int64_t)random_below(r, UINT32_MAX);
    row->receive_ns = random_below(r, 9) == 0 ? INT64_MIN + 1 : 7;
    row->source = intern_add(&b->names, STR("x"));
    row->record_id = random_below(r, 3) == 0 ? UINT64_MAX : random_below(r, 100);
    row->line = random_below(r, 3) == 0 ? UINT32_MAX : 1;
    row->container_back = random_below(r, 3);
    row->charset = (uint8_t)random_below(r, 7);
    row->flags = random_below(r, 8192) & ~(uint32_t)ROW_DERIVED;
    row->dataset = (uint16_t)random_below(r, 3);
    uint32_t values = random_below(r, 3) == 0 ? random_below(r, 40) : 2;
    for (uint32_t i = 0; i < values && len > 0; i++) {
        uint32_t start = random_below(r, len);
        struct str slice = str_make(b->raw.ptr + off + start, random_below(r, len - start + 1));
        uint32_t field = FIELD_EVENT_KIND + random_below(r, 60);
        switch (random_below(r, 3)) {
        case 0:
            batch_add(b, field, slice);
            break;
        case 1:
            batch_add_decoded(b, field, STR("not what it says"), slice, TRANSFORM_XML);
            break;
        default:
            batch_add(b, schema_field(random_below(r, 2) == 0 ? STR("x.new") : STR("x.y")),
                      random_below(r, 2) == 0 ? STR("007") : STR("18446744073709551616"));
            break;
        }
    }
}

/* A record of an object whose members come in any order, some of them in an inner object. */
static inline void fixture_add_object(struct batch *b, struct random *r) {
    enum { MEMBERS = 9, INNER = 5 };
    static const uint32_t fields[MEMBERS] = {
        FIELD_USER_NAME, FIELD_SOURCE_IP,   FIELD_RULE_NAME, FIELD_EVENT_CODE,  FIELD_URL_FULL,
        FIELD_MESSAGE,   FIELD_SOURCE_PORT, FIELD_FILE_PATH, FIELD_EVENT_REASON};
    uint32_t order[MEMBERS];
    for (uint32_t i = 0; i < MEMBERS; i++) { /* members INNER and above stay behind it */
        uint32_t low = i < INNER ? 0 : INNER;
        uint32_t at = low + random_below(r, i - low + 1);
        order[i] = i;
        order[i] = order[at];
        order[at] = i;
    }
    size_t off = b->raw.len;
    struct {
        size_t at;
        size_t len;
    } slices[MEMBERS];
    for (uint32_t i = 0; i < MEMBERS; i++) {
        char text[120];
        uint32_t m = order[i];
        (void)snprintf(text, sizeof text, "%s\"key%u\":\"",
                       i == 0       ? "{"
                       : i == INNER ? ",\"in\":{"
                                    : ",",
                       m);
        buf_add(&b->raw, str_from_c(text));
        slices[m].at = b->raw.len;
        if (m == 1) {
            (void)snprintf(text, sizeof text, "10.0.%u.%u", random_below(r, 3),
                           random_below(r, 200));
        } else if (m == 5) {
            (void)snprintf(text, sizeof text, "bob did %u of them at /x%u", random_below(r, 90),
                           random_below(r, 9));
        } else {
            (void)snprintf(text, sizeof text, "%s%u", m % 2 == 0 ? "bob" : "7",
                           random_below(r, m < 4 ? 5 : 50000));
        }
        buf_add(&b->raw, str_from_c(text));
        slices[m].len = b->raw.len - slices[m].at;
        buf_putc(&b->raw, '"');
    }
    buf_add(&b->raw, STR("}}\n"));
    struct row *row = batch_row_begin(b, off, b->raw.len - off);
    row->time_ns = row->receive_ns = 1000 + (int64_t)b->row_count;
    row->source = intern_add(&b->names, STR("objects"));
    row->origin = intern_add(&b->names, STR("o.json"));
    row->line = (uint32_t)b->row_count;
    row->dataset = DATASET_JSON;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t m = order[i];
        batch_add(b, fields[m], str_make(b->raw.ptr + slices[m].at, slices[m].len));
    }
    batch_add(b, FIELD_EVENT_KIND, STR("event"));
}

/* Appends and commits `b` in `parts` runs, reopening the store between them. */
static inline void fixture_write(const struct fixture *f, struct batch *b, size_t parts) {
    struct err err = ERR_INIT;
    size_t done = 0;
    for (size_t part = 1; part <= parts; part++) {
        struct batch some;
        batch_init(&some);
        size_t until = b->row_count * part / parts;
        for (; done < until; done++) {
            batch_copy_row(&some, b, &b->rows[done], true);
        }
        struct store *s = fixture_open(f, STORE_BULK);
        if (store_append(s, &some, &err) != STATUS_OK || store_commit(s, &err) != STATUS_OK) {
            fail_msg("write: %s", err.message);
        }
        store_close(&s);
        batch_fini(&some);
    }
}

static inline void fixture_same_row(const struct batch *a, const struct row *x,
                                    const struct batch *b, const struct row *y) {
    assert_true(str_eq(batch_raw(a, x), batch_raw(b, y)));
    assert_int_equal(x->time_ns, y->time_ns);
    assert_int_equal(x->receive_ns, y->receive_ns);
    assert_true(x->record_id == y->record_id);
    assert_int_equal(x->line, y->line);
    assert_int_equal(x->idx, y->idx);
    assert_int_equal(x->flags, y->flags);
    assert_int_equal(x->charset, y->charset);
    assert_int_equal(x->dataset, y->dataset);
    assert_int_equal(x->container_back, y->container_back);
    assert_true(str_eq(intern_text(&a->names, x->source), intern_text(&b->names, y->source)));
    assert_int_equal(x->origin == INTERN_NONE, y->origin == INTERN_NONE);
    assert_int_equal(x->value_count, y->value_count);
    for (uint32_t i = 0; i < x->value_count; i++) {
        const struct value *v = &a->values[x->first_value + i];
        const struct value *w = &b->values[y->first_value + i];
        assert_int_equal(v->field, w->field);
        assert_true(str_eq(batch_value_text(a, v), batch_value_text(b, w)));
    }
}

/* All rows of the store, in arrival order, are those of `b`; with and without raw bytes. */
static inline void fixture_expect_same(const struct fixture *f, const struct batch *b) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct store_scan_options o = STORE_SCAN_ALL;
    o.all_fields = true;
    o.want_raw = true;
    o.include_derived = true;
    struct store_scan *scan = NULL;
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    struct batch out;
    batch_init(&out);
    bool more = true;
    size_t at = 0;
    while (more) {
        if (store_scan_next(scan, &out, &more, &err) != STATUS_OK) {
            fail_msg("scan: %s", err.message);
        }
        for (size_t i = 0; i < out.row_count; i++, at++) {
            assert_true(at < b->row_count);
            assert_int_equal(out.rows[i].arrival, at);
            fixture_same_row(b, &b->rows[at], &out, &out.rows[i]);
        }
    }
    assert_int_equal(at, b->row_count);
    batch_fini(&out);
    store_scan_close(&scan);
    store_close(&s);
}

#endif
