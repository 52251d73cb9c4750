"""Serves and dials in one network namespace. Arguments: what to serve, such as `tcp/8055 udp/9999 ip/253`.

Each line of standard input is a round, JSON: {"targets": {key: [protocol, address, port]}, "open": [keys],
"silenceS": 0.3, "answerS": 5}, or {"forget": true}, which empties connection tracking. The first line of standard
output comes when all is served, then one a round, JSON: {key: "open" | "timeout" | "refused" | name of the error}.
A round dials all targets side by side by new connections. It ends when all of `open` have answered and the others had
three times as long as the slowest answer took, at least silenceS."""
import errno, json, select, socket, struct, sys, threading, time

QUESTION, ANSWER = b"question", b"answer"


def listen(kind, number):
    if kind == "tcp":
        return socket.create_server(("0.0.0.0", number), backlog=128)
    endpoint = socket.socket(socket.AF_INET, *((socket.SOCK_DGRAM, 0) if kind == "udp" else (socket.SOCK_RAW, number)))
    endpoint.bind(("0.0.0.0", number if kind == "udp" else 0))
    return endpoint


def serve(kind, endpoint):
    while kind == "tcp":
        endpoint.accept()[0].close()
    while True:
        packet, client = endpoint.recvfrom(2000)
        if packet.endswith(QUESTION):
            try:
                endpoint.sendto(ANSWER, client)
            except OSError:
                pass  # a policy of this host refuses its answer: the client sees silence


def dial(kind, address, port):
    if kind == "tcp":
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves nothing behind
        connection.setblocking(False)
        code = connection.connect_ex((address, port))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "connect")
        return connection
    endpoint = socket.socket(socket.AF_INET, *((socket.SOCK_DGRAM, 0) if kind == "udp" else (socket.SOCK_RAW, port)))
    endpoint.setblocking(False)
    endpoint.connect((address, port if kind == "udp" else 0))
    endpoint.send(QUESTION)
    return endpoint


def outcome(kind, connection):
    """None: nothing yet."""
    if kind == "tcp":
        code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return "open" if code == 0 else name(code)
    try:
        return "open" if connection.recv(2000).endswith(ANSWER) else None
    except OSError as error:
        return name(error.errno)


def name(code):
    return "refused" if code == errno.ECONNREFUSED else errno.errorcode.get(code, str(code))


def look(targets, awaited, silence_s, answer_s):
    seen, waiting, poll, started, slowest = {}, {}, select.poll(), time.monotonic(), 0.0
    for key, (kind, address, port) in targets.items():
        try:
            connection = dial(kind, address, port)
        except OSError as error:
            seen[key] = name(error.errno)
            continue
        waiting[connection.fileno()] = (key, kind, connection)
        poll.register(connection, select.POLLOUT if kind == "tcp" else select.POLLIN)
    while waiting:
        elapsed = time.monotonic() - started
        left = any(key not in seen for key in awaited)
        end = answer_s if left else max(silence_s, 3 * slowest)
        if elapsed >= end:
            break
        for descriptor, _ in poll.poll((end - elapsed) * 1000 + 1):
            key, kind, connection = waiting[descriptor]
            found = outcome(kind, connection)
            if found is None:
                continue
            seen[key] = found
            slowest = time.monotonic() - started
            poll.unregister(descriptor)
            connection.close()
            del waiting[descriptor]
    for key, _, connection in waiting.values():
        seen[key] = "timeout"
        connection.close()
    return seen


def forget():
    """Empties connection tracking of this namespace: IPCTNL_MSG_CT_DELETE without attributes."""
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    netlink.send(struct.pack("=IHHIIBBH", 20, (1 << 8) | 2, 0x5, 1, 0, socket.AF_UNSPEC, 0, 0))
    code = -struct.unpack("=i", netlink.recv(4096)[16:20])[0]
    netlink.close()
    return {} if code == 0 else {"forget": name(code)}


for item in sys.argv[1:]:
    kind, number = item.split("/")
    threading.Thread(target=serve, args=(kind, listen(kind, int(number))), daemon=True).start()
print("{}", flush=True)  # everything is served
for line in sys.stdin:
    request = json.loads(line)
    if "forget" in request:
        answer = forget()
    else:
        answer = look(request["targets"], request["open"], request["silenceS"], request["answerS"])
    print(json.dumps(answer), flush=True)
