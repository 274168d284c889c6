#include "ioc_known.h"

#include <stdlib.h>

#include "findings_parts.h"
#include "mem.h"

static int compare_hashes(const void *a, const void *b) {
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

enum status ioc_known_compare(struct ioc_set *added, bool *only_added, struct findings_db *db,
                              const struct ioc_set *iocs, struct err *err) {
    uint64_t *known = NULL;
    size_t count = 0;
    size_t still = 0;
    enum status status = parts_get_listed(db, &known, &count, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (count > 0) {
        qsort(known, count, sizeof *known, compare_hashes);
    }
    for (size_t i = 0; i < ioc_set_count(iocs); i++) {
        const struct ioc *ioc = ioc_set_get(iocs, i);
        uint64_t hash = ioc_hash(ioc);
        if (count > 0 && bsearch(&hash, known, count, sizeof hash, compare_hashes) != NULL) {
            still++;
        } else {
            ioc_set_copy(added, ioc);
        }
    }
    mem_free(known);
    *only_added = still == count;
    return STATUS_OK;
}

enum status ioc_known_save(struct findings_db *db, const struct ioc_set *iocs, struct err *err) {
    size_t count = ioc_set_count(iocs);
    uint64_t *hashes = mem_calloc(count + 1, sizeof *hashes);
    for (size_t i = 0; i < count; i++) {
        hashes[i] = ioc_hash(ioc_set_get(iocs, i));
    }
    enum status status = parts_set_listed(db, hashes, count, err);
    mem_free(hashes);
    return status;
}
