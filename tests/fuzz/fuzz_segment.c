/*
 * The reader of segments on hostile files. Input: a byte of choices and a segment file. Most
 * random changes fail a checksum at once, so the checksums are made right first: the fuzzer reaches
 * the decoders behind them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "expr_build.h"
#include "hash.h"
#include "mem.h"
#include "number_index.h"
#include "segment_filter.h"
#include "segment_groups.h"
#include "segment_screen.h"
#include "text_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes the trailer's hashes fit the footer that is there. */
static void mend_trailer(uint8_t *file, size_t size) {
    if (size < SEGMENT_TRAILER_BYTES) {
        return;
    }
    uint8_t *trailer = file + size - SEGMENT_TRAILER_BYTES;
    uint64_t offset = bytes_le64(trailer);
    uint64_t len = bytes_le32(trailer + 8);
    if (offset > size || len > size - offset) {
        return;
    }
    sha256_of(trailer + 16, str_make((const char *)file + offset, (size_t)len));
    if (offset + len == size - SEGMENT_TRAILER_BYTES) {
        bytes_put_le64(trailer + 48, hash_bytes(file + offset, (size_t)len + 48));
    }
}

static void read_block(struct segment *s, size_t index) {
    struct err err = ERR_INIT;
    struct block b;
    struct batch out;
    if (block_open(&b, s, index, &err) != STATUS_OK) {
        return;
    }
    batch_init(&out);
    const struct block_wants wants = {.raw = index % 2 == 0, .all_fields = true};
    for (uint32_t row = 0; row < b.info->rows; row++) {
        if (out.raw.len + out.text.len > 1 << 20) {
            batch_clear(&out);
        }
        if (block_take_row(&out, &b, row, &wants, &err) != STATUS_OK) {
            break;
        }
    }
    batch_fini(&out);
    block_close(&b);
}

static enum status look_at_groups(const struct store_groups *in, void *ctx, struct err *err) {
    size_t *bytes = ctx;
    (void)err;
    for (size_t i = 0; i < in->count; i++) {
        *bytes += in->key_texts[0].texts[in->keys[0][i]].len;
    }
    for (size_t i = 0; i < in->sets[0].count; i++) {
        *bytes += in->sets[0].texts.texts[in->sets[0].values[i]].len + in->sets[0].groups[i];
    }
    return STATUS_OK;
}

/* Groups by one field of the segment, with the sum of another and the values of a third. */
static void group_blocks(struct segment *s, size_t choice) {
    struct err err = ERR_INIT;
    size_t bytes = 0;
    uint64_t without_key = 0;
    const uint32_t *fields[3];
    for (size_t i = 0; i < 3; i++) {
        fields[i] = &s->fields[(choice + i) % s->field_count];
    }
    const struct store_group_spec spec = {.keys = {{.fields = fields[0], .count = 1}},
                                          .key_count = 1,
                                          .sums = {{.fields = fields[1], .count = 1}},
                                          .sum_count = 1,
                                          .sets = {{.fields = fields[2], .count = 1}},
                                          .set_count = 1};
    struct segment_groups *groups = segment_groups_create(&spec, s);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->block_count && status == STATUS_OK; i++) {
        struct block b;
        uint64_t selected[SEGMENT_BLOCK_ROWS / 64];
        status = block_open(&b, s, i, &err);
        if (status == STATUS_OK) {
            memset(selected, choice % 2 == 0 ? 0xff : 0x5b, sizeof selected);
            status = segment_groups_add(groups, &b, selected, &without_key, &err);
            block_close(&b);
        }
    }
    if (status == STATUS_OK) {
        status = segment_groups_give(groups, look_at_groups, &bytes, &err);
    }
    segment_groups_destroy(&groups);
}

/* Looks for a text in the rows by templates, notes and columns. */
static void search_blocks(struct segment *s, size_t choice) {
    static const char *const texts[] = {"a", "user=b", "0:1", "\"key", "10.", "\",\"in"};
    struct err err = ERR_INIT;
    struct arena arena = ARENA_INIT;
    struct automaton automaton;
    struct text_match *match = NULL;
    struct str text = str_from_c(texts[choice % (sizeof texts / sizeof *texts)]);
    automaton_of_literal(&automaton, &arena, text, choice % 2 == 0);
    enum status status = text_match_create(&match, &automaton, s, &err);
    for (size_t i = 0; i < s->block_count && status == STATUS_OK; i++) {
        struct block b;
        uint64_t care[SEGMENT_BLOCK_ROWS / 64];
        uint64_t hits[SEGMENT_BLOCK_ROWS / 64] = {0};
        uint64_t maybe[SEGMENT_BLOCK_ROWS / 64] = {0};
        memset(care, 0xff, sizeof care);
        status = block_open(&b, s, i, &err);
        if (status == STATUS_OK) {
            status = text_match_block(match, &b, care, hits, maybe, &err);
            block_close(&b);
        }
    }
    text_match_destroy(&match);
    arena_fini(&arena);
}

/* --- a screen that looks at everything --- */

static void *open_part(void *ctx) {
    return ctx;
}

static void ignore_part(void *part) {
    (void)part;
}

