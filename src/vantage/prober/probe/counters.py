"""The nodes' own counts of packets that policies denied, beside the proof."""
import http.client
import re
import socket
import threading
import time

COUNTER = "calico_denied_packets"
SAMPLE = re.compile(r"^%s(?:\{(.*)\})? +([0-9.eE+]+)(?: +-?\d+)? *$" % COUNTER, re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
FIRST_LOOK_S = 0.6  # of the look that runs beside convergence, which takes ROUND_LIMIT_S of it where a deny is expected
BEFORE_LOOK_S = 0.3  # of nodes that answered the first look: the proof waits for it
AFTER_LOOK_S = 1.0
SETTLE_S = 2.0  # how long a counter may lag behind the packets
METRICS_LIMIT_BYTES = 8 << 20


class Counters:
    """What each node counted, asked for over plain HTTP; never in the way of the proof.

    The first look begins at once, in threads of its own. A node that does not answer it in time is missing, and is not
    asked again. A count is a record by policy; policies that no counter names are not in it.
    """

    def __init__(self, wanted, targets):
        self.wanted = wanted
        addresses = {target["node"]: target["address"] for target in targets} if wanted else {}
        self.nodes = {node: {"address": address} for node, address in addresses.items()}
        self.begun = time.monotonic()
        self.first = self.look(FIRST_LOOK_S)

    def look(self, limit_s):
        """Asks every node that is not missing, in a thread each; gives the threads and where they put the answer."""
        def ask(address, heard):
            try:
                heard["count"] = denied_packets(address, self.wanted, limit_s)
            except socket.timeout:
                pass  # it is late: settle() gives the reason
            except (OSError, ValueError, http.client.HTTPException) as error:
                why = getattr(error, "strerror", None) or str(error) or type(error).__name__
                heard["missing"] = why[:LINE_LIMIT]

        asked = []
        for node in self.nodes.values():
            if "missing" not in node:
                heard = {}
                asked.append((node, threading.Thread(target=ask, args=(node["address"], heard), daemon=True), heard))
                asked[-1][1].start()
        return asked

    def settle(self, looks, limit_s, late=None):
        """Waits for a look, at most so long.

        A node that refused is missing from now on, and so is one that was late where `late` says so; else its last
        count stands.
        """
        over = time.monotonic() + limit_s
        for node, thread, heard in looks:
            thread.join(max(0, over - time.monotonic()))
            why = heard.get("missing", late)
            if "count" in heard:
                node["count"] = heard["count"]
            elif why:
                node["missing"] = "%s:%d: %s" % (node["address"], self.wanted["port"], why)

    def before(self):
        left_s = self.begun + FIRST_LOOK_S - time.monotonic()
        self.settle(self.first, left_s, "it did not answer within %g s" % FIRST_LOOK_S)
        self.settle(self.look(BEFORE_LOOK_S), BEFORE_LOOK_S)
        for node in self.nodes.values():
            node["before"] = node.get("count", {})

    def after(self, dials):
        """Looks at what the window added.

        It looks again while a counter lags behind the SYNs that stayed unanswered, for SETTLE_S at most.
        """
        silent = dict.fromkeys(self.nodes, 0)
        for dial in dials:
            if dial.outcome == "DROP" and dial.target["node"] in silent:
                silent[dial.target["node"]] += dial.syns
        late = "it did not answer within %g s after the window" % AFTER_LOOK_S
        over = time.monotonic() + SETTLE_S
        while True:
            self.settle(self.look(AFTER_LOOK_S), AFTER_LOOK_S, late)
            found = {name: node for name, node in self.nodes.items() if "missing" not in node}
            lagging = any(added(node) < silent[name] for name, node in found.items())
            if not lagging or time.monotonic() >= over:
                return
            time.sleep(0.2)

    def tell(self):
        for name, node in self.nodes.items():
            if "missing" in node:
                tell({"type": "counter", "node": name, "missing": node["missing"]})
            else:
                found = {"source": COUNTER, "before": node["before"], "after": node["count"]}
                tell(dict(found, type="counter", node=name))


def added(node):
    return sum(node["count"].values()) - sum(node["before"].values())


def denied_packets(address, wanted, limit_s):
    """By policy, the sum of the samples that name it and, where they say whose packets, this host.

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
    counts = {}
    for labels, value in ((dict(LABEL.findall(sample[0])), sample[1]) for sample in SAMPLE.findall(text)):
        policy = next((name for name in wanted["policies"] if names(labels.get("policy", ""), name)), None)
        if policy is not None and labels.get("srcIP", source) == source:
            counts[policy] = counts.get(policy, 0) + float(value)
    return {policy: int(count) for policy, count in counts.items()}


def names(label, policy):
    """The label is `tier|policy|rule|action`; the policy's object may carry its tier before its name, or not."""
    tier, _, rest = label.partition("|")
    prefix = tier + "."
    plain = [name[len(prefix):] if name.startswith(prefix) else name for name in (rest.split("|")[0], policy)]
    return plain[0] == plain[1]
