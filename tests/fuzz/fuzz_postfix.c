/*
 * Postfix lines and the mail join: each line of the input is "S APP BODY" with S a byte that moves
 * the clock. Whatever comes, each line with a queue id is a member of exactly one mail.
 */
#include "check.h"
#include "mail_join.h"
#include "postfix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_line(struct batch *batch, struct str line, int64_t *time_ns, uint32_t number) {
    struct str rest = line;
    struct str app = STR_EMPTY;
    if (line.len > 0) {
        *time_ns += ((signed char)line.ptr[0]) * (NS_PER_SECOND * 7);
        rest = str_skip(line, 1);
    }
    (void)str_word_next(&app, &rest);
    rest = str_trim(rest);
    size_t off = batch->raw.len;
    buf_add(&batch->raw, rest);
    struct row *row = batch_row_begin(batch, off, rest.len);
    row->source = intern_add(&batch->names, STR("fuzz"));
    row->line = number;
    row->sequence = number;
    row->time_ns = *time_ns;
    row->receive_ns = 0;
    struct envelope envelope = {.app = app, .priority = -1, .present = true};
    struct parse_context context = {.envelope = &envelope, .line = batch_raw(batch, row)};
    if (postfix_parser.parse(&context, batch, context.line) == PARSE_YES) {
        batch_row(batch)->dataset = DATASET_POSTFIX;
    }
}

static uint64_t count_members(const struct batch *out) {
    uint64_t members = 0;
    for (size_t i = 0; i < out->value_count; i++) {
        members += out->values[i].field == FIELD_MEMBER ? 1 : 0;
    }
    return members;
}

static void join_all(const struct batch *in, bool live) {
    struct mail_join_options options = {.live = live, .memory_bytes = 64 * 1024};
    struct mail_join *join = mail_join_create(&options);
    struct batch out;
    batch_init(&out);
    mail_join_feed(join, in, &out);
    mail_join_flush(join, &out);
    const struct mail_join_counts *counts = mail_join_get_counts(join);
    CHECK(counts->mails == out.row_count);
    CHECK(count_members(&out) <= counts->lines);
    CHECK(count_members(&out) + counts->dropped >= counts->lines);
    mail_join_destroy(&join);
    batch_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct batch batch;
    struct str rest = str_make((const char *)data, size);
    struct str line;
    int64_t time_ns = 0;
    uint32_t number = 0;
    batch_init(&batch);
    while (str_split_next(&line, &rest, '\n')) {
        add_line(&batch, line, &time_ns, ++number);
    }
    join_all(&batch, false);
    join_all(&batch, true);
    batch_fini(&batch);
    return 0;
}
