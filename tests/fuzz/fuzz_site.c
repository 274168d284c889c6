/* The site file: any bytes parse or are refused with a message; what parses answers questions. */
#include "check.h"
#include "site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct site *site = NULL;
    struct err err = ERR_INIT;
    struct str text = str_make((const char *)data, size);
    if (site_parse(&site, text, "fuzz", &err) != STATUS_OK) {
        CHECK(site == NULL && err.message[0] != '\0');
        return 0;
    }
    struct entity entity = {ENTITY_DESTINATION, str_head(text, 64)};
    struct site_path path;
    struct ip address = {{0}};
    (void)site_find_allow(site, STR("PX-04"), &entity, 1, 0);
    (void)site_find_path(&path, site, str_head(text, 64));
    (void)site_is_external(site, &address);
    (void)site_host_named(site, str_head(text, 64));
    (void)site_is_office_hours(site, 0);
    site_free(&site);
    return 0;
}
