/* What a message of OpenSSH's sshd says about a logon (auth.c, auth_log). */
#ifndef KONSEKI_SSHD_LINE_H
#define KONSEKI_SSHD_LINE_H

#include "str.h"

struct sshd_logon {
    bool is_success;
    struct str method; /* "password", "publickey" ... */
    struct str user;
    struct str address;
};

/* "Accepted METHOD for USER from ADDRESS port N ...", "Failed METHOD for [invalid user ]USER from
 * ...". False for other messages. The texts are parts of the message. */
bool sshd_line_parse(struct sshd_logon *out, struct str message);

#endif
