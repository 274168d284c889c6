/*
 * Any text as a query: it parses and runs over a few rows, or fails with a message that points
 * inside the text. Folding and tokens are checked on the way.
 */
#include "check.h"
#include "fake_store.h"
#include "query.h"
#include "token.h"

enum { QUERY_MAX_FUZZED = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store fake;

static void fill(void) {
    struct batch *b = &fake.batch;
    if (b->row_count > 0) {
        return;
    }
    static const char *const lines[] = {"deny src=10.0.0.5 user=Alice 接続拒否\n",
                                        "allow src=fe80::1 C:\\Temp\\a.exe ＡＢＣ\n", "\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        size_t off = b->raw.len;
        buf_add(&b->raw, str_from_c(lines[i]));
        struct row *row = batch_row_begin(b, off, b->raw.len - off);
        row->time_ns = (int64_t)i * NS_PER_DAY;
        row->receive_ns = 0;
        row->sequence = i + 1;
        row->source = intern_add(&b->names, STR("s"));
        batch_add(b, FIELD_SOURCE_IP, STR("10.0.0.5"));
        batch_add(b, FIELD_USER_NAME, str_from_c(lines[i]));
        batch_add(b, FIELD_SOURCE_BYTES, STR("12"));
        batch_add(b, FIELD_SOURCE_BYTES, STR("-7.5"));
    }
}

static bool count_row(const struct batch *batch, const struct row *row, void *ctx) {
    (void)batch;
    (void)row;
    uint64_t *rows = ctx;
    return ++*rows < 1000;
}

static void run(const struct query *query) {
    struct query_run_options options = {
        .from_ns = INT64_MIN, .to_ns = INT64_MAX, .memory_bytes = 1 << 20};
    struct query_run_stats stats;
    struct err err = ERR_INIT;
    uint64_t rows = 0;
    enum status status = query_run(query, &fake, &options, &stats, count_row, &rows, &err);
    CHECK(status == STATUS_OK || err.message[0] != '\0');
}

static void check_tokens(struct str text) {
    struct buf folded = BUF_INIT;
    struct buf again = BUF_INIT;
    fold_text(&folded, text);
    struct str rest = buf_str(&folded);
    struct str token;
    while (token_next(&token, &rest)) {
        CHECK(token.len > 0 && str_within(token, buf_str(&folded)));
        CHECK(token_may_begin(buf_str(&folded), (size_t)(token.ptr - folded.ptr)));
    }
    buf_fini(&folded);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str text =
        str_make((const char *)data, size < QUERY_MAX_FUZZED ? size : QUERY_MAX_FUZZED);
    struct query_settings settings = {.now_ns = 1700000000 * NS_PER_SECOND, .zone = zone_utc()};
    struct query *query = NULL;
    struct query_error error;
    fill();
    check_tokens(text);
    if (query_parse(&query, text, &settings, &error) == STATUS_OK) {
        run(query);
        query_free(&query);
        return 0;
    }
    struct buf message = BUF_INIT;
    CHECK(query == NULL && error.message[0] != '\0' && error.offset <= text.len);
    query_error_format(&message, text, &error);
    CHECK(message.len > 0);
    buf_fini(&message);
    return 0;
}
