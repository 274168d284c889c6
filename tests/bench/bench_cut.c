/*
 * Speed and worth of the cutter alone, without segments around it:
 *   bench_cut [--tz ZONE] [--check] [--speed] [--columns N] FILE...
 * For each dataset: rows, raw bytes, shapes, columns, nanoseconds of cutting a raw byte, and bytes
 * that its columns take when each is packed as dictionary, numbers or text (zstd -19) - which no
 * segment does exactly, but it tells cuts apart. --check prints each row back and compares.
 * --speed does not pack. --columns shows the N largest columns of each dataset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "cut.h"
#include "cut_print.h"
#include "input.h"
#include "input_file.h"
#include "intpack.h"
#include "mem.h"
#include "num.h"
#include "zstd_frame.h"

enum { GROUP_ROWS = 8 * 65536, NUMBER_DIGITS = 18 };

struct column {
    struct buf texts;
    struct buf lengths; /* int64 each */
    size_t count;
    uint64_t total_count;
    uint64_t packed;
};

struct room {
    struct cutter *cutter;
    struct column *columns;
    size_t column_capacity;
    struct buf shape_numbers; /* int64 a row */
    uint64_t rows;
    uint64_t group_rows;
    uint64_t raw_bytes;
    int64_t ns;
    uint64_t packed;
    uint64_t shape_packed;
    uint64_t template_packed;
};

static struct room rooms[DATASET_COUNT];
static struct zstd_frame *zstd;
static struct cut_printer printer;
static bool check;
static bool measure = true;
static uint64_t show_columns;
static uint64_t failures;

static size_t pack(struct str plain) {
    struct buf out = BUF_INIT;
    zstd_frame_pack(zstd, &out, plain, 19);
    size_t len = out.len;
    buf_fini(&out);
    return len;
}

static bool is_number(struct str s, struct str first, bool plain) {
    if (s.len == 0 || s.len > NUMBER_DIGITS || (plain && s.ptr[0] == '0' && s.len > 1) ||
        (!plain && s.len != first.len)) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        bool digit = ascii_is_digit(s.ptr[i]);
        if (!digit && (plain || first.ptr[i] != s.ptr[i])) {
            return false;
        }
        if (digit && !plain && !ascii_is_digit(first.ptr[i])) {
            return false;
        }
    }
    return true;
}

static size_t pack_numbers(const struct column *c, const int64_t *lengths, bool plain) {
    int64_t *numbers = mem_alloc((c->count + 1) * sizeof *numbers);
    size_t at = 0;
    bool good = true;
    struct str first = str_make(c->texts.ptr, (size_t)lengths[0]);
    for (size_t i = 0; i < c->count && good; i++) {
        struct str s = str_make(c->texts.ptr + at, (size_t)lengths[i]);
        good = is_number(s, first, plain);
        numbers[i] = 0;
        for (size_t k = 0; k < s.len && good; k++) {
            numbers[i] = ascii_is_digit(s.ptr[k]) ? numbers[i] * 10 + (s.ptr[k] - '0') : numbers[i];
        }
        at += s.len;
    }
    size_t size = SIZE_MAX;
    if (good) {
        struct buf out = BUF_INIT;
        intpack_encode(&out, numbers, c->count);
        size = pack(buf_str(&out));
        buf_fini(&out);
    }
    mem_free(numbers);
    return size;
}

static size_t pack_dictionary(const struct column *c, const int64_t *lengths) {
    struct intern dictionary = INTERN_INIT;
    int64_t *codes = mem_alloc((c->count + 1) * sizeof *codes);
    struct buf texts = BUF_INIT;
    size_t at = 0;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t before = dictionary.count;
        struct str s = str_make(c->texts.ptr + at, (size_t)lengths[i]);
        codes[i] = intern_add(&dictionary, s);
        if (dictionary.count > before) {
            buf_add(&texts, s);
            buf_putc(&texts, '\n');
        }
        at += s.len;
    }
    struct buf out = BUF_INIT;
    intpack_encode(&out, codes, c->count);
    size_t size = pack(buf_str(&texts)) + (dictionary.count > 1 ? pack(buf_str(&out)) : 4);
    buf_fini(&out);
    buf_fini(&texts);
    mem_free(codes);
    intern_fini(&dictionary);
    return size;
}

static size_t pack_text(const struct column *c, const int64_t *lengths) {
    struct buf out = BUF_INIT;
    intpack_encode(&out, lengths, c->count);
    size_t size = pack(buf_str(&out)) + pack(buf_str(&c->texts));
    buf_fini(&out);
    return size;
}

