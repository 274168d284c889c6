#define _GNU_SOURCE /* strerror_r returning char * */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

#include "i18n.h"

enum status err_set(struct err *err, enum status status, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, _(format), args);
    va_end(args);
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
    err->status = status;
    return status;
}

const char *err_errno(int code, char *text, size_t size) {
    return strerror_r(code, text, size);
}
