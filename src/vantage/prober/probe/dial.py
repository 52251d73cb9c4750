"""One connection attempt of the prober, and rounds of them.

A dial is a new connection without a byte of data until the handshake is over. All dials of a round run side by side.
"""
import errno
import os
import random
import select
import socket
import struct
import time

TOTAL_RETRANS = 100  # offset of tcpi_total_retrans, a u32 of linux/tcp.h struct tcp_info
ANSWER_LIMIT_S = 1.0
TICK_S = 0.05


class Dial:
    """One connection attempt. It starts at once; look() is called until `ended`."""

    def __init__(self, target, stage, limit_s):
        self.target, self.stage = target, stage
        self.outcome = self.errno = self.icmp = self.fault = self.response = None
        self.syns = self.source_port = self.elapsed_s = 0
        self.answer = b""
        self.ended = False
        self.wall, self.start = time.time(), time.monotonic()
        self.deadline = self.start + limit_s
        self.socket = None
        try:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            self.socket.setsockopt(socket.SOL_IP, IP_RECVERR, 1)
            code = self.socket.connect_ex((target["address"], target["port"]))
            self.source_port = self.socket.getsockname()[1]
        except OSError as error:
            return self.faulty(error.errno, "no connection could be started: %s" % error)
        if code not in (0, errno.EINPROGRESS):  # the answer of a near host may be there already
            self.refused(code)

    def look(self):
        if self.outcome is None:
            self.look_at_handshake()
        elif not self.ended:
            self.read_answer()

    def look_at_handshake(self):
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return self.refused(code)
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS + 4)
        state, retransmissions = info[0], struct.unpack_from("=I", info, TOTAL_RETRANS)[0]
        if state in (SYN_SENT, ESTABLISHED, CLOSE_WAIT):
            self.syns = 1 + retransmissions
        if state in (ESTABLISHED, CLOSE_WAIT):
            self.outcome_is("OPEN")
            self.ask()
        elif state != SYN_SENT:
            self.faulty(None, "the socket is in TCP state %d without an error" % state)
        elif time.monotonic() >= self.deadline:
            self.silent(None)

    def refused(self, code):
        """An error of the socket: a filled queue is an ICMP message, an empty one with ECONNREFUSED a reset."""
        message = queued_icmp(self.socket)
        if message:
            icmp, sender = message
            if is_own(sender):
                own = "this host itself says unreachable (ICMP type %d code %d): it found no neighbour or no way"
                return self.faulty(code, own % icmp)
            self.icmp = {"type": icmp[0], "code": icmp[1]}
            self.syns = max(self.syns, 1)
            self.outcome_is("ICMP_REJECT", code)
        elif code in (errno.ECONNREFUSED, errno.ECONNRESET):
            self.syns = max(self.syns, 1)
            self.outcome_is("RST", code)
        elif code == errno.ETIMEDOUT and self.syns > 0:
            return self.silent(code)
        else:
            return self.faulty(code, "this host could not send: %s" % os.strerror(code))
        self.end()

    def silent(self, code):
        """Silence counts only if something was sent: no SYN leaves for a neighbour that ARP does not find."""
        if self.target["address"] in unresolved_addresses():
            return self.faulty(code, "ARP found no neighbour with that address, so nothing was sent")
        self.outcome_is("DROP", code)
        self.end()

    def faulty(self, code, reason):
        self.syns, self.fault = 0, reason
        self.outcome_is("PROBE_FAULT", code)
        self.end()

    def outcome_is(self, outcome, code=None):
        self.outcome = outcome
        self.elapsed_s = time.monotonic() - self.start
        self.errno = errno.errorcode.get(code, str(code)) if code else None

    def ask(self):
        """Asks an open nodePort who answers, where that counts: in the proof, and where it is asked many times.

        The outcome stands whatever comes.
        """
        if self.stage not in ("proof", "asking") or self.target["kind"] != "nodePort":
            return self.end()
        self.deadline = time.monotonic() + ANSWER_LIMIT_S
        try:
            self.socket.send(("GET / HTTP/1.0\r\nHost: %s\r\n\r\n" % self.target["address"]).encode())
        except OSError:
            self.end()

    def read_answer(self):
        over = time.monotonic() >= self.deadline
        try:
            part = self.socket.recv(4096)
            self.answer += part
            over = over or not part or len(self.answer) > ANSWER_LIMIT_BYTES
        except BlockingIOError:
            pass
        except OSError:
            over = True
        if over or b"\n" in body_of(self.answer):
            self.response = first_line(self.answer)
            self.end()

    def end(self):
        self.ended = True
        if self.socket:
            self.socket.close()

    def record(self):
        found = {
            "type": "connection",
            "target": self.target["id"],
            "stage": self.stage,
            "outcome": self.outcome,
            "errno": self.errno,
            "icmp": self.icmp,
            "sourcePort": self.source_port,
            "startedAt": iso(self.wall),
            "elapsedMs": milliseconds(self.elapsed_s),
            "syns": self.syns,
            "response": self.response,
            "fault": self.fault,
        }
        return {key: value for key, value in found.items() if value is not None}


def start(targets, stage, limit_s):
    """Dials in random order, all at once."""
    return [Dial(target, stage, limit_s) for target in random.sample(targets, len(targets))]


def finish(dials):
    running = [dial for dial in dials if not dial.ended]
    while running:
        running = advance(running)
    return dials


def advance(dials):
    """Waits until one of the dials moves, a tick at most; gives those that still run."""
    poll = select.poll()
    for dial in dials:
        poll.register(dial.socket, select.POLLOUT if dial.outcome is None else select.POLLIN)
    next_deadline = min(dial.deadline for dial in dials)
    poll.poll(1000 * max(0, min(TICK_S, next_deadline - time.monotonic())))
    for dial in dials:
        dial.look()
    return [dial for dial in dials if not dial.ended]


def milliseconds(seconds):
    return round(seconds * 1000, 3)
