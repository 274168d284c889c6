/*
 * What a tag of a Sigma rule says: "attack.execution" a tactic, "attack.t1059.001" a technique,
 * anything else is another tag (cve.2021-44228, attack.g0010, car.2013-04-002). Case does not
 * matter, '_' is '-'. Source: Sigma tags appendix (specification 2.1).
 */
#ifndef KONSEKI_ATTACK_TAG_H
#define KONSEKI_ATTACK_TAG_H

#include "str.h"

enum attack_tag_kind { ATTACK_TACTIC_TAG, ATTACK_TECHNIQUE_TAG, ATTACK_OTHER_TAG };

enum {
    ATTACK_TACTICS = 0
#define ATTACK_TACTIC(tag, id, name, short) +1
#include "attack_tactics.def"
};

struct attack_tag {
    enum attack_tag_kind kind;
    size_t tactic;      /* ATTACK_TACTIC_TAG */
    char technique[10]; /* ATTACK_TECHNIQUE_TAG: "T1059.001", NUL-terminated */
};

struct attack_tag attack_tag_read(struct str tag);
/* Of a tactic below ATTACK_TACTICS. */
struct str attack_tactic_name(size_t tactic);
struct str attack_tactic_short(size_t tactic);

#endif
