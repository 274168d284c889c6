/*
 * Field ids and dataset ids. Ids below FIELD_STATIC_COUNT come from tables/fields.def, higher
 * ones are interned when a log names a new field (winlog.event_data.X). Ids are valid in this
 * process only: what is stored or sent carries names.
 *
 * Threads: schema_field and schema_name may be called from any thread (a mutex inside).
 */
#ifndef KONSEKI_SCHEMA_H
#define KONSEKI_SCHEMA_H

#include "str.h"

enum field_id {
#define FIELD(id, name, type) FIELD_##id,
#include "fields.def"
    FIELD_STATIC_COUNT
};

#define FIELD_NONE UINT32_MAX

enum field_type {
    FIELD_TYPE_KEYWORD,
    FIELD_TYPE_LONG,
    FIELD_TYPE_DOUBLE,
    FIELD_TYPE_IP,
    FIELD_TYPE_TIME,
    FIELD_TYPE_BOOL
};

enum dataset {
#define DATASET(id, name, family, aliases, what) DATASET_##id,
#include "datasets.def"
    DATASET_COUNT
};

struct dataset_info {
    struct str name;
    struct str family;
    struct str aliases;
    struct str what;
};

/* The id of the field called `name`, made when new. */
uint32_t schema_field(struct str name);
/* FIELD_NONE if nobody named it yet. */
uint32_t schema_find(struct str name);
/* Ids so far: every id is below this. */
uint32_t schema_count(void);
/* Valid for the life of the process. */
struct str schema_name(uint32_t field);
enum field_type schema_type(uint32_t field);
/* True for the row's own properties (@timestamp, event.id ...), which are no values. */
bool schema_is_attribute(uint32_t field);

const struct dataset_info *dataset_info(enum dataset dataset);
/* The dataset whose segments hold its rows: its own, or that of the rows it was made from. */
enum dataset dataset_home(enum dataset dataset);
/* By name or alias; DATASET_COUNT when there is none. */
enum dataset dataset_find(struct str name);

#endif
