/*
 * A proof as konseki-verify gets it from a stranger. What is read can be written and read again to
 * the same; nothing that it says holds for a root or a key that it was not made for.
 */
#include "check.h"
#include "proof_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct proof *p) {
    struct err err = ERR_INIT;
    struct buf first = BUF_INIT;
    struct buf second = BUF_INIT;
    struct proof again;
    proof_write(&first, p);
    CHECK(proof_read(&again, buf_str(&first), "written", &err) == STATUS_OK);
    CHECK(again.event_count == p->event_count && again.checkpoint_count == p->checkpoint_count &&
          again.anchor_count == p->anchor_count && again.consistency_count == p->consistency_count);
    proof_write(&second, &again);
    CHECK(str_eq(buf_str(&first), buf_str(&second)));
    proof_fini(&again);
    buf_fini(&first);
    buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t root[SHA256_BYTES] = {1, 2, 3}; /* of no tree */
    static const uint8_t key[ED25519_PUBLIC_BYTES] = {4, 5, 6};
    struct err err = ERR_INIT;
    struct proof p;
    enum status status = proof_read(&p, str_make((const char *)data, size), "input", &err);
    CHECK(status == STATUS_OK || err.message[0] != '\0');
    if (status == STATUS_OK) {
        check_written(&p);
        for (size_t i = 0; i < p.event_count; i++) {
            const struct proof_event *e = &p.events[i];
            (void)proof_raw_fits(e, STR("raw"));
            for (size_t k = 0; k < e->inclusion_count; k++) {
                CHECK(proof_check_root(e, &p, &p, e->inclusions[k].rows, root) != PROOF_HOLDS);
            }
        }
        for (size_t i = 0; i < p.consistency_count; i++) {
            const struct proof_consistency *c = &p.consistencies[i];
            (void)proof_check_consistency(&p, c->old_rows, c->old_root, c->new_rows, c->new_root);
            CHECK(proof_check_consistency(&p, c->old_rows, root, c->new_rows, c->new_root) !=
                  PROOF_HOLDS);
        }
        struct checkpoint last;
        const char *problem = NULL;
        CHECK(!proof_check_keys(&last, &problem, &p, key) && problem != NULL);
    }
    proof_fini(&p);
    return 0;
}
