#include "fuzz_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_lines(data, size, DATASET_WEB_ACCESS);
}
