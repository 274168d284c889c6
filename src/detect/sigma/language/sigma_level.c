#include "sigma.h"

static const struct str names[] = {STR_INIT("informational"), STR_INIT("low"), STR_INIT("medium"),
                                   STR_INIT("high"), STR_INIT("critical")};

struct str sigma_level_name(enum sigma_level level) {
    return names[level];
}

bool sigma_level_parse(enum sigma_level *out, struct str text) {
    if (str_eq_ci(text, STR("info"))) {
        *out = SIGMA_INFORMATIONAL;
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq_ci(text, names[i])) {
            *out = (enum sigma_level)i;
            return true;
        }
    }
    return false;
}
