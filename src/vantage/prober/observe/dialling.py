"""How the observer dials: without a byte of data, and reset at the end."""
import errno
import socket
import struct

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
    """The letter of a handshake; None while it goes on.

    One that is found complete is open, however late it is found.
    """
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
    """A filled error queue is an ICMP message, an empty one with ECONNREFUSED a reset.

    Anything else this host did itself.
    """
    message = queued_icmp(sock)
    if message:
        return "f" if is_own(message[1]) else "i"
    return "r" if code in (errno.ECONNREFUSED, errno.ECONNRESET) else "f"
