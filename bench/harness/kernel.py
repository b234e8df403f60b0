"""The kernel's own counters: flushes of a disk, system calls that sync, processor time, memory and octets written of a process."""

import os
import pathlib
import re
import shutil

TICK = os.sysconf("SC_CLK_TCK")


def disk_of(folder):
    """The name of the block device below a folder, as /proc/diskstats has it; None when there is none (tmpfs, overlay)."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)} {os.minor(device)}"
    for line in pathlib.Path("/proc/diskstats").read_text(encoding="ascii").splitlines():
        words = line.split()
        if f"{words[0]} {words[1]}" == wanted:
            return words[2]
    return None


def flushes(folder):
    """Flush requests that the folder's disk has completed, of every process of the machine (field 16 of
    Documentation/admin-guide/iostats.rst); 0 where the kernel does not say."""
    name = disk_of(folder)
    for line in pathlib.Path("/proc/diskstats").read_text(encoding="ascii").splitlines():
        words = line.split()
        if words[2] == name and len(words) > 18:
            return int(words[18])
    return 0


def under_strace(command, log):
    """The command with its syncs traced to a file; None when strace is not there. Tracing slows it: never for a time."""
    strace = shutil.which("strace")
    return None if strace is None else [strace, "-f", "-q", "-ttt", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", str(log), *command]


def syncs_between(log, begin, end):
    """Traced calls that began between two instants of the wall clock."""
    count = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            # "1234 1764170000.123456 fdatasync(7) = 0"; the second half of an interrupted line says "resumed".
            found = re.match(r"\d+\s+(\d+\.\d+)\s+(fsync|fdatasync)\(", line)
            if found and begin <= float(found.group(1)) <= end:
                count += 1
    return count


class TreeCost:
    """Processor seconds and octets written by a process and its children since this was made. What a child that has ended had
    cost before counts too, so a tree whose processes come and go is counted whole as long as its root waits for them."""

    def __init__(self, pid):
        self.pid = pid
        self.begun = self._now()

    def _now(self):
        total, written = 0.0, 0
        for pid in (self.pid, *children(self.pid)):
            try:
                # The program's name stands in brackets and may hold blanks.
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
                total += sum(int(ticks) for ticks in stat[11:15]) / TICK
                io = pathlib.Path(f"/proc/{pid}/io").read_text(encoding="ascii")
                written += int(re.search(r"^write_bytes: (\d+)", io, re.M).group(1))
            except (FileNotFoundError, ProcessLookupError):
                continue   # it ended meanwhile
        return total, written

    def so_far(self):
        cpu, written = self._now()
        return {"cpu_seconds": cpu - self.begun[0], "write_bytes": written - self.begun[1]}


def resident_kib(pid):
    """VmRSS of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1))


def peak_kib(pid):
    """VmHWM of a process: the most that was ever resident."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M).group(1))


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def first_child(pid):
    return children(pid)[0]
