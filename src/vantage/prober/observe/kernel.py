"""Watches TCP targets from this machine while something is changed, whoever is logged in or not.

The files of this folder are one program, which observe-plan.ts puts together; this one holds what the kernel says of a connection. Linux, Python 3.8 or
newer, standard library only.
"""
import errno
import socket
import struct

IP_RECVERR = 11  # linux/in.h: queue ICMP errors with their type, code and sender
ORIGIN_ICMP = 2  # linux/errqueue.h
ESTABLISHED, SYN_SENT, CLOSE_WAIT = 1, 2, 8  # net/tcp_states.h
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # no TIME_WAIT: ports and conntrack entries would run out


def begin_dial(target):
    """(socket, None), or (None, the letter of a fault)."""
    sock = None
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        sock.setsockopt(socket.SOL_IP, IP_RECVERR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        sock.connect((target["address"], target["port"]))
    except BlockingIOError:
        pass
    except OSError as error:
        letter = letter_of_error(sock, error.errno) if sock else "f"
        if sock:
            sock.close()
        return None, letter
    return sock, None


def letter_of(sock, target, over, observer):
    """What the kernel says of a handshake; None while it goes on. One that is found complete is open, however late it is found."""
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        return letter_of_error(sock, code)
    state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]
    if state in (ESTABLISHED, CLOSE_WAIT):
        return "o"
    if state != SYN_SENT:
        return "f"
    if not over:
        return None
    return "f" if observer.is_neighbourless(target["address"]) else "d"


def letter_of_error(sock, code):
    """A filled error queue is an ICMP message, an empty one with ECONNREFUSED a reset; anything else this host did itself."""
    sender = icmp_sender(sock)
    if sender:
        return "f" if is_own(sender) else "i"
    return "r" if code in (errno.ECONNREFUSED, errno.ECONNRESET) else "f"


def icmp_sender(sock):
    """Who sent the ICMP message in the error queue, or None."""
    try:
        _, control, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_IP, IP_RECVERR) and len(data) >= 24 and data[4] == ORIGIN_ICMP:
            return socket.inet_ntoa(data[20:24])
    return None


def is_own(address):
    """Only an address of this host can be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
            return True
        except OSError:
            return False


def unresolved_addresses():
    """Neighbours of the ARP table without a hardware address."""
    try:
        with open("/proc/net/arp") as table:
            rows = [line.split() for line in table][1:]
    except OSError:
        return set()
    return {row[0] for row in rows if len(row) > 2 and int(row[2], 16) & 2 == 0}