static void pack_column(struct column *c) {
    if (c->count == 0) {
        return;
    }
    const int64_t *lengths = (const int64_t *)(const void *)c->lengths.ptr;
    size_t best = pack_dictionary(c, lengths);
    size_t text = pack_text(c, lengths);
    size_t plain = pack_numbers(c, lengths, true);
    size_t shaped = pack_numbers(c, lengths, false);
    best = text < best ? text : best;
    best = plain < best ? plain : best;
    best = shaped < best ? shaped : best;
    c->packed += best;
    c->total_count += c->count;
    c->count = 0;
    buf_clear(&c->texts);
    buf_clear(&c->lengths);
}

static void pack_group(struct room *r) {
    for (size_t i = 0; i < r->column_capacity; i++) {
        pack_column(&r->columns[i]);
    }
    struct buf out = BUF_INIT;
    intpack_encode(&out, (const int64_t *)(const void *)r->shape_numbers.ptr, r->group_rows);
    r->shape_packed += pack(buf_str(&out));
    buf_clear(&out);
    struct intern fields = INTERN_INIT;
    uint32_t columns = cutter_column_count(r->cutter);
    uint32_t *map = mem_calloc((size_t)columns + 1, sizeof *map);
    for (uint32_t i = 0; i < columns; i++) {
        map[i] = i;
    }
    for (uint32_t i = 0; i < cutter_shape_count(r->cutter); i++) {
        cutter_put_shape(&out, r->cutter, i, map, &fields);
    }
    r->template_packed += pack(buf_str(&out));
    mem_free(map);
    intern_fini(&fields);
    buf_fini(&out);
    buf_clear(&r->shape_numbers);
    r->group_rows = 0;
}

static void keep(struct room *r, const struct cut *cut) {
    for (uint32_t i = 0; i < cut->variable_count; i++) {
        const struct cut_variable *v = &cut->variables[i];
        if (v->column >= r->column_capacity) {
            size_t before = r->column_capacity;
            MEM_GROW(r->columns, r->column_capacity, (size_t)v->column + 1);
            memset(r->columns + before, 0, (r->column_capacity - before) * sizeof *r->columns);
        }
        struct column *c = &r->columns[v->column];
        int64_t len = v->len;
        buf_append(&c->texts, v->ptr, v->len);
        buf_append(&c->lengths, &len, sizeof len);
        c->count++;
    }
    int64_t shape = cut->shape;
    buf_append(&r->shape_numbers, &shape, sizeof shape);
    if (++r->group_rows == GROUP_ROWS) {
        pack_group(r);
    }
}

