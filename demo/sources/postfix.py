"""Postfix: smtpd, cleanup, qmgr, smtp/lmtp, with header_checks WARN lines.

cleanup cuts a logged header at 200 bytes and prints the newline of a fold as `?`; encoded words stay as
they came. The queue id joins the lines of one mail.
"""
import base64
import dataclasses

import clock

PATH = "logs/mx01/maillog"
HOST = "mx01"
HEADER_LIMIT = 200
FOLD = "? "  # a line fold (newline, space) as cleanup prints it


def encoded_word(text, charset="utf-8"):
    """RFC 2047 words (B) of a text, split so that none is longer than 75 bytes."""
    codec = "iso2022_jp" if charset.lower() == "iso-2022-jp" else charset
    words, piece = [], ""
    for character in text:
        raw = (piece + character).encode(codec)
        if len(base64.b64encode(raw)) > 56:
            words.append(piece)
            piece = ""
        piece += character
    words.append(piece)
    return FOLD.join(f"=?{charset}?B?{base64.b64encode(word.encode(codec)).decode()}?="
                     for word in words)


def rfc2231(name, charset="utf-8"):
    """The value of `filename*=` for a text: charset''percent-encoded."""
    safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
    raw = name.encode(charset)
    return f"{charset}''" + "".join(chr(b) if chr(b) in safe else f"%{b:02X}" for b in raw)


@dataclasses.dataclass
class Mail:
    """One mail through the gateway. `headers` are the header lines that the checks log."""
    t: int
    queue_id: str
    client: tuple            # (name, address)
    sender: str
    recipients: list
    message_id: str
    size: int
    headers: list
    helo: str = "mail"
    relay: str = "10.61.1.25[10.61.1.25]:25"
    status: str = "sent (250 2.0.0 Ok: queued)"
    outbound: bool = False


class Postfix:
    def __init__(self, site):
        self.log = site.journal(PATH)

    def line(self, t, program, pid, text, tag=None):
        self.log.add(t, f"{clock.rfc3164(t)} {HOST} postfix/{program}[{pid}]: {text}", tag)

    def add(self, mail, tag=None):
        """All lines of one mail, from connect to removed."""
        name, address = mail.client
        t, qid = mail.t, mail.queue_id
        pid = 20100 + int(qid[-4:], 16) % 90
        self.line(t, "smtpd", pid, f"connect from {name}[{address}]", tag)
        self.line(t, "smtpd", pid, f"{qid}: client={name}[{address}]", tag)
        t += clock.SECOND // 4
        for header in mail.headers:
            self._header(t, mail, header, tag)
        self.line(t, "cleanup", pid + 7, f"{qid}: message-id=<{mail.message_id}>", tag)
        self.line(t, "qmgr", 1402, f"{qid}: from=<{mail.sender}>, size={mail.size}, "
                                   f"nrcpt={len(mail.recipients)} (queue active)", tag)
        self.line(t, "smtpd", pid, f"disconnect from {name}[{address}] ehlo=1 mail=1 "
                                   f"rcpt={len(mail.recipients)} data=1 quit=1 "
                                   f"commands={len(mail.recipients) + 4}", tag)
        t += clock.SECOND
        for recipient in mail.recipients:
            self.line(t, "smtp", pid + 21,
                      f"{qid}: to=<{recipient}>, relay={mail.relay}, delay=1.4, "
                      f"delays=0.3/0.01/0.4/0.7, dsn=2.0.0, status={mail.status}", tag)
        self.line(t, "qmgr", 1402, f"{qid}: removed", tag)

    def _header(self, t, mail, header, tag):
        name, address = mail.client
        pid = 20107 + int(mail.queue_id[-4:], 16) % 90
        cut = header.encode("utf-8")[:HEADER_LIMIT].decode("utf-8", "ignore")
        self.line(t, "cleanup", pid,
                  f"{mail.queue_id}: warning: header {cut} from {name}[{address}]; "
                  f"from=<{mail.sender}> to=<{mail.recipients[0]}> proto=ESMTP "
                  f"helo=<{mail.helo}>", tag)

    def reject(self, t, client, sender, recipient, tag=None):
        name, address = client
        pid = 20100 + int(address.rsplit(".", 1)[1]) % 90
        self.line(t, "smtpd", pid, f"connect from {name}[{address}]", tag)
        self.line(t, "smtpd", pid,
                  f"NOQUEUE: reject: RCPT from {name}[{address}]: 554 5.7.1 Service unavailable; "
                  f"Client host [{address}] blocked using rbl.example; from=<{sender}> "
                  f"to=<{recipient}> proto=ESMTP helo=<[{address}]>", tag)
        self.line(t, "smtpd", pid, f"disconnect from {name}[{address}] ehlo=1 mail=1 rcpt=0/1 "
                                   "quit=1 commands=3/4", tag)
