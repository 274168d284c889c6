/* share/sigma-mapping.conf as it was when the program was built (made by tools/embed). */
#ifndef KONSEKI_SIGMA_MAPPING_DEFAULT_H
#define KONSEKI_SIGMA_MAPPING_DEFAULT_H

#include <stddef.h>

extern const char sigma_mapping_default[];
extern const size_t sigma_mapping_default_size;

#endif
