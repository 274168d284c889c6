/*
 * Words of a command or script that a rule can look for: the telling ones, in the order of the
 * text.
 */
#ifndef KONSEKI_DRAFT_WORDS_H
#define KONSEKI_DRAFT_WORDS_H

#include "draft_fields.h"

/* Adds parts of the text to the item: commands and methods of scripts ("Add-MpPreference",
 * "DownloadString"), then switches, then those that any command may have ("-NoProfile"); plain
 * words only where fewer than two of these are there. Left out is what differs each time: paths,
 * addresses, numbers, encoded text. `skip_first`: the first word is the program itself, which
 * another field tells. Only the first thousand words are looked at. */
void draft_words(struct draft_item *item, struct str text, bool skip_first);

#endif
