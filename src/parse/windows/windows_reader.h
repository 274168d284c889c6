/* What the readers of Windows event files (evtx.h, windows_xml.h) need to know a call. */
#ifndef KONSEKI_WINDOWS_READER_H
#define KONSEKI_WINDOWS_READER_H

#include "batch.h"

/* Batches end after about this much, at a record's (EVTX: a chunk's) end. */
enum { WINDOWS_BATCH_ROWS = 16384, WINDOWS_BATCH_BYTES = 4 << 20 };

struct windows_reader_stamp {
    int64_t receive_ns;
    uint32_t source; /* ids in the names of the batch */
    uint32_t origin;
};

#endif
