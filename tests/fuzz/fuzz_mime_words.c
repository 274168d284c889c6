/* Mail words, file name parameters and From headers: any bytes; the first chooses `cut`. */
#include "check.h"
#include "mime_mailbox.h"
#include "mime_params.h"
#include "mime_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool cut = size > 0 && data[0] % 2 == 1;
    struct str text = str_skip(str_make((const char *)data, size), 1);
    struct buf out = BUF_INIT;
    (void)mime_words_decode(&out, text);
    CHECK(out.len <= text.len * 4 + 16);

    buf_clear(&out);
    struct mime_file_name names[MIME_FILE_NAMES_MAX];
    size_t count = mime_file_names(names, &out, text, cut);
    CHECK(count <= MIME_FILE_NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(names[i].off <= out.len && names[i].len <= out.len - names[i].off);
    }
    buf_fini(&out);

    struct mime_mailbox box = {BUF_INIT, STR_EMPTY, MIME_OK};
    mime_mailbox_parse(&box, text, cut);
    CHECK(box.address.len == 0 || str_within(box.address, text));
    buf_fini(&box.name);
    return 0;
}
