#include "params.h"

#include "check.h"
#include "num.h"

static const struct param_info infos[PARAM_ID_COUNT] = {
#define PARAM(id, name, type, min, max, def, unit, en, ja)                                         \
    [PARAM_ID_##id] = {name, PARAM_##type, min, max, def, unit, en, ja},
#include "params.def"
};

const struct param_info *param_info(enum param_id id) {
    return &infos[id];
}

/* By name; PARAM_ID_COUNT if there is none. */
static enum param_id param_find(struct str name) {
    for (size_t i = 0; i < PARAM_ID_COUNT; i++) {
        if (str_eq(name, str_from_c(infos[i].name))) {
            return (enum param_id)i;
        }
    }
    return PARAM_ID_COUNT;
}

/* "5%" and "0.05". */
static bool parse_ratio(double *out, struct str text) {
    if (str_ends(text, STR("%"))) {
        if (!num_parse_double(out, str_head(text, text.len - 1))) {
            return false;
        }
        *out /= 100;
        return true;
    }
    return num_parse_double(out, text);
}

static bool parse_number(double *out, enum param_type type, struct str text) {
    uint64_t u;
    int64_t ns;
    switch (type) {
    case PARAM_COUNT:
        if (!num_parse_u64(&u, text)) {
            return false;
        }
        *out = (double)u;
        return true;
    case PARAM_BYTES:
        if (!num_parse_size(&u, text)) {
            return num_parse_double(out, text);
        }
        *out = (double)u;
        return true;
    case PARAM_DURATION:
        if (!num_parse_duration(&ns, text)) {
            return num_parse_double(out, text);
        }
        *out = (double)ns / (double)NS_PER_SECOND;
        return true;
    default:
        return parse_ratio(out, text);
    }
}

static bool parse_port_range(struct port_range *out, struct str text) {
    uint64_t first;
    uint64_t last;
    size_t dash = str_find_char(text, '-');
    if (!num_parse_u64(&first, str_trim(str_head(text, dash == STR_NONE ? text.len : dash)))) {
        return false;
    }
    last = first;
    if (dash != STR_NONE && !num_parse_u64(&last, str_trim(str_skip(text, dash + 1)))) {
        return false;
    }
    if (first == 0 || first > last || last > 65535) {
        return false;
    }
    *out = (struct port_range){(uint16_t)first, (uint16_t)last};
    return true;
}

static bool parse_ports(struct params *params, enum param_id id, struct str text) {
    struct port_range ranges[PARAM_PORTS_MAX];
    size_t count = 0;
    struct str part;
    while (str_split_next(&part, &text, ',')) {
        if (count == PARAM_PORTS_MAX || !parse_port_range(&ranges[count], str_trim(part))) {
            return false;
        }
        count++;
    }
    memcpy(params->ports[id], ranges, count * sizeof ranges[0]);
    params->port_count[id] = (uint8_t)count;
    return count > 0;
}

enum status params_set(struct params *params, struct str name, struct str value, struct err *err) {
    enum param_id id = param_find(name);
    if (id == PARAM_ID_COUNT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "unknown parameter '%.*s'; docs/manual/analyses.md lists them",
                       STR_ARG(name));
    }
    const struct param_info *info = &infos[id];
    value = str_trim(value);
    if (info->type == PARAM_PORTS) {
        return parse_ports(params, id, value)
                   ? STATUS_OK
                   : err_set(err, STATUS_BAD_INPUT,
                             "%s = '%.*s': must be ports 1-65535, such as \"25,80,8000-8100\"",
                             info->name, STR_ARG(value));
    }
    double number;
    if (!parse_number(&number, info->type, value) || number < info->min || number > info->max) {
        return err_set(err, STATUS_BAD_INPUT,
                       "%s = '%.*s': must be between %.15g and %.15g (%s; default %s)", info->name,
                       STR_ARG(value), info->min, info->max, info->unit, info->def);
    }
    params->number[id] = number;
    return STATUS_OK;
}

void params_init(struct params *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < PARAM_ID_COUNT; i++) {
        enum status status =
            params_set(out, str_from_c(infos[i].name), str_from_c(infos[i].def), NULL);
        CHECK(status == STATUS_OK);
    }
}

bool params_has_port(const struct params *params, enum param_id id, uint64_t port) {
    for (size_t i = 0; i < params->port_count[id]; i++) {
        if (port >= params->ports[id][i].first && port <= params->ports[id][i].last) {
            return true;
        }
    }
    return false;
}
