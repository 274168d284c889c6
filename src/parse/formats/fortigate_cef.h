/* FortiGate records in CEF ("set format cef"): the same keys as key=value, in CEF clothes. */
#ifndef KONSEKI_FORTIGATE_CEF_H
#define KONSEKI_FORTIGATE_CEF_H

#include "kv.h"

/* "CEF:0|Fortinet|Forti...|", also "0|Fortinet|Forti...|" behind a tag: the text behind the seven
 * header fields goes to *extension. */
bool fortigate_cef_open(struct str *extension, struct str body);
/* Takes the next pair with the name that it has in key=value logs (srcip for src, logid for
 * FTNTFGTlogid). CEF's own escapes stay as they are. False at the end. */
bool fortigate_cef_next(struct kv *out, struct str *rest);

#endif
