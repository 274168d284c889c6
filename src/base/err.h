/*
 * A message for a human, written once where the fault is found: what, where, value, allowed,
 * what to do. The struct is the caller's; functions that can fail take it last and set it only
 * on failure. A NULL err is allowed and means "no message wanted".
 */
#ifndef KONSEKI_ERR_H
#define KONSEKI_ERR_H

#include "str.h"

enum status {
    STATUS_OK = 0,
    STATUS_BAD_INPUT,   /* what we read is not what it should be */
    STATUS_ENVIRONMENT, /* disk, network, permissions */
    STATUS_NOT_FOUND,
    STATUS_BUSY,    /* somebody else holds the lock */
    STATUS_DAMAGED, /* stored data fail their checks */
    STATUS_CANCELLED
};

#define MUST_CHECK __attribute__((warn_unused_result))

struct err {
    enum status status;
    char message[1024];
};

#define ERR_INIT ((struct err){STATUS_OK, ""})

/* Formats the message and returns `status`, so that callers write: return err_set(err, ...). The
 * format is looked up in the catalogue (po/): write it in English, as a literal. */
enum status err_set(struct err *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "context: " before the message that is there. */
enum status err_wrap(struct err *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The system's text for an errno value, in the caller's buffer. */
const char *err_errno(int code, char *text, size_t size);

#endif
