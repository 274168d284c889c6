/* share/scan-profiles.conf as built in (tools/embed); what is in it: report_profiles.h. */
#ifndef KONSEKI_REPORT_PROFILES_DEFAULT_H
#define KONSEKI_REPORT_PROFILES_DEFAULT_H

#include <stddef.h>

extern const char report_profiles_default[];
extern const size_t report_profiles_default_size;

#endif
