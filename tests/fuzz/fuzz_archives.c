/*
 * Where archives are: any bytes as a note of the chain, and as the description in an archive's
 * folder. An archive is online only where its own description lies.
 */
#define _GNU_SOURCE /* nftw */
#include "archive_list.h"
#include "chain.h"
#include "fuzz_folder.h"
#include "note_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct archives *a, uint64_t described) {
    for (size_t i = 0; i < a->count; i++) {
        const struct archive *one = &a->items[i];
        CHECK(archives_find(a, one->id) == one);
        CHECK(one->label.len == 0 || one->label.ptr[one->label.len] == '\0');
        CHECK(one->path.len == 0 || one->path.ptr[one->path.len] == '\0');
        CHECK(!str_eq(one->path, str_from_c(fuzz_folder())) ||
              one->is_online == (described != 0 && described == one->id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str text = str_make((const char *)data, size);
    struct err err = ERR_INIT;
    struct buf label = BUF_INIT;
    struct buf key = BUF_INIT;
    struct buf here = BUF_INIT;
    struct archives archives = {.count = 0};
    uint64_t id = 0;
    fuzz_folder_write(ARCHIVE_DESCRIPTION, text);
    if (archive_identify(&id, &label, &key, fuzz_folder(), &err) != STATUS_OK) {
        id = 0;
    }
    note_put(&here, STR("id"), STR("00000000000000a1"));
    note_put(&here, STR("path"), str_from_c(fuzz_folder()));
    note_end(&here);
    struct chain_note notes[] = {{.kind = STR("archive"), .text = buf_str(&here)},
                                 {.kind = STR("archive"), .text = text}};
    struct segment_info segments[] = {{.number = 1, .place = 7, .rows = 1, .file_bytes = 9},
                                      {.number = 2, .place = 0xa1, .rows = 2, .file_bytes = 8}};
    struct chain chain = {.notes = notes,
                          .note_count = sizeof notes / sizeof *notes,
                          .segments = segments,
                          .segment_count = sizeof segments / sizeof *segments};
    archives_load(&archives, &chain);
    CHECK(archives_find(&archives, 7) != NULL && archives_find(&archives, 0xa1) != NULL);
    check_list(&archives, id);
    archives_fini(&archives);
    buf_fini(&label);
    buf_fini(&key);
    buf_fini(&here);
    return 0;
}
