/* Indicator lists: any bytes are read; every indicator that was taken is found again. */
#include "check.h"
#include "ioc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ioc_set *set = ioc_set_create();
    struct str text = str_make((const char *)data, size);
    struct ip address = {{0}};
    ioc_set_read(set, text, "fuzz.txt", NULL, NULL);
    size_t count = ioc_set_count(set);
    ioc_set_read(set, text, "again.txt", NULL, NULL);
    CHECK(ioc_set_count(set) == count);
    memcpy(address.bytes, data, size < 16 ? size : 16);
    (void)ioc_find_ip(set, &address);
    (void)ioc_find_domain(set, str_head(text, 80));
    (void)ioc_find_url(set, str_head(text, 20), str_skip(text, 20));
    ioc_set_free(&set);
    return 0;
}