static int64_t cpu_ns(void) {
    struct timespec t;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0
               ? 0
               : (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static void cut_batch(const struct batch *b) {
    struct cut cut;
    int64_t start = cpu_ns();
    for (size_t i = 0; i < b->row_count; i++) {
        struct room *r = &rooms[b->rows[i].dataset];
        if (r->cutter == NULL) {
            r->cutter = cutter_create();
        }
        cutter_row(&cut, r->cutter, b, &b->rows[i]);
        r->rows++;
        r->raw_bytes += b->rows[i].raw_len;
        if (check && !cut_prints_row(&printer, r->cutter, &cut, b, &b->rows[i])) {
            failures++;
            (void)fprintf(stderr, "row not given back: %.*s\n", STR_ARG(batch_raw(b, &b->rows[i])));
        }
        if (measure) {
            keep(r, &cut);
        }
    }
    rooms[b->rows[0].dataset].ns += cpu_ns() - start; /* files are of one dataset mostly */
}

static int read_file(const char *path, const struct parse_settings *settings) {
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct parse_input_options options = {.source = STR("bench"),
                                          .origin = str_from_c(path),
                                          .host = STR_EMPTY,
                                          .settings = *settings,
                                          .receive_ns = settings->newest_ns};
    struct batch batch;
    batch_init(&batch);
    struct parse_input *input = parse_input_open(file.bytes, file.size_bytes, &options);
    while (parse_input_next(input, &batch)) {
        for (size_t i = 0; i < batch.row_count; i++) {
            if (batch.rows[i].time_ns == TIME_NONE) {
                batch.rows[i].time_ns = options.receive_ns;
            }
        }
        if (batch.row_count > 0) {
            cut_batch(&batch);
        }
        batch_clear(&batch);
    }
    parse_input_close(&input);
    batch_fini(&batch);
    input_file_close(&file);
    return 0;
}

static int by_size(const void *a, const void *b) {
    const struct column *const *x = a;
    const struct column *const *y = b;
    return (*x)->packed < (*y)->packed ? 1 : (*x)->packed > (*y)->packed ? -1 : 0;
}

static void print_columns(const struct room *r) {
    const struct column **order = mem_alloc((r->column_capacity + 1) * sizeof *order);
    for (size_t i = 0; i < r->column_capacity; i++) {
        order[i] = &r->columns[i];
    }
    qsort(order, r->column_capacity, sizeof(struct column *), by_size);
    for (size_t i = 0; i < r->column_capacity && i < show_columns && order[i]->packed > 0; i++) {
        const struct cut_column *c = cutter_column(r->cutter, (uint32_t)(order[i] - r->columns));
        (void)printf("      %c %-40.*s %9llu values %9llu bytes\n", "FGXB"[c->kind],
                     STR_ARG(c->field == FIELD_NONE ? STR("-") : schema_name(c->field)),
                     (unsigned long long)order[i] -> total_count,
                     (unsigned long long)order[i] -> packed);
    }
    mem_free(order);
}

static void print_rooms(void) {
    (void)printf("%-18s %9s %10s %6s %6s %7s %10s %9s %9s %7s\n", "dataset", "rows", "raw",
                 "shapes", "cols", "ns/byte", "columns", "shape no", "shapes", "ratio");
    for (int i = 0; i < DATASET_COUNT; i++) {
        struct room *r = &rooms[i];
        if (r->rows == 0) {
            continue;
        }
        if (measure) {
            pack_group(r);
        }
        uint64_t columns = 0;
        for (size_t c = 0; c < r->column_capacity; c++) {
            columns += r->columns[c].packed;
        }
        struct str name = dataset_info((enum dataset)i)->name;
        uint64_t all = columns + r->shape_packed + r->template_packed;
        (void)printf("%-18.*s %9llu %10llu %6u %6u %7.2f %10llu %9llu %9llu %7.4f\n",
                     STR_ARG(name.len > 0 ? name : STR("(unknown)")), (unsigned long long)r->rows,
                     (unsigned long long)r->raw_bytes, cutter_shape_count(r->cutter),
                     cutter_column_count(r->cutter),
                     (double)r->ns / (double)(r->raw_bytes > 0 ? r->raw_bytes : 1),
                     (unsigned long long)columns, (unsigned long long)r->shape_packed,
                     (unsigned long long)r->template_packed,
                     (double)all / (double)(r->raw_bytes > 0 ? r->raw_bytes : 1));
        print_columns(r);
    }
}

int main(int argc, char **argv) {
    struct parse_settings settings = {
        .zone = zone_utc(), .zone_is_guess = true, .newest_ns = clock_wall_ns()};
    struct err err = ERR_INIT;
    int failed = 0;
    zstd = zstd_frame_create();
    for (int i = 1; i < argc; i++) {
        struct str arg = str_from_c(argv[i]);
        if (str_eq(arg, STR("--check"))) {
            check = true;
        } else if (str_eq(arg, STR("--speed"))) {
            measure = false;
        } else if (str_eq(arg, STR("--columns")) && i + 1 < argc) {
            (void)num_parse_u64(&show_columns, str_from_c(argv[++i]));
        } else if (str_eq(arg, STR("--tz")) && i + 1 < argc) {
            settings.zone_is_guess = false;
            if (zone_open(&settings.zone, str_from_c(argv[++i]), &err) != STATUS_OK) {
                (void)fprintf(stderr, "%s\n", err.message);
                return 2;
            }
        } else {
            failed |= read_file(argv[i], &settings);
        }
    }
    print_rooms();
    if (check) {
        (void)printf("rows not given back: %llu\n", (unsigned long long)failures);
    }
    for (int i = 0; i < DATASET_COUNT; i++) {
        cutter_destroy(&rooms[i].cutter);
        for (size_t c = 0; c < rooms[i].column_capacity; c++) {
            buf_fini(&rooms[i].columns[c].texts);
            buf_fini(&rooms[i].columns[c].lengths);
        }
        mem_free(rooms[i].columns);
        buf_fini(&rooms[i].shape_numbers);
    }
    cut_printer_fini(&printer);
    zstd_frame_destroy(&zstd);
    return failed != 0 || failures != 0;
}
