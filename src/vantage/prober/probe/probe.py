"""Dials TCP targets from this machine and prints what its kernel saw, one JSON object a line.

Usage: python3 - PLAN, the plan being base64 of the JSON that plan.ts describes. Linux, Python 3.8 or newer, standard library only.
Every dial is a new connection without a byte of data until the handshake is over; all dials of a round run side by side.
"""
import base64
import errno
import http.client
import json
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import threading
import time

IP_RECVERR = 11  # linux/in.h: queue ICMP errors with their type, code and sender
ORIGIN_ICMP = 2  # linux/errqueue.h
ESTABLISHED, SYN_SENT, CLOSE_WAIT = 1, 2, 8  # net/tcp_states.h
TOTAL_RETRANS = 100  # offset of tcpi_total_retrans, a u32 of linux/tcp.h struct tcp_info

ROUND_LIMIT_S = 0.3  # how long one dial of a convergence round may take
ROUND_EVERY_S = 0.1
ROUND_DIALS = {"OPEN": 1, "DROP": 3}  # one lost packet must not pass for a deny
CONTROL_EVERY_S = 1.0
ANSWER_LIMIT_S = 1.0
ANSWER_LIMIT_BYTES = 8192
LINE_LIMIT = 200
TICK_S = 0.05
LIVE_EVERY_S = 0.5
ASKED_TIMES = 16  # connections that ask an open nodePort who answers; 1 window of 65 536 misses a given one of two equal backends

