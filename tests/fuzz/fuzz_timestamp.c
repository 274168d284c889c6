/*
 * The reply of a time stamp authority whose CA is known: nothing holds for a line that it was not
 * made for, and what holds fits the line as well. (The DER itself is read by OpenSSL.) The corpus
 * has a reply that was granted for the line, one for another, and a refusal.
 */
#define _GNU_SOURCE /* nftw */
#include "fuzz_folder.h"
#include "timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of an authority made for this test; its keys are gone. */
static const char ca[] = "-----BEGIN CERTIFICATE-----\n"
                         "MIIBdzCCAR6gAwIBAgIUdVVJ0L57KfIuZl8HmHWXgf68AjAwCgYIKoZIzj0EAwIw\n"
                         "GTEXMBUGA1UEAwwORnV6eiBBdXRob3JpdHkwIBcNMjYxMTIyMDQ1MjAyWhgPMjEy\n"
                         "NjEwMjkwNDUyMDJaMBkxFzAVBgNVBAMMDkZ1enogQXV0aG9yaXR5MFkwEwYHKoZI\n"
                         "zj0CAQYIKoZIzj0DAQcDQgAEh0LWNR4SJMdy9H09SuRwML6MavNt2Fjturo0XM+f\n"
                         "weCXxDuu9f7Dpr/8iNAtBRcP7QBkCe4u2MBWLq66Fw7JmaNCMEAwDwYDVR0TAQH/\n"
                         "BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFNnDqIO917mgoqB82uON\n"
                         "m3oqUrsLMAoGCCqGSM49BAMCA0cAMEQCIAgOrc5hVRRqoNbgUvbGPrYLAf4vpQ3W\n"
                         "at4wMhen+8bdAiBBhFF8omsUkVXxmfU+TvHpezJbz0yJj1FTlVqBUU2k7Q==\n"
                         "-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str reply = str_make((const char *)data, size);
    struct str line = STR("konseki fuzz line");
    struct err err = ERR_INIT;
    struct buf path = BUF_INIT;
    int64_t time_ns = -1;
    static bool made;
    if (!made) {
        fuzz_folder_write("ca.pem", str_from_c(ca));
        made = true;
    }
    buf_printf(&path, "%s/ca.pem", fuzz_folder());
    buf_putc(&path, '\0');
    bool fits = timestamp_fits(reply, line, &err) == STATUS_OK;
    CHECK(fits || err.message[0] != '\0');
    bool holds = timestamp_check(&time_ns, reply, line, path.ptr, &err) == STATUS_OK;
    CHECK(holds ? fits && time_ns > 0 : time_ns == -1);
    CHECK(timestamp_fits(reply, STR("another line"), &err) != STATUS_OK);
    CHECK(timestamp_check(&time_ns, reply, STR("another line"), path.ptr, &err) != STATUS_OK);
    buf_fini(&path);
    return 0;
}
