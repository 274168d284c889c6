#define _GNU_SOURCE /* strerror_r returning char * */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

#include "i18n.h"

/* Bytes of the character at `b` that a terminal must not get: controls (C0, C1), and what hides or
 * reorders text (U+200B-200F, U+2028-202E, U+2060-206F). 0: it may. */
static size_t steering_bytes(const unsigned char *b) {
    if (b[0] < 0x20 || b[0] == 0x7f) {
        return b[0] == '\n' || b[0] == '\t' ? 0 : 1;
    }
    if (b[0] == 0xc2 && b[1] >= 0x80 && b[1] < 0xa0) {
        return 2;
    }
    bool hides =
        (b[1] == 0x80 && ((b[2] >= 0x8b && b[2] <= 0x8f) || (b[2] >= 0xa8 && b[2] <= 0xae))) ||
        (b[1] == 0x81 && b[2] >= 0xa0 && b[2] <= 0xaf);
    return b[0] == 0xe2 && hides ? 3 : 0;
}

/* Messages quote file names and values of others: nothing of them may steer the terminal. */
static void make_harmless(char *message) {
    for (char *at = message; *at != '\0'; at++) {
        size_t count = steering_bytes((const unsigned char *)at);
        for (size_t i = 0; i < count; i++) {
            at[i] = '?';
        }
    }
}

enum status err_set(struct err *err, enum status status, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, _(format), args);
    va_end(args);
    make_harmless(err->message);
    err->status = status;
    return status;
}

enum status err_wrap(struct err *err, enum status status, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    char old[sizeof err->message];
    memcpy(old, err->message, sizeof old);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->message, sizeof err->message, _(format), args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message) {
        (void)snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s", old);
    }
    make_harmless(err->message);
    err->status = status;
    return status;
}

const char *err_errno(int code, char *text, size_t size) {
    return strerror_r(code, text, size);
}
