"""A folder to SMTP, the whole gateway, beside Postfix between the same ends and beside the ends alone."""

import importlib.util
import pathlib
import subprocess
import time

from harness import kernel
from harness.gateway import PATIENCE, Gateway, Sink, declaration
from harness.section import Section, Series

SMTP_SOURCE = "/usr/sbin/smtp-source"
OCTETS = 10_240

_spec = importlib.util.spec_from_file_location("bench_postfix", pathlib.Path(__file__).resolve().parent / "postfix.py")
postfix = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(postfix)


def measure(context):
    no_postfix = postfix.why_not()
    section = Section(f"Messages of {OCTETS:,} octets to `smtp-sink` over 20 or 100 sessions that stay open, from the first one handed in to the last "
                      "one taken. *Gateway*: declarations dropped in one customer's folder, recognised, routed, stored, submitted. *Postfix*: "
                      "`smtp-source -d` → Postfix → `smtp-sink`. *Nothing between*: `smtp-source -d` → `smtp-sink`.")
    for sessions in context.amount((20, 100), (20,)):
        messages = context.amount(5_000, 60)
        sides = {"gateway": lambda number: gateway(context, messages, sessions), "alone": lambda number: alone(messages, sessions)}
        if not no_postfix:
            sides["postfix"] = lambda number: relayed(context, messages, sessions)
        reports = context.alternate(sides)
        names = {"gateway": "gateway", "postfix": "Postfix", "alone": "nothing between"}
        rates = {side: section.row(f"{names[side]}, {sessions} sessions", "messages/s", Series.of(found, lambda r: r["messages"] / r["seconds"]))
                 for side, found in reports.items()}
        traced = {"gateway": lambda log, count: gateway(context, count, sessions, log), "postfix": lambda log, count: relayed(context, count, sessions, log)}
        for side in [one for one in ("gateway", "postfix") if one in reports]:
            words = f"{names[side]}, {sessions} sessions"
            section.row(f"processor time, {words}", "µs/message", Series.of(reports[side], lambda r: r["cpu_seconds"] * 1e6 / r["messages"]))
            section.row(f"written, {words}", "KiB/message", Series.of(reports[side], lambda r: r["write_bytes"] / 1024 / r["messages"]))
            section.row(f"flushes of the disk (whole machine), {words}", "per message", Series.of(reports[side], lambda r: r["flushes"] / r["messages"]))
            # A second Postfix takes seconds to start; a quick try does without.
            syncs = None if context.quick and side == "postfix" else count_syncs(context, traced[side])
            if syncs is not None:
                section.row(f"fsync + fdatasync, {words} (strace, a run of its own)", "per message", syncs)
        if not no_postfix:
            ratio = rates["gateway"] / rates["postfix"]
            section.verdict(f"gateway beside Postfix, {sessions} sessions", "≥ 5", f"{ratio:.2f}", ratio >= 5)
    if no_postfix:
        section.note(f"Postfix was not measured: {no_postfix}.")
    section.note("The target asks for SMTP on both sides; the gateway has no SMTP submission of its own yet, so its way in here is the folder.")
    return section


def count_syncs(context, run):
    log, count = context.folder / "syncs.log", context.amount(1_000, 30)
    if kernel.under_strace([], log) is None:
        return None
    report = run(log, count)
    return kernel.syncs_between(log, report["begun_at"], report["ended_at"]) / count


class Stretch:
    """One measured stretch of a process that runs anyway."""

    def __init__(self, context, pid, messages):
        self.context, self.messages = context, messages
        self.cost, self.flushes = kernel.TreeCost(pid), kernel.flushes(context.folder)
        self.begun, self.begun_at = time.monotonic(), time.time()

    def report(self):
        seconds, ended_at = time.monotonic() - self.begun, time.time()
        return {"messages": self.messages, "seconds": seconds, "begun_at": self.begun_at, "ended_at": ended_at, **self.cost.so_far(),
                "flushes": kernel.flushes(self.context.folder) - self.flushes}


def source(port, messages, sessions):
    return subprocess.Popen([SMTP_SOURCE, "-d", "-s", str(sessions), "-m", str(messages), "-l", str(OCTETS), "-f", "acme@mail.example", "-t",
                             "uitvoer@douane.example", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def alone(messages, sessions):
    sink = Sink(count=messages)
    try:
        begun = time.monotonic()
        client = source(sink.port, messages, sessions)
        sink.process.wait(timeout=PATIENCE)
        seconds = time.monotonic() - begun
        client.wait(timeout=PATIENCE)
        return {"messages": messages, "seconds": seconds}
    finally:
        sink.stop()


def relayed(context, messages, sessions, traced=None):
    sink = Sink(count=messages)
    try:
        relay = postfix.Postfix(context.fresh("postfix"), sink.port, sessions, traced)
        try:
            stretch = Stretch(context, relay.pid, messages)
            client = source(relay.port, messages, sessions)
            sink.process.wait(timeout=10 * PATIENCE)
            report = stretch.report()
            client.wait(timeout=PATIENCE)
            return report
        finally:
            relay.stop()
    finally:
        sink.stop()


def gateway(context, messages, sessions, traced=None):
    sink = Sink(count=messages)
    try:
        with Gateway(context, context.fresh("gateway") / "one") as one:
            one.peer("digipoort", sink.port, sessions)
            one.write("routes.yaml", "routes:\n  - route: export declarations to Customs\n    when: { from: drop, flow: douane/uitvoer }\n"
                                     "    send: { to: digipoort, recipient: \"uitvoer@douane.example\" }\n    policy: customs\n")
            one.customer("acme", ["digipoort"])
            paths = one.stage((f"{number}.edi", declaration(number, OCTETS)) for number in range(messages))
            one.start(traced)
            stretch = Stretch(context, one.pid, messages)
            for path in paths:
                one.drop("acme", path)
            sink.process.wait(timeout=10 * PATIENCE)
            return stretch.report()
    finally:
        sink.stop()
