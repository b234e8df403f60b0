"""docs/performance.md: one section a benchmark, between two marks, replaced as a whole."""

import datetime
import os
import pathlib
import platform
import re

from harness import kernel


def machine(folder):
    """The machine in one line: processors, disk, file system, kernel."""
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    disk = kernel.disk_of(folder)
    kind = "no block device"
    if disk is not None:
        rotational = pathlib.Path(f"/sys/class/block/{disk}/queue/rotational")
        turning = rotational.exists() and rotational.read_text(encoding="ascii").strip() == "1"
        kind = f"{disk} ({'rotational' if turning else 'not rotational'}{', virtual' if disk.startswith(('vd', 'xvd')) else ''})"
    return (f"{os.cpu_count()} processors ({model.group(1) if model else platform.machine()}), disk {kind}, {_file_system(folder)}, "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")


def _file_system(folder):
    best = ("", "unknown file system")
    for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, at, kind, *_ = line.split()
        if os.path.commonpath([str(folder), at]) == at and len(at) >= len(best[0]):
            best = (at, kind)
    return best[1]


def write_section(page, name, section, command, folder):
    """Replaces what stands between the benchmark's marks; [Errors] RuntimeError when the page has none."""
    begin, end = f"<!-- bench/run {name} -->", f"<!-- end of {name} -->"
    text = page.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise RuntimeError(f"{page} has no place for {name}: the lines {begin} and {end}")
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    body = "\n".join([f"*{today}, `{command}`; {machine(folder)}*", "", *section.lines()])
    written = page.with_suffix(".new")
    written.write_text(f"{head}{begin}\n{body}\n{end}{tail}", encoding="utf-8")
    written.replace(page)
