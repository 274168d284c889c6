/*
 * Does a proof agree with itself? Every part of it, also those that the anchor or key at hand does
 * not need: who finds something changed in a proof should not have to ask whether it matters.
 * Nothing is proven by it; that takes something from elsewhere (proof_check.h).
 */
#ifndef KONSEKI_PROOF_SOUND_H
#define KONSEKI_PROOF_SOUND_H

#include "proof.h"

/*
 * Events are called as their source and number say; heads follow each other and are signed; lines
 * of anchors are whole and their time stamps are for them; consistencies hold with the roots that
 * they name; each path of an event leads to a root that an anchor, a head or a consistency names.
 * False with what does not hold (translated). Cost: 0.1 ms a signed head.
 */
bool proof_is_sound(const struct proof *p, const char **problem);

#endif
