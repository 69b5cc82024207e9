"""Runs a program on a terminal of its own: live-terminal.py COLUMNS ROWS PROGRAM [ARGUMENT...]

Orders come on stdin, one JSON object a line: {"keys": text}, {"size": [columns, rows]}, {"signal": number}, and {"hang": true} for a
terminal that is closed. What the program writes goes to stdout. When it has ended, stderr gets its exit code, below 0 for a signal, and whether the terminal has the
settings that it had before.
"""

import fcntl, json, os, pty, select, struct, subprocess, sys, termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
master, slave = pty.openpty()


def resize(columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


resize(columns, rows)
before = termios.tcgetattr(slave)
child = subprocess.Popen(sys.argv[3:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal)
orders, pending = sys.stdin.fileno(), b""
watched = [master, orders]
after = None
while True:
    ready, _, _ = select.select(watched, [], [], 0.05)
    if master in ready:
        os.write(1, os.read(master, 65536))
    elif child.poll() is not None:
        break
    if orders in ready:
        read = os.read(orders, 65536)
        if not read:
            child.kill()
            watched = [master]
        *lines, pending = (pending + read).split(b"\n")
        for order in map(json.loads, lines):
            if "keys" in order:
                os.write(master, order["keys"].encode())
            elif "size" in order:
                resize(*order["size"])
            elif "hang" in order:
                # Nobody may have the other end open, or the terminal lives on.
                os.close(slave)
                os.close(master)
                watched, after = [orders], before
            else:
                child.send_signal(order["signal"])
after = after or termios.tcgetattr(slave)
print(json.dumps({"code": child.returncode, "restored": before == after}), file=sys.stderr)
