/*
 * Typed values of BinXML ([MS-EVEN6] 2.2.12, libyal's notes) as the text Windows shows: integers
 * in decimal, Hex32/Hex64/SizeT as 0x1f, GUIDs in braces and upper case, binary as upper-case hex,
 * FILETIME as RFC 3339 with 9 digits, SYSTEMTIME with 3, SIDs as S-1-..., strings as UTF-8 without
 * the terminating NULs (unpaired surrogates become U+FFFD; NULs inside stay), ANSI strings as UTF-8
 * after a look at the bytes (the code page is not in the file).
 * A value whose size does not fit its type is written as hex: nothing is lost, nothing read
 * outside.
 */
#ifndef KONSEKI_BINXML_VALUE_H
#define KONSEKI_BINXML_VALUE_H

#include "buf.h"

enum binxml_type {
    BINXML_NULL = 0x00,
    BINXML_STRING = 0x01,
    BINXML_ANSI = 0x02,
    BINXML_INT8 = 0x03,
    BINXML_UINT8 = 0x04,
    BINXML_INT16 = 0x05,
    BINXML_UINT16 = 0x06,
    BINXML_INT32 = 0x07,
    BINXML_UINT32 = 0x08,
    BINXML_INT64 = 0x09,
    BINXML_UINT64 = 0x0a,
    BINXML_REAL32 = 0x0b,
    BINXML_REAL64 = 0x0c,
    BINXML_BOOL = 0x0d,
    BINXML_BINARY = 0x0e,
    BINXML_GUID = 0x0f,
    BINXML_SIZE = 0x10,
    BINXML_FILETIME = 0x11,
    BINXML_SYSTEMTIME = 0x12,
    BINXML_SID = 0x13,
    BINXML_HEX32 = 0x14,
    BINXML_HEX64 = 0x15,
    BINXML_FRAGMENT = 0x21,
    BINXML_ARRAY = 0x80 /* flag */
};

struct binxml_value {
    const uint8_t *ptr;
    uint16_t size;
    uint8_t type;
};

/* Appends the text of a value that is no array. */
void binxml_value_append(struct buf *out, struct binxml_value value);
/* Takes the next item out of an array value; false at its end. */
bool binxml_array_next(struct binxml_value *item, struct binxml_value *array);
/* UTF-16LE to UTF-8. */
void binxml_utf16_append(struct buf *out, const uint8_t *ptr, size_t unit_count);
/* FILETIME to wall ns; TIME_NONE if out of range. */
int64_t binxml_filetime_ns(uint64_t filetime);

#endif
