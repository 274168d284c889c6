#include "group_codes.h"

uint32_t group_codes_radix(const struct group_plan *plan, const struct group_recipe *r,
                           uint32_t atom) {
    uint32_t entries = plan->segment->columns[r->atoms[atom].column].dictionary_count;
    return entries > 0 ? entries : 1; /* none: the column has no values */
}

uint32_t group_codes_count(const struct group_plan *plan, const struct group_recipe *r) {
    uint64_t count = r->is_dataset ? 0 : 1;
    for (uint32_t i = 0; i < r->atom_count && count > 0; i++) {
        bool coded = plan->segment->columns[r->atoms[i].column].type == COLUMN_DICTIONARY;
        count *= coded ? group_codes_radix(plan, r, i) : 0; /* entries are below 2^23 */
        count = count <= GROUP_CODES_MAX ? count : 0;
    }
    return (uint32_t)count;
}

static void append(uint32_t *restrict numbers, const uint32_t *restrict codes, uint32_t factor,
                   uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = numbers[i] * factor + codes[i];
    }
}

const uint32_t *group_codes_of_rows(uint32_t *room, struct group_streams *streams,
                                    const struct group_recipe *r, const struct group_chunk *chunk) {
    const uint32_t *numbers = NULL; /* of the atoms so far that say anything */
    for (uint32_t i = 0; i < r->atom_count; i++) {
        uint32_t factor = group_codes_radix(streams->plan, r, i);
        if (factor == 1) {
            continue;
        }
        if (numbers != NULL && numbers != room) {
            memcpy(room, numbers, chunk->count * sizeof *room);
        }
        const uint32_t *codes = group_streams_codes(streams, r->atoms[i], chunk);
        if (numbers != NULL) {
            append(room, codes, factor, chunk->count);
        } else if (codes == streams->picked) {
            memcpy(room, codes, chunk->count * sizeof *room);
        }
        numbers = numbers == NULL && codes != streams->picked ? codes : room;
    }
    if (numbers == NULL) {
        memset(room, 0, chunk->count * sizeof *room);
    }
    return numbers == NULL ? room : numbers;
}
