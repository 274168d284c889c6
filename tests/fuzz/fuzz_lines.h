/* The body of the fuzz targets of text formats: bytes through parse_input, with its promises kept.
 */
#ifndef KONSEKI_FUZZ_LINES_H
#define KONSEKI_FUZZ_LINES_H

#include <stdlib.h>

#include "input.h"
#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_require(bool condition) {
    if (!condition) {
        abort();
    }
}

enum { FUZZ_LIMIT_BYTES = 256, FUZZ_WINDOW_BYTES = 1024 };

/* Text once more, as it comes out of a packed file: through a window, nothing lost or twice. */
static inline void fuzz_windows(const uint8_t *data, size_t size,
                                struct parse_input_options options) {
    static uint8_t window[FUZZ_WINDOW_BYTES];
    size_t given = size < sizeof window ? size : sizeof window;
    size_t held = given; /* bytes in the window */
    size_t raw = 0;
    struct batch batch;
    if (parse_input_needs_whole(data, size, &options)) {
        return;
    }
    batch_init(&batch);
    memcpy(window, data, given);
    options.more_follows = given < size;
    struct parse_input *input = parse_input_open(window, held, &options);
    for (;;) {
        while (parse_input_next(input, &batch)) {
            fuzz_require(batch.raw.len <= size - raw &&
                         memcmp(batch.raw.ptr, data + raw, batch.raw.len) == 0);
            raw += batch.raw.len;
            batch_clear(&batch);
        }
        if (given == size && parse_input_left(input) == 0) {
            break;
        }
        size_t left = parse_input_left(input);
        fuzz_require(left < sizeof window);
        memmove(window, window + held - left, left);
        size_t more = size - given < sizeof window - left ? size - given : sizeof window - left;
        memcpy(window + left, data + given, more);
        given += more;
        held = left + more;
        parse_input_window(input, window, held, given < size);
    }
    fuzz_require(raw == size);
    parse_input_close(&input);
    batch_fini(&batch);
}

/* `dataset` narrows the search to the parsers of its family (DATASET_UNKNOWN: all). */
static inline int fuzz_lines(const uint8_t *data, size_t size, enum dataset dataset) {
    struct parse_input_options options = {
        .source = STR("fuzz"),
        .origin = STR("fuzz"),
        .host = STR("host"),
        .dataset = dataset,
        .settings = {.zone = zone_utc(), .newest_ns = INT64_C(1795219200) * NS_PER_SECOND},
        .record_limit_bytes = FUZZ_LIMIT_BYTES};
    struct batch batch;
    size_t raw = 0;
    batch_init(&batch);
    struct parse_input *input = parse_input_open(data, size, &options);
    while (parse_input_next(input, &batch)) {
        fuzz_require(batch.raw.len <= size - raw &&
                     memcmp(batch.raw.ptr, data + raw, batch.raw.len) == 0);
        raw += batch.raw.len;
        for (size_t i = 0; i < batch.row_count; i++) {
            fuzz_require(batch.rows[i].time_ns != TIME_NONE);
        }
        for (size_t i = 0; i < batch.value_count; i++) {
            struct str text = batch_value_text(&batch, &batch.values[i]);
            fuzz_require(text.len == 0 || text.ptr != NULL);
        }
        batch_clear(&batch);
    }
    fuzz_require(raw == size);
    parse_input_close(&input);
    batch_fini(&batch);
    fuzz_windows(data, size, options);
    return 0;
}

#endif
