"""Runs a command on a pseudo-terminal of its own: standard input is typed on it, what it shows is printed. Ends with the command's exit code,
after a last line that says how it left the terminal."""
import fcntl, os, select, signal, struct, subprocess, sys, termios

master, slave = os.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))
child = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
sources = [master, 0]
while True:
    ready = select.select(sources, [], [], 0.05)[0]
    if master in ready:
        sys.stdout.buffer.write(os.read(master, 65536))
        sys.stdout.buffer.flush()
    elif child.poll() is not None:
        break
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(master, typed)
        else:
            sources.remove(0)
flags = termios.tcgetattr(slave)[3]
print("terminal: " + ("line by line" if flags & termios.ICANON and flags & termios.ECHO and flags & termios.ISIG else "raw"))
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
