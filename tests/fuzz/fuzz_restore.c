/* Exported files that come back: packed or plain lines, and the evidence in them. What is taken
 * must be a row that the store can hold. */
#include "check.h"
#include "evidence.h"
#include "restore_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(struct batch *b, struct evidence_reader *reader, struct str line) {
    struct err err = ERR_INIT;
    size_t rows = b->row_count;
    if (evidence_read(b, reader, line, &err) != STATUS_OK) {
        CHECK(b->row_count == rows && err.message[0] != '\0');
        return;
    }
    const struct row *row = &b->rows[b->row_count - 1];
    CHECK(b->row_count == rows + 1 && row->source < b->names.count && row->sequence > 0);
    CHECK(row->charset <= CHARSET_BINARY && row->dataset < DATASET_COUNT);
    CHECK((row->flags & ROW_IN_CONTAINER) == 0 || row->raw_len == 0);
    CHECK(batch_slices_are_own(b, row));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct restore_lines *lines = restore_lines_open(str_make((const char *)data, size));
    struct evidence_reader *reader = evidence_reader_create();
    struct batch b;
    struct str line;
    struct err err = ERR_INIT;
    bool more = true;
    size_t bytes = 0;
    batch_init(&b);
    while (more && bytes < 1 << 24 && restore_lines_next(lines, &line, &more, &err) == STATUS_OK &&
           more) {
        bytes += line.len + 1;
        read_line(&b, reader, line);
    }
    batch_fini(&b);
    evidence_reader_destroy(&reader);
    restore_lines_close(&lines);
    return 0;
}
