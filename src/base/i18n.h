/* Operator-facing text in Japanese and English through gettext (domain "konseki"). */
#ifndef KONSEKI_I18N_H
#define KONSEKI_I18N_H

#include <libintl.h>

#define _(text) gettext(text)
/* Marks a literal for the catalogue without translating it here. */
#define N_(text) text

#endif
