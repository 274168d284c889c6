/* Names of the evidence part that its writer and its reader share (evidence.h). */
#ifndef KONSEKI_EVIDENCE_NAMES_H
#define KONSEKI_EVIDENCE_NAMES_H

#include "batch.h"

#define EVIDENCE_MEMBER ",\"konseki.evidence\":{"

enum { EVIDENCE_CHARSETS = CHARSET_BINARY + 1 };

/* By enum charset. */
static const struct str evidence_charsets[EVIDENCE_CHARSETS] = {
    [CHARSET_UTF8] = STR_INIT("utf-8"),       [CHARSET_CP932] = STR_INIT("cp932"),
    [CHARSET_EUC_JP] = STR_INIT("euc-jp"),    [CHARSET_ISO_2022_JP] = STR_INIT("iso-2022-jp"),
    [CHARSET_UTF16LE] = STR_INIT("utf-16le"), [CHARSET_UTF16BE] = STR_INIT("utf-16be"),
    [CHARSET_BINARY] = STR_INIT("binary"),
};

#endif
