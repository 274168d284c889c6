/*
 * Parameters of the analyses: tables/params.def gives each its name, range, default, unit and
 * meaning; the site file's `params` section overrides. Read-only once set up.
 */
#ifndef KONSEKI_PARAMS_H
#define KONSEKI_PARAMS_H

#include "civil.h"
#include "err.h"
#include "str.h"

enum param_type {
    PARAM_COUNT,    /* whole number */
    PARAM_RATIO,    /* 0.05, or "5%" */
    PARAM_DURATION, /* seconds inside; written "10min", "24h", "3d" */
    PARAM_BYTES,    /* written "10MiB" */
    PARAM_PORTS     /* list of ports and ranges: "25,80,443,8000-8100" */
};

enum param_id {
#define PARAM(id, name, type, min, max, def, unit, en, ja) PARAM_ID_##id,
#include "params.def"
    PARAM_ID_COUNT
};

struct param_info {
    const char *name;
    enum param_type type;
    double min;
    double max;
    const char *def; /* as text */
    const char *unit;
    const char *en;
    const char *ja;
};

enum { PARAM_PORTS_MAX = 64 };

struct port_range {
    uint16_t first;
    uint16_t last;
};

struct params {
    double number[PARAM_ID_COUNT]; /* all types but PORTS */
    struct port_range ports[PARAM_ID_COUNT][PARAM_PORTS_MAX];
    uint8_t port_count[PARAM_ID_COUNT];
};

void params_init(struct params *out); /* the defaults */
const struct param_info *param_info(enum param_id id);
/* BAD_INPUT names the value and what is allowed. */
enum status params_set(struct params *params, struct str name, struct str value,
                       struct err *err) MUST_CHECK;
bool params_has_port(const struct params *params, enum param_id id, uint64_t port);

static inline double param_number(const struct params *params, enum param_id id) {
    return params->number[id];
}

static inline uint64_t param_count(const struct params *params, enum param_id id) {
    return (uint64_t)params->number[id];
}

#endif