COUNTER = "calico_denied_packets"
SAMPLE = re.compile(r"^%s(?:\{(.*)\})? +([0-9.eE+]+)(?: +-?\d+)? *$" % COUNTER, re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
FIRST_LOOK_S = 0.6  # of the look that runs beside convergence, which takes ROUND_LIMIT_S of it where a deny is expected
BEFORE_LOOK_S = 0.3  # of nodes that answered it: the proof waits
AFTER_LOOK_S = 1.0
SETTLE_S = 2.0  # how long a counter may lag behind the packets
METRICS_LIMIT_BYTES = 8 << 20


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
        message = self.queued_error()
        if message:
            icmp, sender = message
            if is_own(sender):
                return self.faulty(code, "this host itself says unreachable (ICMP type %d code %d): it found no neighbour or no way" % icmp)
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
        if unresolved(self.target["address"]):
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

    def queued_error(self):
        """((type, code), sender) of the ICMP message in the error queue, or None."""
        try:
            _, control, _, _ = self.socket.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return None
        for level, kind, data in control:
            if (level, kind) == (socket.SOL_IP, IP_RECVERR) and len(data) >= 24:
                _, origin, icmp_type, icmp_code = struct.unpack_from("=IBBB", data)
                if origin == ORIGIN_ICMP:
                    return (icmp_type, icmp_code), socket.inet_ntoa(data[20:24])
        return None

    def ask(self):
        """An open nodePort is asked who answers where that counts: in the proof, and where it is asked many times. The outcome stands whatever comes."""
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
        body = self.answer.partition(b"\r\n\r\n")[2].lstrip()
        if over or b"\n" in body:
            line = body.split(b"\n")[0].decode("utf-8", "replace").strip()
            self.response = "".join(c for c in line if c.isprintable())[:LINE_LIMIT] or None
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


def is_own(address):
    """Only an address of this host can be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
            return True
        except OSError:
            return False


def unresolved(address):
    """Whether the ARP table has this address as a neighbour without a hardware address."""
    try:
        with open("/proc/net/arp") as table:
            rows = [line.split() for line in table]
    except OSError:
        return False
    return any(row[0] == address and int(row[2], 16) & 2 == 0 for row in rows[1:] if len(row) > 2)


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


def finish(dials):
    running = [dial for dial in dials if not dial.ended]
    while running:
        running = advance(running)
    return dials


def start(targets, stage, limit_s):
    """Dials in random order, all at once."""
    return [Dial(target, stage, limit_s) for target in random.sample(targets, len(targets))]


def converge(targets, expected, limit_s):
    """Rounds of short dials until every target shows what is expected of it."""
    begin = time.monotonic()
    dialled = [target for target in targets for _ in range(ROUND_DIALS[expected[target["id"]]])]
    rounds, reached = 0, False
    while not reached and (rounds == 0 or time.monotonic() - begin < limit_s):
        round_start = time.monotonic()
        dials = finish(start(dialled, "round", ROUND_LIMIT_S))
        rounds += 1
        reached = all(dial.outcome == expected[dial.target["id"]] for dial in dials)
        seen = {target["id"]: sorted({dial.outcome for dial in dials if dial.target is target}) for target in targets}
        tell({"type": "round", "round": rounds, "elapsedMs": milliseconds(time.monotonic() - begin), "seen": seen})
        if not reached:
            time.sleep(max(0, round_start + ROUND_EVERY_S - time.monotonic()))
    elapsed = milliseconds(time.monotonic() - begin)
    tell({"type": "convergence", "reached": reached, "rounds": rounds, "elapsedMs": elapsed})


def prove(targets, controls, asked, connections, limit_s):
    """
    The proof window: independent connections to every target, and the controls once a second as long as one of them runs.
    Beside them, the ports `asked` are asked many times who answers; those dials are given apart, for they prove nothing.
    """
    dials = proof = start(targets * connections, "proof", limit_s)
    asking = start(asked * ASKED_TIMES, "asking", limit_s)
    running, next_controls = proof + asking, time.monotonic()
    next_live = next_controls + LIVE_EVERY_S
    while True:
        if time.monotonic() >= next_controls:
            fresh = start(controls, "during", limit_s)
            dials, running = dials + fresh, running + fresh
            next_controls += CONTROL_EVERY_S
        if time.monotonic() >= next_live:
            tell_live(targets, proof)
            next_live += LIVE_EVERY_S
        running = [dial for dial in running if not dial.ended]
        if all(dial.ended for dial in proof):
            tell_live(targets, proof)
            finish(dials + asking)
            return dials, asking
        running = advance(running)


def tell_live(targets, dials):
    """What the proof shows so far; a SYN counts as silent as long as nothing answered it."""
    def of(target):
        return [dial for dial in dials if dial.target is target]

    tell({
        "type": "live",
        "seen": {target["id"]: sorted({dial.outcome for dial in of(target) if dial.outcome}) for target in targets},
        "syns": {target["id"]: sum(dial.syns for dial in of(target) if dial.outcome in (None, "DROP")) for target in targets},
    })


def tell_answers(asking):
    """By target, how often each first line came."""
    lines = {dial.target["id"]: {} for dial in asking}
    for dial in asking:
        if dial.response is not None:
            counts = lines[dial.target["id"]]
            counts[dial.response] = counts.get(dial.response, 0) + 1
    for target, counts in lines.items():
        tell({"type": "answers", "target": target, "lines": counts})


class Counters:
    """
    The nodes' own counts of packets that a policy denied, asked for over plain HTTP; never in the way of the proof.
    The first look begins at once, in threads of its own. A node that does not answer it within its time is missing, and not asked again.
    """

    def __init__(self, wanted, targets):
        self.wanted = wanted
        addresses = {target["node"]: target["address"] for target in targets} if wanted else {}
        self.nodes = {node: {"address": address} for node, address in addresses.items()}
        self.begun = time.monotonic()
        self.first = self.look(FIRST_LOOK_S)

    def look(self, limit_s):
        """Asks every node that is not missing, in a thread each; gives the threads and where they put what they hear."""
        def ask(address, heard):
            try:
                heard["count"] = denied_packets(address, self.wanted, limit_s)
            except socket.timeout:
                pass  # late; who waits for it says so
            except (OSError, ValueError, http.client.HTTPException) as error:
                heard["missing"] = getattr(error, "strerror", None) or str(error) or type(error).__name__

        asked = []
        for node in self.nodes.values():
            if "missing" not in node:
                heard = {}
                asked.append((node, threading.Thread(target=ask, args=(node["address"], heard), daemon=True), heard))
                asked[-1][1].start()
        return asked

    def settle(self, looks, limit_s, late=None):
        """Waits for a look, at most so long. Who refused, or was late where that has a name, is missing from now on; else its last count stands."""
        over = time.monotonic() + limit_s
        for node, thread, heard in looks:
            thread.join(max(0, over - time.monotonic()))
            why = heard.get("missing", late)
            if "count" in heard:
                node["count"] = heard["count"]
            elif why:
                node["missing"] = "%s:%d: %s" % (node["address"], self.wanted["port"], why)

    def before(self):
        self.settle(self.first, self.begun + FIRST_LOOK_S - time.monotonic(), "it did not answer within %g s" % FIRST_LOOK_S)
        self.settle(self.look(BEFORE_LOOK_S), BEFORE_LOOK_S)
        for node in self.nodes.values():
            node["before"] = node.get("count")

    def after(self, dials):
        """Counts what the window added: looks again while a counter lags behind the SYNs that stayed unanswered, for SETTLE_S at most."""
        silent = {name: sum(dial.syns for dial in dials if dial.target["node"] == name and dial.outcome == "DROP") for name in self.nodes}
        over = time.monotonic() + SETTLE_S
        while True:
            self.settle(self.look(AFTER_LOOK_S), AFTER_LOOK_S, "it did not answer within %g s after the window" % AFTER_LOOK_S)
            found = {name: node for name, node in self.nodes.items() if "missing" not in node}
            lagging = [name for name, node in found.items() if (node["count"] or 0) - (node["before"] or 0) < silent[name]]
            if not lagging or time.monotonic() >= over:
                return
            time.sleep(0.2)

    def tell(self):
        for name, node in self.nodes.items():
            if "missing" in node:
                tell({"type": "counter", "node": name, "missing": node["missing"]})
            else:
                tell({"type": "counter", "node": name, "source": COUNTER, "before": node["before"], "after": node["count"]})


def denied_packets(address, wanted, limit_s):
    """
    Sum of the samples that name the policy and, where they say whose packets, this host; None when there are none.
    Raises OSError, ValueError or HTTPException for anything that is no answer of a Prometheus endpoint.
    """
    connection = http.client.HTTPConnection(address, wanted["port"], timeout=limit_s)
    try:
        connection.connect()
        source = connection.sock.getsockname()[0]
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read(METRICS_LIMIT_BYTES).decode("utf-8", "replace")
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError("it answered HTTP %d %s" % (answer.status, text.strip().split("\n")[0][:LINE_LIMIT]))
    if not re.search(r"^(#|[a-zA-Z_:][a-zA-Z0-9_:]*[ {])", text, re.M):
        raise ValueError("what it answered are no metrics")
    counts = [
        float(value)
        for labels, value in ((dict(LABEL.findall(sample[0])), sample[1]) for sample in SAMPLE.findall(text))
        if names(labels.get("policy", ""), wanted["policy"]) and labels.get("srcIP", source) == source
    ]
    return int(sum(counts)) if counts else None


def names(label, policy):
    """The label is `tier|policy|rule|action`; the policy's object may carry its tier before its name, or not."""
    tier, _, rest = label.partition("|")
    prefix = tier + "."
    plain = [name[len(prefix):] if name.startswith(prefix) else name for name in (rest.split("|")[0], policy)]
    return plain[0] == plain[1]


def tell_all(dials):
    for dial in dials:
        tell(dial.record())
    return len(dials)


def tell(record):
    print(json.dumps(record, separators=(",", ":")), flush=True)


def iso(seconds):
    whole, part = divmod(int(seconds * 1000), 1000)
    return "%s.%03dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)), part)


def milliseconds(seconds):
    return round(seconds * 1000, 3)


def kernel_setting(name):
    """None where this kernel does not have it."""
    try:
        with open("/proc/sys/net/ipv4/" + name) as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def main():
    plan = json.loads(base64.b64decode(sys.argv[1]))
    targets, expected, settings = plan["targets"], plan["expected"], plan["settings"]
    signal.alarm(settings["budgetMs"] // 1000 + 1)  # nobody may be left to stop it when the session breaks
    limit_s = settings["timeoutMs"] / 1000
    controls = [target for target in targets if expected[target["id"]] == "OPEN"]
    tell({
        "type": "header",
        "kernel": os.uname().release,
        "python": ".".join(map(str, sys.version_info[:3])),
        "synRetries": kernel_setting("tcp_syn_retries"),
        "synLinearTimeouts": kernel_setting("tcp_syn_linear_timeouts"),
    })
    # Beside a deny, whoever answers through another node shows that only the way in is shut.
    asked = [target for target in controls if target["kind"] == "nodePort" and len(controls) < len(targets)]
    counters = Counters(plan["deniedPackets"], targets)
    converge(targets, expected, settings["convergenceMs"] / 1000)
    count = tell_all(finish(start(controls, "before", limit_s)))
    counters.before()
    proof, asking = prove(targets, controls, asked, settings["connections"], limit_s)
    count += tell_all(proof)
    count += tell_all(finish(start(controls, "after", limit_s)))
    tell_answers(asking)
    counters.after(proof)
    counters.tell()
    tell({"type": "done", "connections": count})


main()
