/*
 * Why not getrusage alone: a program that a big one starts inherits the peak of the copy that it
 * was before it became itself, so a search started by a script of 300 MB would claim 300 MB.
 */
#include "memory_peak.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "num.h"

static uint64_t rusage_peak(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* "VmHWM:     1234 kB" */
static bool parse_peak(uint64_t *out, struct str status) {
    size_t at = str_find(status, STR("VmHWM:"));
    if (at == STR_NONE) {
        return false;
    }
    struct str rest = str_skip(status, at + 6);
    rest = str_head(rest, str_find_char(rest, '\n'));
    struct str number;
    struct str unit;
    uint64_t kib;
    if (!str_word_next(&number, &rest) || !str_word_next(&unit, &rest) ||
        !num_parse_u64(&kib, number) || !str_eq(unit, STR("kB")) || kib > UINT64_MAX / 1024) {
        return false;
    }
    *out = kib * 1024;
    return true;
}

uint64_t memory_peak_bytes(void) {
    char text[4096]; /* the line is in the first KiB */
    uint64_t peak;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0) {
        (void)close(fd);
    }
    return len > 0 && parse_peak(&peak, str_make(text, (size_t)len)) ? peak : rusage_peak();
}
