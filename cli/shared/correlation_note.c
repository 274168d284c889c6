#include "correlation_note.h"

#include <stdio.h>

#include "i18n.h"

void correlation_note(const struct sigma_correlator_counts *n) {
    if (n->evicted > 0) {
        fprintf(
            stderr,
            _("correlation: %llu groups or events were forgotten because the memory for them was "
              "full: hits may be missing\n"),
            (unsigned long long)n->evicted);
    }
    if (n->late > 0) {
        fprintf(stderr, _("correlation: %llu events came too late and were left out\n"),
                (unsigned long long)n->late);
    }
    if (n->timeless > 0) {
        fprintf(stderr, _("correlation: %llu events have no time of their own and were left out\n"),
                (unsigned long long)n->timeless);
    }
    if (n->without_group + n->without_value > 0) {
        fprintf(
            stderr,
            _("correlation: left out were %llu events without a field of group-by, %llu without "
              "the value to look at\n"),
            (unsigned long long)n->without_group, (unsigned long long)n->without_value);
    }
}