/* Codes are below what was said, and equal ones have the text of the first. */
static bool look_at_cells(void *part, struct row_cells *row) {
    struct buf *text = part;
    buf_clear(text);
    row->raw(text, row);
    for (uint32_t i = 0; i < row->kind->cell_count; i++) {
        const struct row_cell *cell = &row->kind->cells[i];
        if (cell->place != CELL_BY_TEXT && row->code(row, i) >= cell->codes) {
            abort();
        }
        buf_clear(text);
        row->text(text, row, i);
    }
    return text->len % 2 == 0;
}

static void screen_blocks(struct segment *s) {
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    const struct row_screen looks = {.open = open_part,
                                     .close = ignore_part,
                                     .enter = ignore_part,
                                     .leave = ignore_part,
                                     .wants = look_at_cells,
                                     .ctx = &text};
    struct segment_screen *screen = segment_screen_create(&looks, s);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->block_count && status == STATUS_OK; i++) {
        struct block b;
        uint64_t rows[SEGMENT_BLOCK_ROWS / 64];
        memset(rows, 0xff, sizeof rows);
        status = block_open(&b, s, i, &err);
        if (status == STATUS_OK) {
            status = segment_screen_block(screen, &b, rows, &err);
            block_close(&b);
        }
    }
    segment_screen_destroy(&screen);
    buf_fini(&text);
}

static void filter_all(struct segment *s, const struct expr *e) {
    struct err err = ERR_INIT;
    struct filter_plan *plan = filter_plan_create(e);
    struct segment_filter *filter = NULL;
    enum status status = segment_filter_create(&filter, plan, s, &err);
    for (size_t i = 0; i < s->block_count && status == STATUS_OK; i++) {
        struct block b;
        uint64_t rows[SEGMENT_BLOCK_ROWS / 64];
        bool may = false;
        status = segment_filter_ask_block(&may, filter, i, &err);
        if (status == STATUS_OK && may && (status = block_open(&b, s, i, &err)) == STATUS_OK) {
            memset(rows, 0xff, sizeof rows);
            status = segment_filter_block(filter, &b, rows, &err);
            block_close(&b);
        }
    }
    segment_filter_destroy(&filter);
    filter_plan_destroy(&plan);
}

/* Tests predicates of each kind on the columns. */
static void filter_blocks(struct segment *s, size_t choice) {
    const struct expr_leaf_spec leaves[] = {
        {.on_text = true, .test = EXPR_WORDS, .value = STR("alice")},
        {.on_text = true, .test = EXPR_WORDS, .value = STR("7000034")},
        {.on_text = true, .test = EXPR_REGEX, .value = STR("[0-9]+ .*in r")},
        {.field = STR("user.name"), .test = EXPR_EQUALS, .value = STR("bob")},
        {.field = STR("file.path"), .test = EXPR_WILDCARD, .value = STR("c:*4*")},
        {.field = STR("source.bytes"),
         .test = EXPR_RANGE,
         .low = {.is_set = true, .inclusive = true, .text = STR("500")}},
    };
    struct err err = ERR_INIT;
    struct expr_set *set = expr_set_create();
    struct expr *e = NULL;
    if (expr_make_leaf(&e, set, &leaves[choice % (sizeof leaves / sizeof *leaves)], &err) ==
        STATUS_OK) {
        filter_all(s, choice % 4 == 0 ? expr_make_not(set, e) : e);
    }
    expr_set_destroy(&set);
}

/* Asks the words of digits, whose directory is taken for sound. */
static void ask_numbers(struct segment *s) {
    const struct index_source source = {.mapped = s->map.bytes, .mapped_bytes = s->map.size_bytes};
    struct segment_info info = {.stripe_count = (uint32_t)s->stripe_count,
                                .rows = s->row_count,
                                .filter_offset = s->filter_offset,
                                .index_bytes = s->shared_offset + s->shared_len - s->filter_offset};
    struct number_index index;
    struct index_blocks blocks;
    for (size_t i = 0; i < s->stripe_count && i < SEGMENT_MAX_STRIPES; i++) {
        info.filter_lines[i] = s->stripes[i].filter_lines;
    }
    if (number_index_open(&index, &info, &source) == STATUS_OK) {
        (void)!number_index_ask(&blocks, &index, STR("7000034"));
        (void)!number_index_ask(&blocks, &index, STR("20260318T101530Z"));
        number_index_close(&index);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    char path[] = "/tmp/konseki-fuzz-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || size == 0) {
        return 0;
    }
    uint8_t *copy = mem_alloc(size);
    memcpy(copy, data + 1, size - 1);
    mend_trailer(copy, size - 1);
    bool written = write(fd, copy, size - 1) == (ssize_t)(size - 1);
    (void)close(fd);
    mem_free(copy);
    if (written && segment_open(&s, path, &err) == STATUS_OK) {
        s->ignore_checksums = (data[0] & 1) != 0;
        for (size_t i = 0; i < s->block_count; i++) {
            read_block(s, i);
        }
        for (size_t i = 0; i < 3; i++) {
            search_blocks(s, i + data[0]);
            filter_blocks(s, i + data[0]);
        }
        screen_blocks(s);
        ask_numbers(s);
        if (s->field_count > 0 && segment_templates(s, &err) == STATUS_OK) {
            for (size_t i = 0; i < 4; i++) {
                group_blocks(s, i + data[0]);
            }
        }
        segment_close(&s);
    }
    (void)unlink(path);
    return 0;
}
