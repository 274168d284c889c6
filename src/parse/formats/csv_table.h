/*
 * Tables with a header line: any separator of `,` `;` TAB `|`, cells in double quotes as RFC 4180
 * says (line ends in them too). A table of Windows events (it has a column for the event id and one
 * for the channel or provider) gives the same fields as EVTX: EvtxECmd, Get-WinEvent | Export-Csv,
 * Event Viewer, or any export whose columns are called like the fields. Other tables give fields
 * called like their columns.
 *
 * Only an input that begins with such a header is read so (input.c asks): a line that merely looks
 * like one in the middle of a log is no table.
 *
 * Empty cells are no values. A row with more cells than columns is damaged.
 */
#ifndef KONSEKI_CSV_TABLE_H
#define KONSEKI_CSV_TABLE_H

#include "str.h"

enum { CSV_LINES_BEFORE_ROWS = 2 };

/* UTF-8, without line end: at least two names, all different, one of them a time or an event id. */
bool csv_table_is_header(struct str line);
/* "#TYPE Selected.System..." or "sep=;", which may stand before the header. */
bool csv_table_is_preamble(struct str line);

#endif
