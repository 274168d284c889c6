/*
 * What the name of an attachment says: executable, disguised, of a lower class. Used by ML-02.
 * Names are compared in their folded form (NFKC, case): full-width letters and dots hide nothing.
 */
#ifndef KONSEKI_ML_NAME_H
#define KONSEKI_ML_NAME_H

#include "buf.h"

enum ml_class {
    ML_CLASS_NONE,      /* nothing to say */
    ML_CLASS_ARCHIVE,   /* may hold anything */
    ML_CLASS_ACTIVE,    /* documents with macros or script: macro Office files, HTML, SVG */
    ML_CLASS_OPAQUE,    /* winmail.dat: what it holds cannot be seen here */
    ML_CLASS_EXECUTABLE /* run, installed or mounted by a double click */
};

/* Disguises, a set. */
enum {
    ML_TRICK_DOUBLE_EXTENSION = 1, /* invoice.pdf.exe */
    ML_TRICK_REVERSED = 2,         /* U+202E and its like turn the shown order around */
    ML_TRICK_SPACES = 4,           /* blanks push the extension out of sight */
    ML_TRICK_TRAILING = 8,         /* dots or blanks at the end, which Windows drops */
    ML_TRICK_NUL = 16              /* what follows a NUL is not seen by Windows */
};

struct ml_name {
    enum ml_class class;
    unsigned tricks;
    struct str extension; /* folded, within `folded`; empty if there is none */
};

/* `folded` is cleared and gets the folded name; `spaces_min`: blanks in a row that count as a
 * disguise. */
void ml_name_classify(struct ml_name *out, struct buf *folded, struct str name, size_t spaces_min);

#endif
