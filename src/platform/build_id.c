#define _GNU_SOURCE /* dl_iterate_phdr */
#include "build_id.h"

#include <elf.h>
#include <link.h>

enum { NOTE_ALIGN = 4 };

static size_t aligned(size_t len) {
    return (len + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

/* The build id among the notes of one segment; empty if it is not there. */
static struct str find_note(const char *notes, size_t size) {
    ElfW(Nhdr) note;
    while (size >= sizeof note) {
        memcpy(&note, notes, sizeof note);
        size_t name = aligned(note.n_namesz);
        size_t whole = sizeof note + name + aligned(note.n_descsz);
        if (whole > size) {
            break;
        }
        const char *bytes = notes + sizeof note;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            memcmp(bytes, "GNU", sizeof "GNU") == 0) {
            return str_make(bytes + name, note.n_descsz);
        }
        notes += whole;
        size -= whole;
    }
    return STR_EMPTY;
}

/* The program itself comes first: the walk ends there. */
static int look(struct dl_phdr_info *info, size_t size, void *ctx) {
    struct str *out = ctx;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum && out->len == 0; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE && segment->p_align <= NOTE_ALIGN) {
            /* an address that the loader gives as a number */
            const void *notes = (const void *)(uintptr_t)(info->dlpi_addr + segment->p_vaddr);
            *out = find_note(notes, segment->p_memsz);
        }
    }
    return 1;
}

struct str build_id(void) {
    struct str id = STR_EMPTY;
    (void)dl_iterate_phdr(look, &id);
    return id;
}
