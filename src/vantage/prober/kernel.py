"""What the kernel of this machine knows of a connection and its neighbours.

prober/program.ts joins the files of a program. All of them need Linux and Python 3.8 or newer, and the standard library
only.
"""
import socket
import struct

IP_RECVERR = 11  # linux/in.h: queue ICMP errors with their type, code and sender
ORIGIN_ICMP = 2  # linux/errqueue.h
ESTABLISHED, SYN_SENT, CLOSE_WAIT = 1, 2, 8  # net/tcp_states.h


def queued_icmp(sock):
    """((type, code), sender) of the ICMP message in the socket's error queue, or None."""
    try:
        _, control, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_IP, IP_RECVERR) and len(data) >= 24:
            _, origin, icmp_type, icmp_code = struct.unpack_from("=IBBB", data)
            if origin == ORIGIN_ICMP:
                return (icmp_type, icmp_code), socket.inet_ntoa(data[20:24])
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
    """Neighbours of the ARP table without a hardware address: no SYN leaves for them."""
    try:
        with open("/proc/net/arp") as table:
            rows = [line.split() for line in table][1:]
    except OSError:
        return set()
    return {row[0] for row in rows if len(row) > 2 and int(row[2], 16) & 2 == 0}
