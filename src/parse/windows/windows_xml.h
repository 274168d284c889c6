/*
 * Windows events as XML text: `wevtutil qe /f:xml` (elements one after the other without a root),
 * Event Viewer's export (<Events> root, XML declaration), a line of another transport. UTF-8 or
 * UTF-16LE/BE, with or without BOM, any line ends, records on one line or many.
 *
 * Rows: one <Event> element a row; raw bytes = the element + what follows up to the next element's
 * start (line end, blanks, </Events>); what stands before the first element belongs to the first
 * row (or, over 64 KiB, is a ROW_META row). row->line is the line of the record's first byte. An
 * element that does not end, is not well-formed, or is over the record limit: ROW_DAMAGED with what
 * was readable. Raw bytes of all rows in order are the input.
 *
 * DTDs are refused (a record with <!DOCTYPE or <!ENTITY is damaged); only the five predefined
 * entities and character references are known. Values are slices of raw where no reference stands
 * in them (UTF-8 input), else TRANSFORM_XML.
 *
 * Reader: borrows the bytes until close; one thread. Never fails on content.
 */
#ifndef KONSEKI_WINDOWS_XML_H
#define KONSEKI_WINDOWS_XML_H

#include "parser.h"
#include "windows_reader.h"

struct windows_xml_reader;

/* By content: after BOM, XML declaration, comments and blanks <Event or <Events, or another root
 * with an <Event> of Windows' namespace in the first 4 KiB (EVTXtract). */
bool windows_xml_is_file(const uint8_t *bytes, size_t size_bytes);
/* record_limit_bytes 0: 1 MiB. */
struct windows_xml_reader *windows_xml_reader_open(const uint8_t *bytes, size_t size_bytes,
                                                   size_t record_limit_bytes);
/* Appends rows to the batch (which the caller has cleared). False when nothing is left. */
bool windows_xml_reader_next(struct windows_xml_reader *reader, struct batch *batch,
                             const struct windows_reader_stamp *stamp);
void windows_xml_reader_close(struct windows_xml_reader **reader);

/* For an <Event> element as the body of a line (syslog and the like). */
extern const struct parser windows_xml_parser;

#endif
