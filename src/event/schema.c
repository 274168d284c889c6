/* Threads: `lock` guards `names`; a text in it never moves once made. */
#include "schema.h"

#include <pthread.h>

#include "intern.h"

static const struct {
    struct str name;
    enum field_type type;
    bool attribute;
} static_fields[] = {
#define ATTRIBUTE(id, name, type) {STR_INIT(name), FIELD_TYPE_##type, true},
#define FIELD(id, name, type)     {STR_INIT(name), FIELD_TYPE_##type, false},
#include "fields.def"
};

static const struct dataset_info datasets[] = {
#define DATASET(id, name, family, aliases, what)                                                   \
    {STR_INIT(name), STR_INIT(family), STR_INIT(aliases), STR_INIT(what)},
#include "datasets.def"
};

static struct intern names; /* all zero: INTERN_INIT */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void fill_static_names(void) {
    for (uint32_t id = 0; names.count == id && id < FIELD_STATIC_COUNT; id++) {
        (void)intern_add(&names, static_fields[id].name);
    }
}

uint32_t schema_field(struct str name) {
    pthread_mutex_lock(&lock);
    fill_static_names();
    uint32_t id = intern_add(&names, name);
    pthread_mutex_unlock(&lock);
    return id;
}

uint32_t schema_find(struct str name) {
    pthread_mutex_lock(&lock);
    fill_static_names();
    uint32_t id = intern_find(&names, name);
    pthread_mutex_unlock(&lock);
    return id == INTERN_NONE ? FIELD_NONE : id;
}

uint32_t schema_count(void) {
    pthread_mutex_lock(&lock);
    fill_static_names();
    uint32_t count = names.count;
    pthread_mutex_unlock(&lock);
    return count;
}

struct str schema_name(uint32_t field) {
    if (field < FIELD_STATIC_COUNT) {
        return static_fields[field].name;
    }
    pthread_mutex_lock(&lock);
    struct str name = field < names.count ? intern_text(&names, field) : STR_EMPTY;
    pthread_mutex_unlock(&lock);
    return name;
}

enum field_type schema_type(uint32_t field) {
    return field < FIELD_STATIC_COUNT ? static_fields[field].type : FIELD_TYPE_KEYWORD;
}

bool schema_is_attribute(uint32_t field) {
    return field < FIELD_STATIC_COUNT && static_fields[field].attribute;
}

const struct dataset_info *dataset_info(enum dataset dataset) {
    return &datasets[dataset];
}

enum dataset dataset_home(enum dataset dataset) {
    switch (dataset) {
#define DATASET_HOME(derived, home)                                                                \
    case DATASET_##derived:                                                                        \
        return DATASET_##home;
#include "dataset_homes.def"
    default:
        return dataset;
    }
}

static bool is_alias(const struct dataset_info *d, struct str name) {
    struct str rest = d->aliases;
    struct str alias;
    while (str_word_next(&alias, &rest)) {
        if (str_eq(alias, name)) {
            return true;
        }
    }
    return false;
}

enum dataset dataset_find(struct str name) {
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        if (str_eq(datasets[id].name, name)) {
            return (enum dataset)id;
        }
    }
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        if (is_alias(&datasets[id], name)) {
            return (enum dataset)id;
        }
    }
    return DATASET_COUNT;
}
